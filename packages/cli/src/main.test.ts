import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("main.ts", import.meta.url));

/** Runs `holdfast` with nobody at the other end of one of its streams. */
async function unread(stream: "stdout" | "stderr", args: string[]): Promise<{ code: unknown; said: string }> {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env["PATH"], HOLDFAST_CONFIG: "/nowhere/profile.json" },
  });
  child[stream].destroy();
  let said = "";
  child[stream === "stdout" ? "stderr" : "stdout"].on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "close")) as unknown[];
  return { code, said };
}

test("who reads the output may stop early: it ends quietly", async () => {
  expect(await unread("stdout", ["completion", "bash"])).toEqual({ code: 0, said: "" });
});

test("who reads what is told beside it may stop early: the exit code stays", async () => {
  expect(await unread("stderr", ["devices", "list"])).toEqual({ code: 2, said: "" });
});
