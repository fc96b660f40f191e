/** Cisco IOS and IOS-XE, and what speaks like them. */
import { DeviceError } from "../drivers/error.ts";
import { addressWord, openCli, undisturbed, type Cli, type CliOptions, type Opened } from "./cli.ts";
import { pagers, promptShape, type Block, type Dialect } from "./dialect.ts";
import { iosAccount } from "./ios-account.ts";
import { healthFromIos, iosHealthCommands, pingFromIos } from "./ios-health.ts";
import { iosSwitch, type SwitchLedger } from "./ios-switch.ts";
import { execRefusalOf, refusedCommand } from "./refusal.ts";
import { readOnly } from "./read-only.ts";
import type { DeviceEndpoint, DeviceSession } from "./session.ts";

/** `%FACILITY-SEVERITY-MNEMONIC:`, with whatever timestamps and sequence numbers before it; and what the rollback timer says to all. */
const log =
  /^(?:[*.]?[^%\n]{0,60}%[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*-[0-7]-[A-Z0-9_]+: |Rollback Confirmed Change: Roll|Enter "configure confirm" if)/i;

const confirmRemoval = { when: /do you want to continue\?\s*\[confirm\]\s*$/i, answer: "\n" };

export const ios: Dialect = {
  manners: { prompt: promptShape, nameShown: 16, pagers, log },
  columns: 511,
  prepare: ["terminal length 0", "terminal width 511", "terminal no monitor"],
  refusals: {
    log,
    harmless: [
      /^%+ ?(?:warning|note|info)/i,
      /removed due to/i,
      /^% ?OSPF: Reference bandwidth is changed/,
      /^% ?Access VLAN does not exist\. Creating/,
      /^%+ ?(?:Generating \d+ bit|The key modulus size|Non-exportable|Key pair)/i,
      /^% ?Portfast has been configured/i,
    ],
    complaints: [
      /^command (?:authorization failed|rejected)/i,
      /^bad mask/i,
      /returned error code:? ?\d+/i,
      /^error\b/i,
      /^[^!]{1,60} not found\.?$/i,
      /^configuration mode (?:is )?locked/i,
    ],
  },
  asks: (line) => (line.startsWith("no username ") ? [confirmRemoval] : []),
  renames: (line) => /^(?:no )?hostname\b/.test(line),
  blockAt: bannerAt,
};

const banner = /^\s*(banner \S+|aaa authentication (?:banner|fail-message)) (\^C|\S)(.*)$/;
const delimiters = ["~", "|", "=", "+", "@", "%", "_"];

/** A banner is text between two delimiters. `show` prints the delimiter as `^C`, which cannot be typed: another one is taken. */
function bannerAt(lines: readonly string[], at: number): Block | undefined {
  const [, command = "", mark = "", first = ""] = banner.exec(lines[at] ?? "") ?? [];
  if (command === "") return undefined;
  const further = first.includes(mark) ? 0 : lines.slice(at + 1).findIndex((line) => line.includes(mark)) + 1;
  if (further === 0 && !first.includes(mark)) {
    throw new DeviceError("command_malformed", { say: `The text of "${command}" has no end: "${mark}" is missing.`, command });
  }
  const text = [first, ...lines.slice(at + 1, at + 1 + further)];
  const last = text.at(-1) ?? "";
  text[text.length - 1] = last.slice(0, last.indexOf(mark));
  const own = delimiters.find((one) => !text.some((line) => line.includes(one)));
  if (own === undefined)
    throw new DeviceError("command_malformed", { say: `The text of "${command}" leaves no character free to end it with.`, command });
  const [head = "", ...rest] = text.map((line, index) => (index === text.length - 1 ? line + own : line));
  return { command: `${command} ${own}${head}`, text: rest, takes: text.length };
}

const noise = [
  /^Building configuration\.\.\.\s*$/,
  /^Current configuration ?: ?\d+ bytes\s*$/,
  /^! (?:Last configuration change at|NVRAM config last updated at|No configuration change since last restart)/,
  /^ntp clock-period \d+\s*$/,
  /^Load for five secs: /,
  /^Time source is /,
];

/** The running configuration in what `show running-config` printed. @throws DeviceError `output_incomplete` */
export function runningFromIos(name: string, output: string): string {
  const lines = output.split("\n").map((line) => line.trimEnd());
  while (lines.at(-1) === "") lines.pop();
  if (lines.pop() !== "end")
    throw new DeviceError("output_incomplete", { say: `${name} broke off in the middle of its running configuration.` });
  const kept = lines.filter((line) => !noise.some((one) => one.test(line)));
  // Empty comments stand around the timestamps at the top, and come and go with them.
  while (kept[0] !== undefined && /^!?$/.test(kept[0])) kept.shift();
  return kept.map((line) => `${line}\n`).join("");
}

const show = "show running-config";

async function running(cli: Cli): Promise<string> {
  const output = await undisturbed(cli.name, log, async () => {
    const [privilege = "", text = ""] = await cli.runAll(["show privilege", show]);
    refuseLowPrivilege(cli.name, privilege);
    return text;
  });
  const refusal = execRefusalOf(output);
  if (refusal) throw refusedCommand(cli.name, show, refusal);
  return runningFromIos(cli.name, output);
}

/** The time and the author of the last change, to the second; none since a restart. One line comes, though the device builds the whole. */
async function changeMark(cli: Cli): Promise<string | undefined> {
  const output = await cli.tryRun(`${show} | include Last configuration change at`);
  return output?.split("\n").find((line) => line.startsWith("! Last configuration change at"));
}

function refuseLowPrivilege(name: string, answer: string): void {
  const level = /privilege level is (\d+)/.exec(answer)?.[1];
  if (level === undefined || Number(level) >= 15) return;
  const say = `${name} lets us in at privilege level ${level}; the whole configuration is shown at level 15 only.`;
  throw new DeviceError("privilege_too_low", { say });
}

const saveRules = [
  {
    when: /(?:overwrite the previous nvram configuration\?|destination filename \[startup-config\]\?)\s*(?:\[confirm\])?\s*$/i,
    answer: "\n",
  },
];

async function save(cli: Cli, pending: DeviceSession["pending"]): Promise<void> {
  if (await pending())
    throw new DeviceError("switch_armed", { say: `${cli.name} has a change that is not confirmed yet; it is not saved before that.` });
  const options = { rules: saveRules, timeoutMs: 120_000 };
  const output = (await cli.tryRun("write memory", options)) ?? (await cli.run("copy running-config startup-config", options));
  if (/\[OK\]|bytes copied/.test(output)) return;
  throw new DeviceError("command_refused", {
    say: `${cli.name} did not save its configuration.`,
    command: "write memory",
    vendorText: output.trim(),
  });
}

async function ping(cli: Cli, address: string, count: number): ReturnType<DeviceSession["ping"]> {
  const output = await cli.tryRun(`ping ${addressWord(address)} repeat ${count} timeout 1`, {
    timeoutMs: 30_000,
    totalMs: 30_000 + 2000 * count,
  });
  return pingFromIos(output ?? "", count);
}

/** @param ledger which switches this process armed: IOS keeps no token */
export async function openIos(endpoint: DeviceEndpoint, options: CliOptions, ledger: SwitchLedger): Promise<Opened> {
  const cli = await openCli(endpoint, ios, options);
  const deadman = iosSwitch(cli, endpoint, ledger);
  const { configure } = cli;
  const { username } = endpoint.credential;
  const session: DeviceSession = {
    running: () => running(cli),
    changeMark: () => changeMark(cli),
    run: async (command, given = {}) => cli.run(readOnly(command), given),
    configure,
    ...deadman,
    save: () => save(cli, deadman.pending),
    health: async () => healthFromIos(await cli.runAll(iosHealthCommands)),
    ping: (address, count) => ping(cli, address, count),
    account: iosAccount({ name: cli.name, username, running: () => running(cli), configure }),
    close: () => cli.close(),
  };
  return { cli, session, reusable: () => true };
}
