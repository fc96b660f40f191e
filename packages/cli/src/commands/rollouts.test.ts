import type { RolloutTarget } from "@holdfast/contract";
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { addRollouts, questionOf } from "./rollouts.ts";

const target = (targetName: string, parts: Partial<RolloutTarget>): RolloutTarget => ({
  target: `dev_${targetName}`,
  targetName,
  wave: 0,
  state: "done",
  side: "old",
  ...parts,
});

describe("what takes a change off devices again", () => {
  const title = "Longer timers";
  const targets = [
    target("r1", { side: "new", outcome: "applied" }),
    target("r2", { side: "unknown", outcome: "unreachable" }),
    target("r3", { state: "waiting" }),
  ];

  test("asks with the names of the devices that it takes back", () => {
    expect(questionOf("abort", { title, targets })).toBe("Abort “Longer timers” and take r1, r2 back to what they had before?");
    expect(questionOf("rollback", { title, targets })).toBe("Roll “Longer timers” back and take r1 back to what it had before?");
  });

  test("says so when nothing was touched, and does not list many devices", () => {
    expect(questionOf("abort", { title, targets: [target("r3", { state: "waiting" })] })).toBe(
      "Abort “Longer timers”? Nothing of it was touched.",
    );
    const many = Array.from({ length: 8 }, (_, i) => target(`r${i}`, { side: "new", outcome: "applied" }));
    expect(questionOf("rollback", { title, targets: many })).toBe(
      "Roll “Longer timers” back and take r0, r1, r2, r3, r4 and 3 more back to what they had before?",
    );
  });

  test("nothing that a server says steers the terminal", () => {
    expect(questionOf("abort", { title: "a\u001B[2Jb", targets })).not.toContain("\u001B");
  });

  test("can be told not to ask, and giving up has to have a reason", () => {
    const program = new Command();
    addRollouts(program);
    const flags = (name: string): string[] => {
      const found = program.commands[0]?.commands.find((one) => one.name() === name);
      return found?.options.map((option) => `${option.long}${option.mandatory ? " (needed)" : ""}`) ?? [];
    };
    for (const name of ["abort", "rollback", "give-up"]) expect(flags(name)).toContain("--yes");
    for (const name of ["retry", "pause", "approve"]) expect(flags(name)).not.toContain("--yes");
    expect(flags("give-up")).toContain("--reason (needed)");
  });
});
