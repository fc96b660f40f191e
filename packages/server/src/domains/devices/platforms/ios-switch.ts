/**
 * The dead-man's switch of IOS: "rollback confirmed change". Needs `archive` with a `path`; counts in minutes; belongs
 * to a user, keeps no token. The timer outlives the session that set it, so arming leaves configuration mode at once.
 */
import { DeviceError } from "../drivers/error.ts";
import type { Cli } from "./cli.ts";
import type { DeviceEndpoint, DeviceSession, PendingSwitch } from "./session.ts";
import { checkedToken } from "./token.ts";

/** Switches that this process armed, by device id. */
export type SwitchLedger = Map<string, { token: string; expiresAtMs: number }>;

type Switch = Pick<DeviceSession, "arm" | "confirm" | "revertNow" | "pending">;

interface Timer extends PendingSwitch {
  user?: string;
}

export function iosSwitch(cli: Cli, endpoint: DeviceEndpoint, ledger: SwitchLedger): Switch {
  const known = (token: string): boolean => ledger.get(endpoint.id)?.token === token;
  const timer = async (): Promise<Timer | undefined> => readTimer(cli, ledger.get(endpoint.id));
  /** The timer, when it is one that we may confirm or let revert. */
  const own = async (given: string): Promise<Timer | undefined> => {
    const token = checkedToken(given);
    const found = await timer();
    const stranger = found?.user !== undefined && found.user !== endpoint.credential.username;
    if (found && (stranger || (found.token !== undefined && found.token !== token))) throw busy(cli.name, found);
    return found;
  };
  return {
    arm: async (token, ms) => {
      const found = await own(token);
      const begun = Date.now();
      if (found && known(token)) return { expiresAtMs: begun + found.remainingMs };
      if (found) throw busy(cli.name, found);
      const minutes = Math.min(120, Math.max(1, Math.ceil(ms / 60_000)));
      await armTimer(cli, minutes);
      const expiresAtMs = begun + minutes * 60_000;
      ledger.set(endpoint.id, { token, expiresAtMs });
      return { expiresAtMs };
    },
    confirm: async (token) => {
      const gone = known(token) ? "already_reverted" : "not_armed";
      if (!(await own(token))) return gone;
      const output = await cli.run("configure confirm");
      if (/no rollback confirmed change pending/i.test(output)) return gone;
      if (await timer())
        throw new DeviceError("command_refused", {
          say: `${cli.name} did not take the confirmation.`,
          command: "configure confirm",
          vendorText: output.trim(),
        });
      ledger.delete(endpoint.id);
      return "confirmed";
    },
    revertNow: async (token) => {
      if (!(await own(token))) return "not_armed";
      await revert(cli);
      ledger.delete(endpoint.id);
      return "reverted";
    },
    pending: async () => {
      const found = await timer();
      if (!found) return undefined;
      const { user: _, ...pending } = found;
      return pending;
    },
  };
}

function busy(name: string, { user }: Timer): DeviceError {
  return new DeviceError("switch_busy", {
    say: `${name} waits for the confirmation of another change${user === undefined ? "" : `, made by ${user}`}.`,
  });
}

async function armTimer(cli: Cli, minutes: number): Promise<void> {
  const command = `configure terminal revert timer ${minutes}`;
  const { prompt, output } = await cli.send(command, { timeoutMs: 60_000 });
  const vendorText = output.trim();
  if (prompt.mode.startsWith("config")) {
    await cli.send("end");
    return;
  }
  if (/archive/i.test(vendorText)) {
    const say = `${cli.name} has no dead-man's switch: its configuration archive is off. Configure "archive" with a "path" (such as flash:archive) on it, then try again.`;
    throw new DeviceError("no_dead_mans_switch", { say, command, vendorText });
  }
  if (/pending|already/i.test(vendorText)) throw busy(cli.name, { remainingMs: 0 });
  throw new DeviceError("no_dead_mans_switch", {
    say: `${cli.name} does not know "configure terminal revert timer", so a change there could not undo itself.`,
    command,
    vendorText,
  });
}

async function revert(cli: Cli): Promise<void> {
  const command = "configure revert now";
  // The old configuration may have another host name.
  const { output } = await cli.send(command, { timeoutMs: 300_000, rename: true });
  const pending = await readTimer(cli, undefined);
  if (!pending && !/abort|fail|error/i.test(output)) return;
  throw new DeviceError("command_refused", {
    say: `${cli.name} did not go back to its configuration from before the change.`,
    command,
    vendorText: output.trim(),
  });
}

async function readTimer(cli: Cli, mine: { token: string; expiresAtMs: number } | undefined): Promise<Timer | undefined> {
  const [answer = "", clock = ""] = await cli.runAll(["show archive config rollback timer", "show clock"]);
  const minutes = /Timer value\s*:\s*(\d+)/i.exec(answer)?.[1];
  if (minutes === undefined) return undefined;
  const user = /^\s*User\s*:\s*(\S+)/im.exec(answer)?.[1];
  const since = instantFrom(/Time configured[^:]*:\s*(.+)/i.exec(answer)?.[1] ?? "");
  const now = instantFrom(clock);
  const told = since !== undefined && now !== undefined ? since + Number(minutes) * 60_000 - now : undefined;
  return {
    ...(mine ? { token: mine.token } : {}),
    ...(user === undefined ? {} : { user }),
    remainingMs: Math.max(0, told ?? (mine ? mine.expiresAtMs - Date.now() : 0)),
  };
}

/** `22:50:48.123 UTC Sun Feb 21 2010`, as a number to compare with another time of the same device. */
function instantFrom(text: string): number | undefined {
  const match = /(\d\d):(\d\d):(\d\d)(?:\.\d+)? \S+ \w{3} (\w{3}) +(\d{1,2}) (\d{4})/.exec(text);
  if (!match) return undefined;
  const [, hours, minutes, seconds, month, day, year] = match;
  const at = Date.parse(`${day} ${month} ${year} ${hours}:${minutes}:${seconds} UTC`);
  return Number.isNaN(at) ? undefined : at;
}
