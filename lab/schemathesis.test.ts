/**
 * Strangers who know nothing of us but the OpenAPI document: schemathesis calls every operation with what the document allows and with
 * what it forbids, follows the links to what it made, and holds each answer to the document. As an administrator and as a reader, both with
 * keys, and as somebody at the console, who alone may change their own factors and keys. Needs root, for a network without a way out. HOLDFAST_PEERS_VENV names a virtual environment with schemathesis;
 * without it one is made in .venv/.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildGround, groundUnavailable, type Fared, type Ground } from "./attackers/ground.ts";
import { pythonWith } from "./foreign/python.ts";

const directory = join(import.meta.dirname, "attackers");
const why = groundUnavailable();
if (why !== undefined) console.warn(`\n  SCHEMATHESIS SKIPPED: ${why}\n`);

interface Attack {
  headers: string[];
  /** Operations that are left out, and why. */
  without: Record<string, string>;
  /** What picks the others; all unless told. */
  only?: string;
  examples: number;
  seed: number;
}

const endless = { "system.events": "a stream without an end" };
const asAdministrator = (key: string): Attack => ({
  headers: [`Authorization: Bearer ${key}`],
  without: { ...endless, "tokens.revokeAll": "ends every key, that of the attacker too; a reader calls it, and may not" },
  examples: 30,
  seed: 1,
});
const asReader = (key: string): Attack => ({ headers: [`Authorization: Bearer ${key}`], without: endless, examples: 10, seed: 2 });
const atTheConsole = (cookie: string, origin: string): Attack => {
  const ends = "ends the attacker's own session";
  const without = { ...endless, "identity.signOut": ends, "federation.signOut": ends, "tokens.trade": ends };
  return { headers: [`Cookie: ${cookie}`, `Origin: ${origin}`], without, only: '/x-permission == "self"', examples: 20, seed: 3 };
};

let ground: Ground;
let fared: Fared;
let reports: string;
/** How each ended; `counts`: what its key or session is answered with after it, 200 while it counts. */
const told: { code: number | null; output: string; counts: string }[] = [];

async function attack({ headers, without, only, examples, seed }: Attack): Promise<void> {
  const python = pythonWith(["schemathesis==4.32.0"], "import importlib.metadata as m; assert m.version('schemathesis') == '4.32.0'");
  const options = ["--no-color", "--max-examples", `${examples}`, "--seed", `${seed}`, "--report-dir", join(reports, `${seed}`)];
  const argv = ["-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run", `${ground.url}/api/v1/openapi.json`, ...options];
  for (const header of headers) argv.push("--header", header);
  for (const id of Object.keys(without)) argv.push("--exclude-operation-id", id);
  if (only !== undefined) argv.push("--include-by", only);
  const env = { HOLDFAST_SPARED: ground.spared.join(), PYTHONDONTWRITEBYTECODE: "1", HOME: reports };
  const ended = await ground.run(python, argv, { cwd: directory, env });
  told.push({ ...ended, counts: await statusWith(headers) });
}

async function statusWith(headers: string[]): Promise<string> {
  const pairs = headers.map((header) => header.split(": "));
  const program = `const [, url, headers] = process.argv; fetch(url, { headers: JSON.parse(headers) }).then(({ status }) => console.log(status))`;
  return (await ground.run(process.execPath, ["-e", program, `${ground.url}/api/v1/auth/me`, JSON.stringify(pairs)])).output.trim();
}

describe.skipIf(why !== undefined)("schemathesis", () => {
  beforeAll(async () => {
    reports = await mkdtemp(join(tmpdir(), "holdfast-schemathesis-"));
    ground = await buildGround();
    const { admin, reader, session, url } = ground;
    await Promise.all([attack(asReader(reader)), attack(atTheConsole(session, url))]);
    // Last, because an administrator may end everybody else's session.
    await attack(asAdministrator(admin));
    fared = await ground.raze();
  }, 900_000);
  afterAll(() => rm(reports, { recursive: true, force: true }));

  test("finds no answer that the document does not know, and nothing accepted that it forbids", () => {
    for (const { code, output } of told) expect(code, failuresOf(output)).toBe(0);
  });

  test("asked more than 20 000 times, and its keys and session counted to the end", () => {
    expect(fared.requests).toBeGreaterThan(20_000);
    expect(told.map(({ counts }) => counts)).toEqual(["200", "200", "200"]);
  });

  test("does not bring the server down, or to an error of its own", () => {
    expect(fared).toMatchObject({ errors: [], code: 0 });
  });
});

/** What schemathesis says went wrong, without the rest. */
function failuresOf(output: string): string {
  return output.slice(Math.max(0, output.indexOf("= FAILURES ="))).slice(0, 20_000);
}
