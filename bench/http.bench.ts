/**
 * The API with all its guards on (keys, rate limits that count, contract, audit of writes): time and CPU of a request at an even rate beside
 * Fastify alone; reads while many sign in; how long a sign-in takes for names that are known, unknown and disabled; what a check of a
 * permission costs. Server, peer and load are processes of their own. `npm run bench -- http [requests per second] [seconds]`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseSelector } from "../packages/kit/src/index.ts";
import { can, type Access } from "../packages/server/src/platform/reach.ts";
import { allPowerfulKey, poster, servedPassword, startServed, type Post, type Served } from "../packages/server/test/served.ts";
import type { Kind, Load, Seen } from "./http-load.ts";

const perSecond = Number(process.argv[2] ?? 1000);
const seconds = Number(process.argv[3] ?? 20);
const tries = 200;
const say = (what: string, figure: string): void => console.log(`  ${what.padEnd(52)} ${figure}`);
const ms = (value: number): string => `${value.toFixed(1)} ms`;

const newDevice = (name: string): object => ({ name, platform: "ios", address: "192.0.2.1", site: "lyon", labels: { role: "edge" } });
const reads: Kind[] = [
  { share: 30, method: "GET", path: "/api/v1/devices?limit=20" },
  { share: 38, method: "GET", path: "/api/v1/devices/bench-1" },
  { share: 10, method: "GET", path: "/api/v1/findings?limit=20" },
  { share: 10, method: "GET", path: "/api/v1/audit?limit=20" },
  { share: 10, method: "GET", path: "/api/v1/auth/me" },
];
const writes: Kind[] = [{ share: 2, method: "POST", path: "/api/v1/devices", body: JSON.stringify(newDevice("made-{n}")) }];

async function put(load: Load): Promise<Seen> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "http-load.ts"), JSON.stringify(load)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(child, "close");
  return JSON.parse(text) as Seen;
}

/** CPU time of a process and of those of its children that have ended, in microseconds (proc_pid_stat(5): hundredths of a second). */
function cpuOf(pid: number): number {
  const [own = 0, system = 0, children = 0, systemOfChildren = 0] = statOf(pid).slice(11, 15).map(Number);
  return (own + system + children + systemOfChildren) * 10_000;
}

/** The fields after the program's name; none of a process that has ended. */
function statOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** CPU time of all processes below one: of a server, its database. */
function cpuBelow(pid: number): number {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const children = all.map(Number).filter((one) => Number(statOf(one)[1]) === pid);
  return children.reduce((sum, child) => sum + cpuOf(child) + cpuBelow(child), 0);
}

function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
}

const answered = ({ statuses }: Seen): number => Object.values(statuses).reduce((sum, count) => sum + count, 0);

function sayLoad(what: string, seen: Seen): void {
  say(what, `p50 ${ms(seen.p50)}  p99 ${ms(seen.p99)}  ${Math.round(seen.perSecond)}/s  ${JSON.stringify(seen.statuses)}`);
}

async function measureRequests({ pid, origin }: Served, headers: Record<string, string>): Promise<void> {
  const kinds = [...reads, ...writes];
  await put({ origin, headers, perSecond: perSecond / 2, seconds: 5, kinds: reads });
  const before = { server: cpuOf(pid), database: cpuBelow(pid) };
  const seen = await put({ origin, headers, perSecond, seconds, kinds });
  const used = { server: cpuOf(pid) - before.server, database: cpuBelow(pid) - before.database };
  sayLoad(`${perSecond} requests/s, one in fifty writes`, seen);
  const each = used.server / answered(seen);
  say("CPU of a request", `${Math.round(each)} µs, and ${Math.round(used.database / answered(seen))} µs of PostgreSQL`);
  say("memory of the server", `${Math.round(memoryOf(pid))} MB`);
  const peer = await measurePeer(origin, headers, kinds);
  sayLoad("peer: Fastify alone, the same answers from memory", peer.seen);
  say("peer: CPU of a request", `${Math.round(peer.each)} µs; ours costs ${(each / peer.each).toFixed(1)} times as much`);
}

async function measurePeer(origin: string, headers: Record<string, string>, kinds: Kind[]): Promise<{ seen: Seen; each: number }> {
  const bodies: Record<string, unknown> = {};
  for (const { path } of reads) bodies[path.split("?")[0] ?? ""] = await (await fetch(`${origin}${path}`, { headers })).json();
  const peer = spawn(process.execPath, [join(import.meta.dirname, "../packages/server/test/bare-fastify.ts"), JSON.stringify(bodies)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [at] = (await once(peer.stdout, "data")) as [Buffer];
    const load = { origin: at.toString().trim(), headers, kinds };
    await put({ ...load, perSecond: perSecond / 2, seconds: 5 });
    const before = cpuOf(peer.pid ?? 0);
    const seen = await put({ ...load, perSecond, seconds });
    return { seen, each: (cpuOf(peer.pid ?? 0) - before) / answered(seen) };
  } finally {
    peer.kill();
  }
}

/** Sign-ins of 32 at a time, each as often as it is answered, beside reads at a fifth of the rate. */
async function measureFlood({ origin }: Served, headers: Record<string, string>, names: string[]): Promise<void> {
  const load = { origin, headers, perSecond: perSecond / 5, seconds: seconds / 2, kinds: reads };
  sayLoad("reads alone, at a fifth of the rate", await put(load));
  const over = { yet: false };
  const answers: Record<string, number> = {};
  const begun = performance.now();
  const flood = Array.from({ length: 32 }, async (_, one) => {
    for (let no = one; !over.yet; no += 32) {
      const { status } = await signIn(origin, { name: names[no % names.length] ?? "", password: servedPassword, from: no });
      answers[status] = (answers[status] ?? 0) + 1;
    }
  });
  sayLoad("reads while 32 at a time sign in", await put(load));
  over.yet = true;
  await Promise.all(flood);
  const lasted = (performance.now() - begun) / 1000;
  say("sign-ins (Argon2id, 19 MiB and 2 passes)", `${((answers["200"] ?? 0) / lasted).toFixed(0)}/s  ${JSON.stringify(answers)}`);
}

/** From an address of its own, as a proxy tells it, so that no count of tries stands in the way. */
async function signIn(origin: string, by: { name: string; password: string; from: number }): Promise<{ status: number; tookMs: number }> {
  const begun = performance.now();
  const answer = await fetch(`${origin}/api/v1/auth/sign-in`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-forwarded-for": `10.${(by.from >> 16) & 255}.${(by.from >> 8) & 255}.${by.from & 255}`,
    },
    body: JSON.stringify({ name: by.name, password: by.password }),
  });
  await answer.arrayBuffer();
  return { status: answer.status, tookMs: performance.now() - begun };
}

/** One after the other, the three kinds in turn, each name once. */
async function measureGap({ origin }: Served, people: { known: string[]; disabled: string[] }): Promise<void> {
  const took: Record<string, number[]> = { known: [], unknown: [], disabled: [] };
  for (let no = 0; no < tries; no++) {
    const names = { known: people.known[no], unknown: `nobody-${no}`, disabled: people.disabled[no] };
    for (const [at, [kind, name = ""]] of Object.entries(names).entries()) {
      const { status, tookMs } = await signIn(origin, { name, password: "not the password", from: 1_000_000 + no * 3 + at });
      if (status !== 401) throw new Error(`a wrong sign-in (${kind}) was answered with ${status}`);
      took[kind]?.push(tookMs);
    }
  }
  const medians = Object.values(took).map((all) => all.toSorted((left, right) => left - right)[Math.floor(all.length / 2)] ?? 0);
  const gap = Math.max(...medians) - Math.min(...medians);
  const told = Object.keys(took).map((kind, at) => `${kind} ${ms(medians[at] ?? 0)}`);
  say(`wrong sign-ins, median of ${tries} each`, `${told.join("  ")}; ${gap.toFixed(2)} ms apart (to reach: < 5 ms)`);
}

/** Twenty grants, each for a site, of which the last one fits. */
function measureCheck(): void {
  const reach = Array.from({ length: 20 }, (_, no) => parseSelector(`site=site-${no},role in (edge,core)`));
  const access: Access = new Map([["devices:read", reach]]);
  const labels = { site: "site-19", role: "core", tier: "one" };
  const count = 500_000;
  let allowed = 0;
  const run = (): number => {
    const begun = performance.now();
    for (let no = 0; no < count; no++) if (can({ access }, "devices:read", labels)) allowed++;
    return ((performance.now() - begun) * 1e6) / count;
  };
  run();
  const each = run();
  if (allowed !== 2 * count) throw new Error("a permission that is there was denied");
  say("can(), the last of 20 grants with selectors", `${Math.round(each)} ns`);
}

async function people(post: Post): Promise<{ known: string[]; disabled: string[] }> {
  const names = Array.from({ length: 2 * tries }, (_, no) => `person-${no}`);
  const left = [...names];
  const one = async (): Promise<void> => {
    for (let name = left.pop(); name !== undefined; name = left.pop())
      await post("/users", { name, password: servedPassword, grants: [{ role: "viewer" }] });
  };
  await Promise.all([one(), one(), one(), one()]);
  return { known: names.slice(0, tries), disabled: names.slice(tries) };
}

async function disable(origin: string, authorization: string, names: string[]): Promise<void> {
  const gone = new Set(names);
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const page = await fetch(`${origin}/api/v1/users?limit=100${cursor === "" ? "" : `&cursor=${cursor}`}`, { headers: { authorization } });
    const { items, next } = (await page.json()) as { items: { id: string; name: string; etag: string }[]; next?: string };
    for (const { id, name, etag } of items) {
      if (!gone.has(name)) continue;
      const headers = { authorization, "content-type": "application/json", "if-match": `"${etag}"` };
      const answer = await fetch(`${origin}/api/v1/users/${id}`, { method: "PATCH", headers, body: JSON.stringify({ disabled: true }) });
      if (!answer.ok) throw new Error(await answer.text());
    }
    cursor = next;
  }
}

const home = mkdtempSync(join(tmpdir(), "holdfast-bench-http-"));
const load = (): string => loadavg()[0]?.toFixed(1) ?? "";
console.log(`http; ${cpus().length} × ${cpus()[0]?.model}; load average ${load()}`);
measureCheck();
const served = await startServed({
  HOLDFAST_HOME: home,
  HOLDFAST_RATE_LIMIT_USER: "1000000",
  HOLDFAST_RATE_LIMIT_ADDRESS: "1000000",
  HOLDFAST_TRUSTED_PROXIES: "127.0.0.1",
  HOLDFAST_LOG_LEVEL: "info",
});
try {
  const { key } = await allPowerfulKey(served.post);
  const authorization = `Bearer ${key}`;
  const post = poster(served.origin, { authorization });
  for (let no = 0; no < 50; no++) await post("/devices", newDevice(`bench-${no}`));
  await measureRequests(served, { authorization });
  const { known, disabled } = await people(post);
  await disable(served.origin, authorization, disabled);
  await measureGap(served, { known, disabled });
  await measureFlood(served, { authorization }, known);
  console.log(`  load average at the end ${load()}`);
} finally {
  await served.stop();
  rmSync(home, { recursive: true, force: true });
}
