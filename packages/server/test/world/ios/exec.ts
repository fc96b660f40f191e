/** What an IOS terminal can be told to do outside the configuration. */
import { load } from "../config/session.ts";
import { execTable, type Args, type ExecRule } from "../exec.ts";
import { ipNumber } from "../grammar/values.ts";
import type { Router } from "../router.ts";
import type { Reply } from "../shell.ts";
import { fileTime } from "../times.ts";
import { archivePath, backUp, noArchive, nothingPending, replaceQuestion, timerText } from "./rollback.ts";
import type { IosShell } from "./shell.ts";
import * as show from "./show.ts";
import { iosTypes } from "./types.ts";

type Rule = ExecRule<IosShell>;

const failed = (text: string): Reply => ({ text, failed: true });

const shown = (form: string, answer: (router: Router, args: Args) => string | undefined, enabled = false): Rule => ({
  form: `show ${form}`,
  ...(enabled ? { enabled: true } : {}),
  run: (shell, args) => answer(shell.router, args) ?? failed("% Invalid input detected at '^' marker.\n\n"),
});

const shows: Rule[] = [
  shown("running-config", (router) => show.runningConfig(router), true),
  shown("running-config interface <interface:ifname>", (router, args) => show.runningInterface(router, args["interface"]!), true),
  shown("startup-config", (router) => show.startupConfig(router), true),
  shown("version", (router) => show.version(router)),
  shown("clock", (router) => show.clock(router)),
  { form: "show privilege", run: (shell) => `Current privilege level is ${shell.enabled ? 15 : 1}` },
  shown("interfaces", (router) => show.interfaces(router)),
  shown("interfaces <interface:ifname>", (router, args) => show.interfaces(router, args["interface"])),
  shown("interfaces description", (router) => show.interfaceDescription(router)),
  shown("ip interface brief", (router) => show.interfaceBrief(router)),
  shown("ip ospf neighbor", (router) => show.ospfNeighbors(router)),
  shown("ip bgp summary", (router) => show.bgpSummary(router)),
  shown("bgp ipv4 unicast summary", (router) => show.bgpSummary(router)),
  shown("bgp summary", (router) => show.bgpSummary(router)),
  shown("ip route", (router) => show.routes(router)),
  shown("ip prefix-list", (router) => show.prefixLists(router)),
  shown("processes cpu", (router) => show.processesCpu(router)),
  shown("processes cpu sorted", (router) => show.processesCpu(router)),
  shown("memory statistics", (router) => show.memory(router), true),
  shown("archive config rollback timer", (router) => timerText(router), true),
  shown("archive", (router) => archiveList(router), true),
];

function archiveList(router: Router): string {
  const path = archivePath(router);
  if (path === undefined) return " Archive feature not enabled";
  const names = Object.keys(router.state.files).filter((name) => name.startsWith(path));
  const rows = names.map(
    (name, index) => `   ${String(index + 1).padEnd(8)} ${name}${index === names.length - 1 ? " <- Most Recent" : ""}`,
  );
  const next = `${path}-${fileTime(router.clock.now())}-${names.length}`;
  return [
    "The maximum archive configurations allowed is 10.",
    `The next archive file will be named ${next}`,
    " Archive #  Name",
    ...rows,
  ].join("\n");
}

function writeMemory(shell: IosShell): string | Reply {
  shell.print("Building configuration...\n");
  const archive = shell.router.config.root.statements.get("archive")?.child;
  const path = archivePath(shell.router);
  if (!shell.router.save(shell.user)) return failed("startup-config file open failed (Not enough space)");
  if (archive?.statements.has("write-memory") && path !== undefined) backUp(shell.router, path);
  return "[OK]";
}

async function copyToStartup(shell: IosShell): Promise<string | Reply> {
  const name = await shell.askFor("Destination filename [startup-config]? ");
  if (name.trim() !== "" && name.trim() !== "startup-config") return failed("%Error opening nvram:" + name.trim() + " (Permission denied)");
  return writeMemory(shell);
}

/** The text of a file by its name, with or without `flash:`. */
function fileOf(router: Router, name: string): string | undefined {
  if (name === "nvram:startup-config" || name === "startup-config") return router.state.startup;
  if (name === "system:running-config") return router.running();
  return router.state.files[name] ?? router.state.files[name.replace("flash:", "bootflash:")];
}

async function copyToFile(shell: IosShell, args: Args): Promise<string | Reply> {
  const given = args["file"]!;
  const short = given.replace(/^(flash|bootflash):/, "");
  const name = (await shell.askFor(`Destination filename [${short}]? `)).trim() || short;
  if (shell.router.faults.peek("disk-full")) return failed(`%Error opening ${given} (No space left on device)`);
  const text = shell.router.running();
  shell.router.state.files[`${given.split(":")[0]}:${name}`] = text;
  shell.router.keep();
  return `\n${text.length} bytes copied in 0.433 secs (${Math.round(text.length / 0.433)} bytes/sec)`;
}

async function copyToRunning(shell: IosShell, args: Args): Promise<string | Reply> {
  const text = fileOf(shell.router, args["file"]!);
  await shell.askFor("Destination filename [running-config]? ");
  if (text === undefined) return failed(`%Error opening ${args["file"]} (No such file or directory)`);
  load(shell.router.config, text.split("\n"));
  shell.router.config.revision += 1;
  shell.router.record({ user: shell.user, via: "ssh", event: "line", text: `copy ${args["file"]} running-config` });
  return `${text.length} bytes copied in 0.512 secs (${Math.round(text.length / 0.512)} bytes/sec)`;
}

async function replace(shell: IosShell, args: Args): Promise<string | Reply> {
  const { router } = shell;
  const text = fileOf(router, args["file"]!);
  if (text === undefined) return failed(`%Error opening ${args["file"]} (No such file or directory)\nConfiguration replace failed`);
  const minutes = args["minutes"] === undefined ? undefined : Number(args["minutes"]);
  if (minutes !== undefined && archivePath(router) === undefined) return failed(noArchive);
  if (minutes !== undefined) shell.print(`Rollback Confirmed Change: Backing up current running config to ${armFor(shell, minutes)}\n\n`);
  if (args["force"] === undefined && !/^y(es)?$/i.test((await shell.askFor(replaceQuestion)).trim())) return "Rollback aborted";
  router.replace(text);
  router.record({ user: shell.user, via: "ssh", event: "replace", text: `configure replace ${args["file"]}` });
  return "Total number of passes: 1\nRollback Done\n";
}

/** Keeps what there is, starts the timer, and answers the name of the kept file. */
function armFor(shell: IosShell, minutes: number): string {
  const { router } = shell;
  const file = backUp(router, archivePath(router)!);
  router.arm({ token: file, user: shell.user, seconds: minutes * 60 });
  shell.watchSwitch(minutes * 60);
  return file;
}

function configureRevertTimer(shell: IosShell, args: Args): string | Reply {
  const { router } = shell;
  if (archivePath(router) === undefined) return failed(noArchive);
  if (router.state.armed) return failed("%Rollback Confirmed Change is already pending");
  const file = armFor(shell, Number(args["minutes"]));
  return `Rollback Confirmed Change: Backing up current running config to ${file}\n\n${shell.enterConfig()}`;
}

function confirm(shell: IosShell): string | Reply {
  const { armed } = shell.router.state;
  if (armed && armed.user !== shell.user) return failed(`%Rollback Confirmed Change was made by user ${armed.user}`);
  return shell.router.confirm(shell.user) ? "" : failed(nothingPending);
}

function revertNow(shell: IosShell): string | Reply {
  const file = shell.router.state.armed?.token;
  if (file === undefined || !shell.router.revert(shell.user)) return failed(nothingPending);
  return `Rollback Confirmed Change: rolling to:${file}\n\nTotal number of passes: 1\nRollback Done\n`;
}

async function ping(shell: IosShell, args: Args): Promise<string | Reply> {
  const count = Number(args["count"] ?? 5);
  const timeout = Number(args["timeout"] ?? 2);
  const target = args["target"]!;
  if (ipNumber(target) === undefined) return failed(`% Unrecognized host or address, or protocol not running.\n`);
  shell.print(`Type escape sequence to abort.\nSending ${count}, 100-byte ICMP Echos to ${target}, timeout is ${timeout} seconds:\n`);
  let sent = 0;
  let back = 0;
  await shell.stoppable(async (stopped, isStopped) => {
    while (sent < count && !isStopped()) {
      sent += 1;
      const answered = shell.router.network.reaches(shell.router.name, ipNumber(target)!);
      back += answered ? 1 : 0;
      shell.print(answered ? "!" : ".");
      if (!answered) await shell.pause(timeout * 1000, stopped);
    }
  });
  const percent = Math.floor((back * 100) / Math.max(1, sent));
  const times = back > 0 ? ", round-trip min/avg/max = 1/1/2 ms" : "";
  return `\nSuccess rate is ${percent} percent (${back}/${sent})${times}`;
}

async function reload(shell: IosShell): Promise<string> {
  if (!(await shell.confirmed("Proceed with reload? [confirm]"))) return "";
  shell.router.reboot();
  shell.logout();
  return "";
}

const configures: Rule[] = [
  { form: "configure terminal", enabled: true, run: (shell) => shell.enterConfig() },
  { form: "configure terminal revert timer <minutes:1-120>", enabled: true, run: configureRevertTimer },
  { form: "configure confirm", enabled: true, run: confirm },
  { form: "configure revert now", enabled: true, run: revertNow },
  {
    form: "configure revert timer <minutes:1-120>",
    enabled: true,
    run: (shell, args) => (shell.router.rearm(Number(args["minutes"]) * 60) ? "" : failed(nothingPending)),
  },
  {
    form: "configure replace <file> [list] [<force:force>] [(time|revert trigger error timer) <minutes:1-120>]",
    enabled: true,
    run: replace,
  },
  { form: "archive config", enabled: true, run: (shell) => archiveNow(shell) },
];

function archiveNow(shell: IosShell): string | Reply {
  const path = archivePath(shell.router);
  if (path === undefined) return failed(" Archive feature not enabled\n% Error caught by command handler");
  backUp(shell.router, path);
  shell.router.keep();
  return "";
}

const files: Rule[] = [
  { form: "write [memory]", enabled: true, run: writeMemory },
  { form: "copy running-config startup-config", enabled: true, run: copyToStartup },
  { form: "copy running-config <file:path>", enabled: true, run: copyToFile },
  {
    form: "copy (<file:path>|startup-config) running-config",
    enabled: true,
    run: (shell, args) => copyToRunning(shell, { file: args["file"] ?? "startup-config" }),
  },
  {
    form: "more <file:path>",
    enabled: true,
    run: (shell, args) => fileOf(shell.router, args["file"]!) ?? failed(`%Error opening ${args["file"]} (No such file or directory)`),
  },
  { form: "dir [<path>]", enabled: true, run: (shell) => directory(shell.router) },
];

function directory(router: Router): string {
  const rows = Object.entries(router.state.files).map(
    ([name, text], index) =>
      `${String(index + 11).padStart(5)}  -rw-  ${String(text.length).padStart(12)}  Jan 5 2026 08:00:00 +00:00  ${name.replace(/^\w+:\/?/, "")}`,
  );
  return ["Directory of flash:/", "", ...rows, "", "6286540800 bytes total (5216034816 bytes free)"].join("\n");
}

const rest: Rule[] = [
  { form: "enable", run: (shell) => (shell.enabled ? "" : shell.enable()) },
  {
    form: "disable",
    run: (shell) => {
      shell.enabled = false;
      return "";
    },
  },
  {
    form: "(exit|quit|logout)",
    run: (shell) => {
      shell.logout();
      return "";
    },
  },
  {
    form: "terminal length <lines:0-512>",
    run: (shell, args) => {
      shell.setPage(Number(args["lines"]));
      return "";
    },
  },
  { form: "terminal width <columns:0-512>", run: () => "" },
  { form: "terminal monitor", enabled: true, run: (shell) => monitor(shell, true) },
  { form: "terminal no monitor", enabled: true, run: (shell) => monitor(shell, false) },
  { form: "ping <target> [repeat <count:1-10000>] [timeout <timeout:0-3600>] [source <source:word>]", run: ping },
  { form: "reload", enabled: true, run: reload },
  { form: "clear counters", enabled: true, run: () => "" },
];

function monitor(shell: IosShell, on: boolean): string {
  shell.monitors = on;
  return "";
}

const words = (text: string) => ({ rank: 3 as const, parse: (given: string) => (given.toLowerCase() === text ? text : undefined) });

export const iosExec = execTable<IosShell>([...shows, ...configures, ...files, ...rest], {
  types: {
    ...iosTypes,
    force: words("force"),
    path: { rank: 1, parse: (text) => (/^[a-z]+:\S*$/i.test(text) ? text : undefined) },
  },
  foldCase: true,
});
