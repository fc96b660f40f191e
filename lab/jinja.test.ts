/**
 * Templates rendered here and by Python's Jinja2: the same text, or an error in both. HOLDFAST_PEERS_VENV names a virtual environment with
 * jinja2 3.1.6; without it one is made in .venv/. With HOLDFAST_RECORD=1 the answers are written down for the tests that run without Python;
 * HOLDFAST_FUZZ_SEED gives other templates than the usual ones.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { templateText } from "../packages/server/test/templates/arbitrary.ts";
import { plant, type TemplateCase } from "../packages/server/test/templates/case.ts";
import { agrees, generated, runCase, templateCases } from "../packages/server/test/templates/run.ts";
import { toWire } from "../packages/server/test/templates/wire.ts";

const root = join(import.meta.dirname, "..");
const golden = join(root, "packages/server/test/templates/jinja.golden.json");
const version = "3.1.6";

interface Answer {
  text?: string;
  error?: string;
}

/** The Python of a virtual environment that has Jinja2. */
function pythonWithJinja(): string {
  const venv = process.env["HOLDFAST_PEERS_VENV"] ?? join(root, ".venv");
  const python = join(venv, "bin/python");
  if (!existsSync(python)) must("python3", ["-m", "venv", venv]);
  const has = spawnSync(python, ["-c", `import jinja2; assert jinja2.__version__ == "${version}"`]);
  if (has.status !== 0) must(python, ["-m", "pip", "install", "--quiet", `jinja2==${version}`]);
  return python;
}

function must(command: string, args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${stderr}`);
}

/** One Python for all cases: a line in, a line out. */
function startOracle() {
  const child = spawn(pythonWithJinja(), [join(root, "lab/jinja-oracle.py")], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const data = new Map([[plant, toWire(plant)]]);
  return {
    async ask({ files, data: given }: TemplateCase, ours = false): Promise<Answer> {
      child.stdin.write(`${JSON.stringify({ files, data: data.get(given) ?? toWire(given), ours })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("Python ended early");
      return JSON.parse(value) as Answer;
    },
    stop: () => child.stdin.end(),
  };
}

let oracle: ReturnType<typeof startOracle>;
beforeAll(() => {
  oracle = startOracle();
});
afterAll(() => oracle.stop());

describe("a template means here what it means in Python's Jinja2", () => {
  test("for every case of the table", async () => {
    expect(templateCases.length).toBeGreaterThan(350);
    const wrong: unknown[] = [];
    for (const one of templateCases) {
      const ours = runCase(one);
      const theirs = await oracle.ask(one);
      if (one.refused === undefined ? !agrees(ours, theirs) : "text" in ours || theirs.text === undefined)
        wrong.push({ name: one.name, ours, theirs });
    }
    expect(wrong).toEqual([]);
  });

  test("for 3,000 templates put together at random", { timeout: 600_000 }, async () => {
    let errors = 0;
    await fc.assert(
      fc.asyncProperty(templateText, async (template) => {
        const one = generated(template);
        const theirs = await oracle.ask(one, true);
        if (theirs.error !== undefined) errors++;
        expect({ ours: runCase(one), theirs }).toSatisfy((both: { ours: { text: string }; theirs: Answer }) =>
          agrees(both.ours, both.theirs),
        );
      }),
      { numRuns: 3000, seed: Number(process.env["HOLDFAST_FUZZ_SEED"] ?? 1) },
    );
    expect(errors).toBeLessThan(1500); // most of them mean something
  });

  test("and its answers are written down as they are", async () => {
    const now = await recordAll();
    if (process.env["HOLDFAST_RECORD"] === "1") writeFileSync(golden, `${JSON.stringify(now, undefined, 1)}\n`);
    expect(JSON.parse(readFileSync(golden, "utf8"))).toEqual(now);
  });
});

/** Texts as they are; of errors only that they are. */
async function recordAll(): Promise<{ table: Record<string, string | null>; generated: Record<string, string | null> }> {
  const recorded = { table: {} as Record<string, string | null>, generated: {} as Record<string, string | null> };
  for (const one of templateCases) if (one.refused === undefined) recorded.table[one.name] = (await oracle.ask(one)).text ?? null;
  const short = fc.sample(templateText, { numRuns: 900, seed: 20 }).filter(({ length }) => length > 0 && length < 220);
  for (const template of short.slice(0, 400)) recorded.generated[template] = (await oracle.ask(generated(template), true)).text ?? null;
  return recorded;
}
