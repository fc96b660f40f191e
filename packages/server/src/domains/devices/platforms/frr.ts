/** FRRouting behind OpenSSH, with vtysh as the login shell. */
import { DeviceError } from "../drivers/error.ts";
import { addressWord, openCli, undisturbed, type Cli, type CliOptions, type Opened } from "./cli.ts";
import { pagers, promptShape, type Dialect } from "./dialect.ts";
import { frrAccount } from "./frr-account.ts";
import { frrHealthCommands, healthFromFrr, pingFromFrr, repliesIn } from "./frr-health.ts";
import { frrSwitch } from "./frr-switch.ts";
import { readOnly } from "./read-only.ts";
import type { DeviceEndpoint, DeviceSession } from "./session.ts";

const log = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d+)? [A-Z0-9_]+: /;

export const frr: Dialect = {
  // `less`, where somebody turned paging on, waits at `:` and at `(END)`.
  manners: {
    prompt: promptShape,
    nameShown: 63,
    pagers: [...pagers, { when: /^(?::|lines \d+-\d+)$/, answer: " " }, { when: /\(END\)$/, answer: "q" }],
    log,
  },
  // Wide enough that the line editor never wraps a line of configuration.
  columns: 4096,
  prepare: ["terminal length 0"],
  refusals: {
    log,
    harmless: [/^%+ ?(?:warning|note|info)/i],
    complaints: [/^(?:configuration failed|error type:|error:|malformed |can't |cannot |no such |bgp is already running|invalid )/i],
  },
  asks: () => [],
  renames: (line) => /^(?:no )?hostname\b/.test(line),
  blockAt: () => undefined,
};

/** The running configuration in what `show running-config` printed. @throws DeviceError `output_incomplete` */
export function runningFromFrr(name: string, output: string): string {
  const lines = output.split("\n").map((line) => line.trimEnd());
  while (lines.at(-1) === "") lines.pop();
  const begin = lines.indexOf("Current configuration:");
  if (begin < 0 || lines.pop() !== "end") {
    throw new DeviceError("output_incomplete", { say: `${name} broke off in the middle of its running configuration.` });
  }
  return lines
    .slice(begin + 1)
    .map((line) => `${line}\n`)
    .join("");
}

async function save(cli: Cli, pending: DeviceSession["pending"]): Promise<void> {
  if (await pending())
    throw new DeviceError("switch_armed", { say: `${cli.name} has a change that is not confirmed yet; it is not saved before that.` });
  const output = await cli.run("write memory", { timeoutMs: 60_000 });
  if (output.includes("[OK]")) return;
  throw new DeviceError("command_refused", {
    say: `${cli.name} did not save its configuration.`,
    command: "write memory",
    vendorText: output.trim(),
  });
}

/** `ping` of vtysh goes on until it is interrupted. */
async function ping(cli: Cli, address: string, count: number): ReturnType<DeviceSession["ping"]> {
  const interrupt = { seen: (output: string): boolean => repliesIn(output) >= count, afterMs: count * 1000 + 500 };
  return pingFromFrr((await cli.tryRun(`ping ${addressWord(address)}`, { interrupt, timeoutMs: interrupt.afterMs + 10_000 })) ?? "", count);
}

export async function openFrr(endpoint: DeviceEndpoint, options: CliOptions): Promise<Opened> {
  const cli = await openCli(endpoint, frr, options);
  const deadman = frrSwitch(cli);
  // vtysh keeps a host name of its own: once set in a session, that session shows it in the running configuration whatever the daemons have.
  let renamed = false;
  const session: DeviceSession = {
    running: async () => runningFromFrr(cli.name, await undisturbed(cli.name, log, () => cli.run("show running-config"))),
    // The daemons keep no time of their last change: only the whole tells.
    changeMark: () => Promise.resolve(undefined),
    run: async (command, given = {}) => cli.run(readOnly(command), given),
    configure: (lines, mayGoOn) => {
      renamed ||= lines.some((line) => frr.renames(line.trim()));
      return cli.configure(lines, mayGoOn);
    },
    ...deadman,
    save: () => save(cli, deadman.pending),
    health: async () => healthFromFrr(await cli.runAll(frrHealthCommands)),
    ping: (address, count) => ping(cli, address, count),
    account: frrAccount(cli),
    close: () => cli.close(),
  };
  return { cli, session, reusable: () => !renamed };
}
