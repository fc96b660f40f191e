/** The demonstration on a terminal: acts, what happens in them, rollouts as rows of cells, and a table at the end. */
import type { Rollout } from "@holdfast/contract";
import type { Check } from "./play.ts";

const marks: Record<string, string> = { applied: "■", unchanged: "=", reverted: "□", failed: "✗", refused: "✗", unreachable: "!" };

export interface Teller {
  act(title: string): void;
  tell(line: string): void;
  show(rollout: Rollout): void;
}

/** `terminal`: redraws in place; otherwise every line is printed once. */
export function createTeller(write: (text: string) => void, terminal: boolean): Teller {
  const begun = Date.now();
  let drawn = 0;
  let last = "";
  const rest = (): void => {
    drawn = 0;
    last = "";
  };
  return {
    act(title) {
      rest();
      write(`\n${((Date.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${title}\n`);
    },
    tell(line) {
      rest();
      write(`         ${line}\n`);
    },
    show(rollout) {
      const lines = picture(rollout).map((line) => `         ${line}`);
      const text = lines.join("\n");
      if (text === last) return;
      if (terminal && drawn > 0) write(`\u001b[${drawn}A\u001b[J${text}\n`);
      else write(`${terminal ? text : `         ${rollout.say}`}\n`);
      drawn = lines.length;
      last = text;
    },
  };
}

function picture(rollout: Rollout): string[] {
  const byId = new Map(rollout.targets.map((target) => [target.target, target]));
  const waves = rollout.waves.map((wave) => {
    const cells = wave.targets.map((id) => {
      const target = byId.get(id);
      if (target === undefined || target.state === "waiting") return "·";
      if (target.state === "reverting") return "←";
      return target.state === "done" ? (marks[target.outcome ?? ""] ?? "?") : target.state === "pending_revert" ? "!" : "→";
    });
    return `wave ${wave.index + 1}  ${cells.join("")}  ${wave.state}`;
  });
  return [...waves, rollout.say];
}

/** The outcomes; true when all are as they should be. */
export function printChecks(write: (text: string) => void, checks: Check[]): boolean {
  const width = Math.max(...checks.map((check) => check.what.length));
  write(`\n${"What should be so".padEnd(width)}      What the devices show\n`);
  for (const { what, ok, saw } of checks) write(`${what.padEnd(width)}  ${ok ? "ok" : "NO"}  ${saw}\n`);
  return checks.every((check) => check.ok);
}
