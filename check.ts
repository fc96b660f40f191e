/** `npm run check`: everything that can be said of the sources without running them, at once. One line per tool; what a tool has to say follows it. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { breachesOf, sourceFiles } from "./packages/server/test/architecture.ts";

const root = import.meta.dirname;

/** Tool, and its arguments. One checker each: several look at the same types over again, and the other tools want the cores. */
const tools: Record<string, string[]> = {
  types: ["tsc", "-p", ".", "--checkers", "1"],
  "types of web": ["tsc", "-p", "packages/web", "--checkers", "1"],
  lint: ["oxlint"],
  format: ["oxfmt", "--check", "."],
  "dead code": ["knip"],
};

interface Result {
  ok: boolean;
  output: string;
}

function run([tool = "", ...args]: string[]): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn(join(root, "node_modules", ".bin", tool), args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", (thrown) => resolve({ ok: false, output: `${tool} cannot be started: ${thrown.message}; run npm ci.` }));
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}

async function architecture(): Promise<Result> {
  const files = sourceFiles(root);
  const breaches = breachesOf(files);
  return { ok: files.length > 0 && breaches.length === 0, output: [...breaches, `${files.length} files read`].join("\n") };
}

async function report(name: string, work: () => Promise<Result>): Promise<boolean> {
  const startedMs = performance.now();
  const { ok, output } = await work();
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${ok ? "ok  " : "FAIL"} ${name.padEnd(14)} ${seconds.padStart(5)} s`);
  if (!ok) console.log(output.trim().replaceAll(/^/gm, "       "));
  return ok;
}

const startedMs = performance.now();
const results = await Promise.all([
  ...Object.entries(tools).map(([name, tool]) => report(name, () => run(tool))),
  report("architecture", architecture),
]);
console.log(`${results.every(Boolean) ? "All is well" : "Not well"} after ${((performance.now() - startedMs) / 1000).toFixed(1)} s.`);
process.exitCode = results.every(Boolean) ? 0 : 1;
