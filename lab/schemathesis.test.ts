/**
 * Strangers who know nothing of us but the OpenAPI document: schemathesis calls every operation with what the document allows and with
 * what it forbids, follows the links to what it made, and holds each answer to the document. Once as an administrator, once as somebody
 * who may only read. Needs root, for a network without a way out. HOLDFAST_PEERS_VENV names a virtual environment with schemathesis;
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

/** What is left out, and why. */
const leftOut = {
  "system.events": "a stream without an end",
};
const leftOutForTheAdministrator = {
  ...leftOut,
  "tokens.revokeAll": "ends every key, that of the attacker too; whoever may only read calls it, and may not",
};

let ground: Ground;
let fared: Fared;
let reports: string;
const told: { code: number | null; output: string }[] = [];

async function attack(key: string, given: { leaveOut: object; examples: number; seed: number }): Promise<void> {
  const report = join(reports, `${given.seed}`);
  const options = ["--no-color", "--max-examples", String(given.examples), "--seed", String(given.seed), "--report-dir", report];
  const without = Object.keys(given.leaveOut).flatMap((id) => ["--exclude-operation-id", id]);
  const python = pythonWith(["schemathesis==4.32.0"], "import importlib.metadata as m; assert m.version('schemathesis') == '4.32.0'");
  const argv = ["-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run", `${ground.url}/api/v1/openapi.json`];
  const env = { HOLDFAST_KEY: key, HOLDFAST_SPARED: ground.spared.join(), PYTHONDONTWRITEBYTECODE: "1", HOME: reports };
  told.push(await ground.run(python, [...argv, ...options, ...without], { cwd: directory, env }));
}

describe.skipIf(why !== undefined)("schemathesis", () => {
  beforeAll(async () => {
    reports = await mkdtemp(join(tmpdir(), "holdfast-schemathesis-"));
    ground = await buildGround();
    await Promise.all([
      attack(ground.admin, { leaveOut: leftOutForTheAdministrator, examples: 30, seed: 1 }),
      attack(ground.reader, { leaveOut: leftOut, examples: 10, seed: 2 }),
    ]);
    fared = await ground.raze();
  }, 900_000);
  afterAll(() => rm(reports, { recursive: true, force: true }));

  test("finds no answer that the document does not know, and nothing accepted that it forbids", () => {
    for (const { code, output } of told) expect(code, failuresOf(output)).toBe(0);
    expect(told).toHaveLength(2);
  });

  test("asked more than 20 000 times, and its keys counted to the end", () => {
    expect(fared.requests).toBeGreaterThan(20_000);
    expect(fared.keys).toEqual([200, 200]);
  });

  test("does not bring the server down, or to an error of its own", () => {
    expect(fared).toMatchObject({ errors: [], code: 0 });
  });
});

/** What schemathesis says went wrong, without the rest. */
function failuresOf(output: string): string {
  return output.slice(Math.max(0, output.indexOf("= FAILURES ="))).slice(0, 20_000);
}
