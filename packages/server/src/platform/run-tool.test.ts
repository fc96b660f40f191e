import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runTool, type ToolCall } from "./run-tool.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-tool-"));
});
afterAll(() => rm(directory, { recursive: true }));

const run = (program: string, args: string[], more: Partial<ToolCall> = {}) =>
  runTool({ program, args, timeoutMs: 10_000, maxBytes: 10_000, ...more });

describe("a program that the server starts", () => {
  test("gets its arguments as they are: there is no shell that reads them", async () => {
    const tricky = ["$(id)", "`id`", "; id", "a b", "*", "--", "'", '"', "\n", "|cat"];
    const { output } = await run("printf", ["%s\\0", ...tricky]);
    expect(output.toString().split("\0").slice(0, -1)).toEqual(tricky);
  });

  test("has an environment made from nothing, and no variable that would make it load code", async () => {
    const { output } = await run("env", [], { env: { HOME: "/nowhere", GIT_CONFIG_NOSYSTEM: "1" } });
    const names = output
      .toString()
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(new Set(names)).toEqual(new Set(["GIT_CONFIG_NOSYSTEM", "HOME", "LC_ALL", "PATH"]));
    for (const name of ["LD_PRELOAD", "NODE_OPTIONS", "BASH_ENV", "PATH", "PYTHONSTARTUP"])
      await expect(run("env", [], { env: { [name]: "x" } })).rejects.toMatchObject({ code: "tool_environment" });
  });

  test("is ended with all that it started when its time is up, also what holds its output open", async () => {
    const file = join(directory, "child");
    const script = `sleep 60 & echo $! > ${file}; wait`;
    const ended = await run("sh", ["-c", script], { timeoutMs: 300 });
    expect(ended).toMatchObject({ code: -1, exceeded: "time" });
    const child = Number(await readFile(file, "utf8"));
    await vi.waitUntil(() => isGone(child), { timeout: 5000 });
  });

  test("is not waited for when what it left behind, in a session of its own, holds its output open", async () => {
    const file = join(directory, "stray");
    const ended = await run("sh", ["-c", `setsid sh -c 'echo $$ > ${file}; exec sleep 60' & exit 0`], { timeoutMs: 300 });
    expect(ended).toMatchObject({ code: -1, exceeded: "time" });
    process.kill(Number(await readFile(file, "utf8")), "SIGKILL");
  });

  test("is ended when it says more than it may, and what it says of errors is cut", async () => {
    expect(await run("yes", [])).toMatchObject({ code: -1, exceeded: "output" });
    const { errors, code } = await run("sh", ["-c", "head -c 50000 /dev/zero | tr '\\0' x >&2; exit 3"]);
    expect([errors.length, code]).toEqual([8192, 3]);
  });

  test("is ended when it is said to take too much room", async () => {
    expect(await run("sleep", ["60"], { tooLarge: async () => true })).toMatchObject({ code: -1, exceeded: "disk" });
  });

  test("that is not there is named", async () => {
    await expect(run("no-such-program", [])).rejects.toMatchObject({ code: "no-such-program_missing", kind: "unavailable" });
  });

  test("may end before it has read its input", async () => {
    expect(await run("true", [], { input: "x".repeat(1_000_000) })).toMatchObject({ code: 0 });
  });
});

/** Ended; one that nobody reaped yet has no command line any more. */
function isGone(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") === "";
  } catch {
    return true;
  }
}
