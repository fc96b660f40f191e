/**
 * Within the namespace: starts the server, makes its administrator, the keys and something of each kind, says how to reach them, and stays
 * until stdin ends. Then stops the server and says how it fared.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { permissions } from "../../packages/contract/src/index.ts";
import { furnish } from "./furnish.ts";

const home = process.argv[2] ?? "";
const root = join(import.meta.dirname, "../..");
const password = "correct horse battery";
const grantable = permissions.filter((one) => one !== "public" && one !== "self");

spawnSync("ip", ["link", "set", "lo", "up"], { stdio: "inherit" });
const server = spawn(process.execPath, ["packages/server/src/apps/serve.ts"], {
  cwd: root,
  stdio: ["ignore", "pipe", "inherit"],
  env: {
    PATH: process.env["PATH"],
    HOLDFAST_HOME: home,
    HOLDFAST_PORT: "0",
    HOLDFAST_RATE_LIMIT_USER: "0",
    HOLDFAST_RATE_LIMIT_ADDRESS: "0",
    HOLDFAST_API_KEYS_PER_HOUR: "1000",
    HOLDFAST_LOG_LEVEL: "info",
  },
});
process.once("exit", () => server.kill());
const ended = once(server, "close") as Promise<[number | null]>;
const seen = { requests: 0, errors: [] as string[] };
const lines = createInterface({ input: server.stdout });

async function setupAddress(): Promise<URL> {
  for await (const line of lines) {
    const address = /first administrator: (\S+)/.exec(line)?.[1];
    if (address !== undefined) return new URL(address);
  }
  throw new Error("the server ended before it answered");
}

/** 200 while the key counts. */
async function statusOf(key: string): Promise<number> {
  const answer = await fetch(`${origin}/api/v1/auth/me`, { headers: { authorization: `Bearer ${key}` } });
  await answer.body?.cancel();
  return answer.status;
}

type Post = (path: string, body: object) => Promise<Record<string, unknown>>;

/** Posts as a browser on the console's page does. */
function poster(origin: string, headers: Record<string, string>): Post {
  return async (path, body) => {
    const answer = await fetch(`${origin}/api/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin, ...headers },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${text}`);
    const cookie = answer.headers.getSetCookie()[0]?.split(";")[0];
    if (cookie !== undefined) headers["cookie"] = cookie;
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
}

const setup = await setupAddress();
lines.on("line", (line) => {
  if (line.includes('"msg":"request"')) seen.requests++;
  if (/"level":"(error|fatal)"/.test(line)) seen.errors.push(line);
});
const { origin } = setup;
const post = poster(origin, {});
const { user: administrator } = await post("/setup", { token: setup.hash.replace("#token=", ""), name: "ada", password });
const { key: admin, id: adminKey } = await post("/api-keys", { name: "attacker", scopes: grantable });
const { id: viewer } = await post("/users", { name: "vera", password, grants: [{ role: "viewer" }] });
const asReader = poster(origin, {});
await asReader("/auth/sign-in", { name: "vera", password });
const { key: reader, id: readerKey } = await asReader("/api-keys", { name: "attacker" });
await furnish(poster(origin, { authorization: `Bearer ${String(admin)}` }));
const spared = [(administrator as { id: string }).id, adminKey, viewer, readerKey];
process.stdout.write(`${JSON.stringify({ url: origin, admin, reader, spared })}\n`);

process.stdin.resume();
await once(process.stdin, "end");
const keys = await Promise.all([admin, reader].map(async (key) => statusOf(String(key))));
server.kill("SIGTERM");
const [code] = await ended;
process.stdout.write(`${JSON.stringify({ ...seen, keys, code })}\n`);
