import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandTree, completionFor } from "./completion.ts";
import { createProgram } from "./program.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "holdfast-completion-"));
  for (const shell of ["bash", "zsh", "fish"]) writeFileSync(join(directory, shell), completionFor(shell, createProgram()));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const has = (shell: string): boolean => spawnSync(shell, ["-c", "true"]).status === 0;

/** What the shell offers after a line; the last word is the one that is being typed. */
const offers: Record<string, (line: string) => string[]> = {
  bash(line) {
    const words = line.split(" ");
    const script = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return linesOf(ran("bash", ["--norc", "-c", script, join(directory, "bash"), ...words]));
  },
  // zsh itself filters what compadd is given by what is typed.
  zsh(line) {
    const words = line.split(" ");
    const script = `compdef() { : }; compadd() { shift; print -l -- "$@" }; _files() { : }; source "$0"; words=("$@"); CURRENT=$#; _holdfast`;
    const offered = linesOf(ran("zsh", ["-f", "-c", script, join(directory, "zsh"), ...words]));
    return offered.filter((one) => one.startsWith(words.at(-1) ?? ""));
  },
  fish(line) {
    const script = `source ${join(directory, "fish")}; complete -C "${line}"`;
    const output = ran("fish", ["--no-config", "-c", script]);
    return linesOf(output).map((one) => one.split("\t")[0] ?? "");
  },
};

function ran(shell: string, args: string[]): string {
  return execFileSync(shell, args, { encoding: "utf8", env: { ...process.env, HOME: directory } });
}

function linesOf(output: string): string[] {
  return output.split("\n").filter((one) => one !== "");
}

describe.each(Object.keys(offers))("completion for %s", (shell) => {
  const after = (line: string): string[] => offers[shell]?.(line) ?? [];

  test.runIf(has(shell))("offers the commands, then their own commands, then their options", () => {
    expect(after("holdfast ")).toEqual(expect.arrayContaining(["login", "devices", "rollouts"]));
    expect(after("holdfast rollouts a")).toEqual(expect.arrayContaining(["approve", "abort"]));
    expect(after("holdfast rollouts a")).not.toContain("pause");
    expect(after("holdfast apply --")).toEqual(expect.arrayContaining(["--strategy", "--bake"]));
    expect(after("holdfast devices im")).toEqual(["import"]);
    expect(after("holdfast completion ")).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]));
  });

  test.runIf(has(shell))("offers the values of an option that has a choice, and is not led astray by values", () => {
    expect(after("holdfast apply --strategy b")).toEqual(["blue-green"]);
    expect(after("holdfast --output json dev")).toEqual(["devices"]);
    expect(after("holdfast devices remove r1 --y")).toEqual(["--yes"]);
  });
});

test("every command of the program is in the tree, and another shell is refused", () => {
  const paths = commandTree(createProgram()).map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(["", "devices import", "rollouts watch", "drift check", "audit verify", "secrets set"]));
  expect(() => completionFor("csh", createProgram())).toThrow(/not for csh/);
});
