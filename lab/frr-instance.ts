/**
 * One private FRR: zebra, staticd, ospfd, bgpd and bfdd in namespaces of their own (network, mounts, host name, processes), driven
 * through vtysh. Nothing of the host is touched, and all of it ends with one process.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, readFileSync } from "node:fs";

const daemonFolder = "/usr/lib/frr";

export interface FrrOptions {
  /** Name of the router, its namespace of FRR and its host name; `hf1` unless told. */
  name?: string;
  daemons?: string[];
  /** Names of the interfaces it has besides `lo`; `eth0` to `eth5` unless told. Their other ends are inside too. */
  interfaces?: string[];
}

/** What a line typed in configuration mode made the router say, when it said anything. */
export interface Said {
  line: string;
  text: string;
}

export interface FrrInstance {
  name: string;
  /** A process inside, as the host numbers it: who its network belongs to. */
  pid: string;
  /** Types these lines in configuration mode; gives the lines that were answered with more than a prompt. */
  configure(lines: readonly string[]): Promise<Said[]>;
  /** `show running-config`. */
  running(): Promise<string>;
  /** Runs a program inside; gives its exit code and all that it wrote. */
  run(argv: readonly string[], input?: string): Promise<{ code: number; text: string }>;
  stop(): Promise<void>;
}

/** Why no private FRR can be started here; undefined when it can. */
export function frrUnavailable(): string | undefined {
  if (process.getuid?.() !== 0) return "network namespaces need root";
  try {
    accessSync(`${daemonFolder}/bgpd`);
  } catch {
    return "FRR is not installed: apt-get install -y --no-install-recommends frr frr-pythontools";
  }
  try {
    execFileSync("unshare", ["-n", "-m", "-u", "-p", "-f", "true"], { stdio: "ignore" });
  } catch {
    return "this machine refuses new namespaces (unshare)";
  }
  return undefined;
}

function bootScript({ name, daemons, interfaces }: Required<FrrOptions>): string {
  const folders = ["/etc/frr", "/var/run/frr", "/var/tmp/frr"];
  return [
    "set -e",
    "mount --make-rprivate /",
    "mount -t proc proc /proc",
    `hostname ${name}`,
    "ip link set lo up",
    ...folders.map((folder) => `mkdir -p ${folder}; mount -t tmpfs -o mode=755 tmpfs ${folder}`),
    `mkdir -p /etc/frr/${name} /var/run/frr/${name}`,
    `echo service integrated-vtysh-config > /etc/frr/${name}/vtysh.conf`,
    `touch /etc/frr/${name}/frr.conf`,
    ...folders.map((folder) => `chown -R frr:frr ${folder}`),
    ...interfaces.map((one) => `ip link add ${one} type veth peer name far-${one}; ip link set ${one} up; ip link set far-${one} up`),
    ...daemons.map((daemon) => `${daemonFolder}/${daemon} -d -N ${name}`),
    "echo ready",
    "exec sleep infinity",
  ].join("\n");
}

async function untilReady(holder: ChildProcess): Promise<void> {
  let heard = "";
  holder.stderr?.on("data", (chunk: Buffer) => (heard += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    holder.stdout?.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("ready")) resolve();
    });
    holder.once("exit", (code) => reject(new Error(`FRR did not start (exit ${code}): ${heard.trim()}`)));
  });
}

/** The first process inside, as the host numbers it. */
function insideOf(holder: ChildProcess): string {
  return readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8").trim();
}

const echoed = /^\S+?(?:\([\w-]*\))?[#>] ?(.*)$/;

/** What stands between the echoes of a vtysh session that was fed from a pipe. */
function answersIn(transcript: string, name: string): Said[] {
  const found: Said[] = [];
  let line: string | undefined;
  for (const text of transcript.split("\n")) {
    if (text.startsWith(name) && echoed.test(text)) line = echoed.exec(text)?.[1] ?? "";
    else if (line !== undefined && text.trim() !== "") found.push({ line, text: text.trim() });
  }
  return found;
}

/** Starts a router and waits until its daemons answer. */
export async function startFrr(options: FrrOptions = {}): Promise<FrrInstance> {
  const told: Required<FrrOptions> = {
    name: "hf1",
    daemons: ["zebra", "staticd", "ospfd", "bgpd", "bfdd"],
    interfaces: ["eth0", "eth1", "eth2", "eth3", "eth4", "eth5"],
    ...options,
  };
  const holder = spawn("unshare", ["-n", "-m", "-u", "-p", "-f", "--kill-child", "sh", "-c", bootScript(told)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  await untilReady(holder);
  const inside = insideOf(holder);
  const { name } = told;

  const run: FrrInstance["run"] = async (argv, input = "") => {
    const env = { ...process.env, TERM: "dumb", COLUMNS: "2000" };
    const child = spawn("nsenter", ["-t", inside, "-n", "-m", "-u", "-p", ...argv], { env });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    // A program may end without reading its input.
    child.stdin.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
    child.stdin.end(input);
    const [code] = (await once(child, "close")) as [number];
    return { code, text };
  };
  return {
    name,
    pid: inside,
    run,
    configure: async (lines) => {
      if (!lines.length) return [];
      const { text } = await run(["vtysh", "-N", name], `configure terminal\n${lines.join("\n")}\nend\n`);
      return answersIn(text, name);
    },
    running: async () => (await run(["vtysh", "-N", name, "-c", "show running-config"])).text,
    stop: async () => {
      if (holder.exitCode !== null || holder.signalCode !== null) return;
      holder.kill("SIGKILL");
      await once(holder, "exit");
    },
  };
}
