/** What the lab needs of this machine: root, namespaces, FRR, OpenSSH. Says what is missing, and installs packages where it may. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";

const packages = ["frr", "frr-pythontools", "openssh-server", "iproute2", "nftables", "iputils-ping", "procps"];
const programs = [
  "/usr/lib/frr/bgpd",
  "/usr/lib/frr/frr-reload.py",
  "/usr/bin/vtysh",
  "/usr/sbin/sshd",
  "/sbin/ip",
  "/usr/sbin/nft",
  "/bin/ping",
];

export const aptLine = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;

/** Something that the person who started this can mend. */
export class LabProblem extends Error {}

/** Why no lab can be built here; undefined when it can. Does not change anything. */
export function labUnavailable(): string | undefined {
  if (process.platform !== "linux") return "the lab needs Linux (network namespaces)";
  if (process.getuid?.() !== 0) return "the lab needs root (network namespaces, FRR); nothing of the host's own network is touched";
  const refused = spawnSync("unshare", ["-n", "-m", "-u", "-p", "-f", "true"]).status !== 0;
  if (refused) return "this machine refuses new namespaces (unshare -n -m -u -p)";
  const missing = programs.filter((program) => !existsSync(program));
  return missing.length === 0 ? undefined : `${missing.join(", ")} missing: apt-get update && ${aptLine}`;
}

/** Installs what is missing. @throws LabProblem with the one line to say where it cannot */
export function prepareHost(tell: (line: string) => void): void {
  if (labUnavailable()?.includes("apt-get") && existsSync("/usr/bin/apt-get")) {
    tell(`Installing: ${aptLine}`);
    install();
  }
  const missing = labUnavailable();
  if (missing !== undefined) throw new LabProblem(`No lab here: ${missing}.`);
}

/** Debian starts a service as soon as it is installed: the lab wants the programs, not a router or an SSH server on this host. */
const services = { frr: "/usr/lib/frr/zebra", ssh: "/usr/sbin/sshd" };
const policyFile = "/usr/sbin/policy-rc.d";

function install(): void {
  const mine = Object.entries(services).flatMap(([unit, program]) => (existsSync(program) ? [] : [unit]));
  const ownPolicy = !existsSync(policyFile);
  if (ownPolicy) writeFileSync(policyFile, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    for (const line of ["apt-get update -q", aptLine]) {
      const [program = "", ...args] = line.split(" ");
      spawnSync(program, args, { env, stdio: ["ignore", "ignore", "inherit"] });
    }
  } finally {
    if (ownPolicy) rmSync(policyFile);
  }
  if (existsSync("/run/systemd/system")) for (const unit of mine) spawnSync("systemctl", ["disable", unit], { stdio: "ignore" });
}

const runFile = promisify(execFile);

/** Runs a program; its stdout. @throws Error with what it said */
export async function run(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await runFile(program, [...args], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** Runs a program with text on its stdin. */
export function feed(program: string, args: readonly string[], text: string): void {
  const { status, stderr } = spawnSync(program, args, { input: text, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}
