/** Namespaces, links and routers of one lab: made, asked, taken away. Every name begins with the lab's own. */
import { spawn } from "node:child_process";
import { existsSync, openSync, closeSync } from "node:fs";
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bootFiles, type BootParts } from "./boot.ts";
import { feed, run } from "./host.ts";
import { managementPrefix, type LabRouter, type Topology } from "./topology.ts";

const switchDirectory = fileURLToPath(new URL("../deploy/frr/", import.meta.url));
const tools = ["holdfast-switch", "holdfast-keys", "holdfast-vtysh"];

export const managementOf = (lab: string): string => `${lab}-mgmt`;
export const namespaceOf = (lab: string, router: string): string => `${lab}-${router}`;

/** Interface of the management namespace that leads to a router. */
export const portOf = (router: LabRouter): string => `r${router.number}`;

export async function wire(lab: string, topology: Topology): Promise<void> {
  const management = managementOf(lab);
  const names = topology.routers.map((router) => namespaceOf(lab, router.name));
  for (const name of [management, ...names]) await run("ip", ["netns", "add", name]);
  batch(management, [
    "link set lo up",
    "link add br0 type bridge",
    "link set br0 up",
    `addr add ${managementPrefix}.254/24 dev br0`,
    ...topology.routers.flatMap((router) => [
      `link add ${portOf(router)} type veth peer name mgmt0 netns ${namespaceOf(lab, router.name)}`,
      `link set ${portOf(router)} master br0 up`,
    ]),
  ]);
  for (const router of topology.routers) {
    batch(namespaceOf(lab, router.name), [
      "link set lo up",
      `addr add ${router.management}/24 dev mgmt0`,
      "link set mgmt0 up",
      ...router.ports.filter((port) => port.address.endsWith(".1")).map((port) => linkLine(lab, port)),
    ]);
  }
  for (const router of topology.routers) {
    batch(
      namespaceOf(lab, router.name),
      router.ports.map((port) => `link set ${port.name} up`),
    );
  }
}

function linkLine(lab: string, port: LabRouter["ports"][number]): string {
  return `link add ${port.name} type veth peer name ${port.peerPort} netns ${namespaceOf(lab, port.peer)}`;
}

function batch(namespace: string, lines: string[]): void {
  feed("ip", ["-n", namespace, "-batch", "-"], `${lines.join("\n")}\n`);
}

/** Starts a router and waits until its sshd answers; the pid of the process that all of it ends with. */
export async function bootRouter(lab: string, parts: BootParts): Promise<number> {
  const { directory, router } = parts;
  for (const [name, text] of Object.entries(bootFiles(parts))) await writeFile(join(directory, name), text, { mode: 0o600 });
  for (const tool of tools) {
    await copyFile(join(switchDirectory, tool), join(directory, tool));
    await chmod(join(directory, tool), 0o755);
  }
  const log = openSync(join(directory, "boot.log"), "w");
  const script = ["unshare", "-m", "-u", "-p", "-f", "--kill-child", "sh", join(directory, "boot.sh")];
  const holder = spawn("nsenter", [`--net=/run/netns/${namespaceOf(lab, router.name)}`, ...script], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const ended = new Promise<"ended">((resolve) => void holder.once("exit", () => resolve("ended")));
  while (!existsSync(join(directory, "ready"))) {
    const state = await Promise.race([ended, pause(30)]);
    if (state === "ended") throw new Error(`${router.name} did not start: ${(await readFile(join(directory, "boot.log"), "utf8")).trim()}`);
  }
  holder.unref();
  return holder.pid ?? 0;
}

/** Makes a host key; its fingerprint, `SHA256:…`. */
export async function makeKey(file: string): Promise<string> {
  await rm(file, { force: true });
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", file]);
  return (await run("ssh-keygen", ["-lf", `${file}.pub`])).split(" ")[1] ?? "";
}

/** Runs a program inside a router, as root. */
export async function inRouter(holder: number, argv: readonly string[]): Promise<string> {
  return run("nsenter", [...(await into(holder)), ...argv]);
}

/** Words that lead into a router. */
export async function into(holder: number): Promise<string[]> {
  const inside = (await readFile(`/proc/${holder}/task/${holder}/children`, "utf8")).trim();
  return ["-t", inside, "-n", "-m", "-u", "-p"];
}

/** Namespaces of labs whose names begin so. */
export async function namespacesOf(lab: string): Promise<string[]> {
  const listed = await run("ip", ["netns", "list"]);
  return listed
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .filter((name) => name.startsWith(`${lab}-`));
}

/** Ends every process in the lab's namespaces and removes them; how many processes there were. */
export async function unwire(lab: string): Promise<number> {
  const names = await namespacesOf(lab);
  const killed = new Set<number>();
  for (let round = 0; ; round++) {
    const pids = (await Promise.all(names.map(pidsIn))).flat();
    if (pids.length === 0) break;
    if (round > 200) throw new Error(`These processes of the lab do not end: ${pids.join(" ")}`);
    for (const pid of pids) killOne(pid, killed);
    await pause(25);
  }
  for (const name of names) await run("ip", ["netns", "delete", name]);
  return killed.size;
}

async function pidsIn(namespace: string): Promise<number[]> {
  return (await run("ip", ["netns", "pids", namespace])).split("\n").filter(Boolean).map(Number);
}

function killOne(pid: number, killed: Set<number>): void {
  killed.add(pid);
  try {
    process.kill(pid, "SIGKILL");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}

export async function emptyFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true, mode: 0o755 });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
