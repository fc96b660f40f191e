/** The dead-man's switch of FRR: a detached timer on the host, spoken to through `holdfast-switch` on SSH command channels. */
import { DeviceError } from "../drivers/error.ts";
import type { ExecResult } from "../drivers/exec.ts";
import type { Cli } from "./cli.ts";
import type { DeviceSession } from "./session.ts";
import { checkedToken } from "./token.ts";

type Switch = Pick<DeviceSession, "arm" | "confirm" | "revertNow" | "pending">;

/** Going back loads the old configuration, which takes seconds per hundred lines, and is done again where something is left. */
const revertMs = 600_000;

export function frrSwitch(cli: Cli): Switch {
  const ask = async (words: string, timeoutMs = 30_000): Promise<string[]> =>
    read(cli, words, await cli.connection.exec(`holdfast-switch ${words}`, { timeoutMs }));
  const remaining = async (token: string): Promise<number> => {
    const [state, holder, left] = await ask("status");
    return state === "armed" && holder === token ? Number(left) * 1000 : 0;
  };
  return {
    arm: async (token, ms) => {
      const seconds = Math.max(1, Math.ceil(ms / 1000));
      const begun = Date.now();
      const [state, holder] = await ask(`arm ${checkedToken(token)} ${seconds}`);
      if (state === "armed" && holder === token) return { expiresAtMs: begun + seconds * 1000 };
      if (holder === token) return { expiresAtMs: begun + (await remaining(token)) };
      throw busy(cli.name);
    },
    confirm: async (token) => {
      const [state] = await ask(`confirm ${checkedToken(token)}`);
      if (state === "confirmed") return "confirmed";
      if (state === "busy") throw busy(cli.name);
      return state === "reverted" ? "already_reverted" : "not_armed";
    },
    revertNow: async (token) => {
      const [state] = await ask(`revert ${checkedToken(token)}`, revertMs);
      if (state === "busy") throw busy(cli.name);
      return state === "reverted" ? "reverted" : "not_armed";
    },
    pending: async () => {
      const [state, token = "", left = "0"] = await ask("status");
      if (state === "armed") return { token, remainingMs: Number(left) * 1000 };
      return state === "reverting" ? { token, remainingMs: 0 } : undefined;
    },
  };
}

function busy(name: string): DeviceError {
  return new DeviceError("switch_busy", { say: `${name} waits for the confirmation of another change.` });
}

const states = new Set(["armed", "busy", "confirmed", "idle", "reverted", "reverting"]);

/** The words of the answer. */
function read(cli: Cli, words: string, { code, stdout, stderr }: ExecResult): string[] {
  const answer = stdout.trim().split(/\s+/);
  if (states.has(answer[0] ?? "")) return answer;
  const command = `holdfast-switch ${words}`;
  const vendorText = `${stdout}\n${stderr}`.trim();
  if (code === 126 || code === 127 || /unknown command|not found/i.test(vendorText)) {
    const say = `${cli.name} has no dead-man's switch: install holdfast-switch on it (deploy/frr tells how), then try again.`;
    throw new DeviceError("no_dead_mans_switch", { say, command, vendorText });
  }
  if (code === 5)
    throw new DeviceError("revert_incomplete", { say: `${cli.name} took the change back, but not all of it.`, command, vendorText });
  if (code === 2 && words.startsWith("arm ")) {
    throw new DeviceError("no_dead_mans_switch", {
      say: `${cli.name} cannot arm its dead-man's switch (${vendorText}). Nothing was changed.`,
      command,
      vendorText,
    });
  }
  throw new DeviceError("command_refused", { say: `The dead-man's switch of ${cli.name} failed.`, command, vendorText });
}
