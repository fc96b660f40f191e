/**
 * Within the namespace: starts the server, makes the keys and something of each kind, says how to reach them, and stays until stdin ends.
 * Then stops the server and says how it fared.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { allPowerfulKey, poster, servedPassword, startServed } from "../../packages/server/test/served.ts";
import { furnish } from "./furnish.ts";

spawnSync("ip", ["link", "set", "lo", "up"], { stdio: "inherit" });
const seen = { requests: 0, errors: [] as string[] };
const settings = {
  HOLDFAST_HOME: process.argv[2] ?? "",
  HOLDFAST_RATE_LIMIT_USER: "0",
  HOLDFAST_RATE_LIMIT_ADDRESS: "0",
  HOLDFAST_API_KEYS_PER_HOUR: "1000",
};
const served = await startServed(settings, (line) => {
  if (line.includes('"msg":"request"')) seen.requests++;
  if (/"level":"(error|fatal)"/.test(line)) seen.errors.push(line);
});
const { origin, administrator, post } = served;

const admin = await allPowerfulKey(post);
const { id: viewer } = await post("/users", { name: "vera", password: servedPassword, grants: [{ role: "viewer" }] });
const asReader = poster(origin, {});
await asReader("/auth/sign-in", { name: "vera", password: servedPassword });
const reader = (await asReader("/api-keys", { name: "reading" })) as { id: string; key: string };
await furnish(poster(origin, { authorization: `Bearer ${admin.key}` }));
const spared = [administrator.id, admin.id, viewer, reader.id];
process.stdout.write(`${JSON.stringify({ url: origin, admin: admin.key, reader: reader.key, spared })}\n`);

process.stdin.resume();
await once(process.stdin, "end");
const keys = await Promise.all([admin, reader].map(({ key }) => statusOf(key)));
const code = await served.stop();
process.stdout.write(`${JSON.stringify({ ...seen, keys, code })}\n`);

/** 200 while the key counts. */
async function statusOf(key: string): Promise<number> {
  const answer = await fetch(`${origin}/api/v1/auth/me`, { headers: { authorization: `Bearer ${key}` } });
  await answer.body?.cancel();
  return answer.status;
}
