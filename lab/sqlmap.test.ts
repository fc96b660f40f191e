/**
 * A stranger who looks for one thing: sqlmap tries whatever it knows on filters, searches, selectors, cursors and ids of the live server,
 * and finds no way into a query. It does find the hole of a server that was made with one. Needs root, for a network without a way out.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildGround, groundUnavailable, type Ground } from "./attackers/ground.ts";
import { pythonWith } from "./foreign/python.ts";

const why = groundUnavailable();
if (why !== undefined) console.warn(`\n  SQLMAP SKIPPED: ${why}\n`);

const manner = [
  "--batch",
  "--disable-coloring",
  "--level",
  "2",
  "--risk",
  "1",
  "--threads",
  "1",
  "--flush-session",
  "--ignore-code",
  "400",
];
const none = "all tested parameters do not appear to be injectable";

let ground: Ground;
let output: string;
let program: string;

beforeAll(async () => {
  if (why !== undefined) return;
  output = await mkdtemp(join(tmpdir(), "holdfast-sqlmap-"));
  const python = pythonWith(["sqlmap==1.10.10"], "import importlib.metadata as m; assert m.version('sqlmap') == '1.10.10'");
  program = join(dirname(python), "sqlmap");
  ground = await buildGround();
});
afterAll(async () => {
  if (why !== undefined) return;
  await rm(output, { recursive: true, force: true });
});

const options = (url: string): string[] => [...manner, "--output-dir", output, "-H", `Authorization: Bearer ${ground.admin}`, "-u", url];

describe.skipIf(why !== undefined)("sqlmap", () => {
  test.each([
    ["devices?q=lyon&site=lyon&selector=site%3Dlyon&cursor=x", "q,site,selector,cursor"],
    ["audit?actor=user%3Aada&action=devices.&subject=device%3Ax&q=lyon", "actor,action,subject,q"],
    ["findings?kind=x&subject=y&q=z", "kind,subject,q"],
    ["pki/certificates?name=lyon", "name"],
    ["devices/lyon-edge-1*/versions", undefined],
  ])("finds no way in by %s", async (path, parameters) => {
    const at = options(`${ground.url}/api/v1/${path}`);
    const said = await ground.run(program, parameters === undefined ? at : [...at, "-p", parameters], { env: { HOME: output } });
    expect(said.output).toContain(none);
    expect(said.output).not.toContain("identified the following injection point");
  });

  test("finds the hole of a server that has one", async () => {
    const sieve = spawn(process.execPath, [join(import.meta.dirname, "attackers/sieve.ts")], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [url] = (await once(sieve.stdout, "data")) as [Buffer];
      const at = options(`${url.toString().trim()}/devices?q=lyon`);
      const said = await alone(program, [...at, "-p", "q", "--technique", "B"]);
      expect(said).toContain("identified the following injection point");
    } finally {
      sieve.kill();
    }
  });

  test("was answered each time, by a server that stands", async () => {
    const { requests, errors, code } = await ground.raze();
    expect(requests).toBeGreaterThan(1000);
    expect({ errors, code }).toEqual({ errors: [], code: 0 });
  });
});

async function alone(command: string, argv: string[]): Promise<string> {
  const child = spawn(command, argv, { stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env["PATH"], HOME: output } });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(child, "close");
  return text;
}
