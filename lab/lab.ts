/** A lab of real routers: FRR behind OpenSSH in network namespaces. Up, down, what is there, and a look at each router itself. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labUser } from "./boot.ts";
import { openDoors } from "./doors.ts";
import { labFiles, renderLab, type Door } from "./intent.ts";
import { bootRouter, emptyFolder, inRouter, makeKey, managementOf, namespacesOf, pause, unwire, wire } from "./network.ts";
import { planTopology, type LabRouter, type Topology } from "./topology.ts";

export interface Lab {
  /** Every name of it begins so. */
  name: string;
  directory: string;
  topology: Topology;
  user: string;
  password: string;
  /** A private key (OpenSSH) that signs in to every router. */
  privateKey: string;
  doors: Record<string, Door>;
  /** Host keys by router, `SHA256:…`. */
  fingerprints: Record<string, string>;
  /** By router: the process that all of it ends with. */
  holders: Record<string, number>;
  /** Seconds that building, booting and the first convergence took. */
  took: { wiring: number; boot: number; converged: number };
}

export interface UpOptions {
  name: string;
  routers: number;
  tell: (line: string) => void;
}

export function labDirectory(name: string): string {
  return join(tmpdir(), name);
}

/** The lab of that name, if it is up. */
export async function findLab(name: string): Promise<Lab | undefined> {
  const file = join(labDirectory(name), "lab.json");
  return existsSync(file) ? (JSON.parse(await readFile(file, "utf8")) as Lab) : undefined;
}

/** Builds a lab and waits until every OSPF and BGP session is up. One of that name that is there is taken away first. */
export async function buildLab({ name, routers, tell }: UpOptions): Promise<Lab> {
  await razeLab(name);
  const directory = labDirectory(name);
  await emptyFolder(directory);
  try {
    const begun = Date.now();
    const topology = planTopology(routers);
    await wire(name, topology);
    const doors = await openDoors(managementOf(name), topology.routers);
    const wired = Date.now();
    tell(`${routers} namespaces wired in ${seconds(wired - begun)} s`);
    const lab = await bootAll({ name, directory, topology, doors });
    const booted = Date.now();
    tell(`${routers} routers booted in ${seconds(booted - wired)} s`);
    await converge(lab, 90_000);
    tell(`every OSPF and BGP session up ${seconds(Date.now() - booted)} s later`);
    lab.took = { wiring: (wired - begun) / 1000, boot: (booted - wired) / 1000, converged: (Date.now() - booted) / 1000 };
    await writeFile(join(directory, "lab.json"), JSON.stringify(lab, undefined, 2), { mode: 0o600 });
    return lab;
  } catch (thrown) {
    await razeLab(name);
    throw thrown;
  }
}

type Plot = { name: string; directory: string; topology: Topology; doors: Map<string, Door> };

async function bootAll({ name, directory, topology, doors }: Plot): Promise<Lab> {
  const password = randomBytes(12).toString("base64url");
  await makeKey(join(directory, "user_key"));
  const authorizedKey = await readFile(join(directory, "user_key.pub"), "utf8");
  const files = labFiles(topology, doors);
  const lab: Lab = {
    name,
    directory,
    topology,
    user: labUser,
    password,
    privateKey: await readFile(join(directory, "user_key"), "utf8"),
    doors: Object.fromEntries(doors),
    fingerprints: {},
    holders: {},
    took: { wiring: 0, boot: 0, converged: 0 },
  };
  const boot = async (router: LabRouter): Promise<void> => {
    const own = join(directory, router.name);
    await mkdir(own, { mode: 0o755 });
    lab.fingerprints[router.name] = await makeKey(join(own, "host_key"));
    const parts = { router, directory: own, password, authorizedKey, config: renderLab(files, router.name) };
    lab.holders[router.name] = await bootRouter(name, parts);
  };
  // All of them to their end, so that nothing is still being started when a failure takes the lab away.
  const booted = await Promise.allSettled(topology.routers.map(boot));
  const failed = booted.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
  return lab;
}

/** Ends everything of a lab; what was found of it. */
export async function razeLab(name: string): Promise<{ processes: number; namespaces: number }> {
  const namespaces = (await namespacesOf(name)).length;
  const processes = await unwire(name);
  await rm(labDirectory(name), { recursive: true, force: true });
  return { processes, namespaces };
}

/** One exec command of vtysh, typed in the router itself. */
export function vtysh(lab: Lab, router: string, ...commands: string[]): Promise<string> {
  return inside(lab, router, ["vtysh", "-N", router, ...commands.flatMap((command) => ["-c", command])]);
}

export function inside(lab: Lab, router: string, argv: readonly string[]): Promise<string> {
  return inRouter(lab.holders[router] ?? 0, argv);
}

/** The running configuration as the router itself tells it, without what changes by itself. */
export async function runningOf(lab: Lab, router: string): Promise<string> {
  const text = await vtysh(lab, router, "show running-config");
  return text.slice(text.indexOf("Current configuration:\n") + "Current configuration:\n".length);
}

export interface Neighbors {
  ospf: number;
  bgp: number;
}

/** Sessions that are up. */
export async function neighborsOf(lab: Lab, router: string): Promise<Neighbors> {
  const [ospf, bgp] = await Promise.all([vtysh(lab, router, "show ip ospf neighbor json"), vtysh(lab, router, "show bgp summary json")]);
  // Old releases say `state`, newer ones `nbrState`, some both.
  const full = Math.max(...["nbrState", "state"].map((key) => ospf.split(`"${key}":"Full`).length - 1));
  return { ospf: full, bgp: bgp.split('"state":"Established"').length - 1 };
}

/** Sessions that there are to be. */
export function wantedOf(router: LabRouter): Neighbors {
  const between = router.ports.filter(({ kind }) => kind === "between").length;
  return { ospf: router.ports.length - between, bgp: router.ibgp.length + between };
}

/** Waits until every session of every router is up. @throws Error that names the ones that are not */
export async function converge(lab: Lab, withinMs: number): Promise<void> {
  const until = Date.now() + withinMs;
  let waiting = lab.topology.routers;
  for (;;) {
    const late: string[] = [];
    for (const router of waiting) {
      const [has, wants] = [await neighborsOf(lab, router.name), wantedOf(router)];
      if (has.ospf < wants.ospf || has.bgp < wants.bgp)
        late.push(`${router.name} (OSPF ${has.ospf}/${wants.ospf}, BGP ${has.bgp}/${wants.bgp})`);
    }
    if (late.length === 0 && waiting.length === lab.topology.routers.length) return;
    waiting = lab.topology.routers.filter(({ name }) => late.length === 0 || late.some((one) => one.startsWith(`${name} `)));
    if (Date.now() > until) throw new Error(`These routers do not find their neighbours: ${late.join(", ")}`);
    if (late.length > 0) await pause(200);
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
