/**
 * Within the namespace: starts the server, makes the keys and something of each kind, says how to reach them, and stays until stdin ends.
 * Then stops the server and says how it fared.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { allPowerfulKey, cookieOf, poster, servedPassword, startServed } from "../../packages/server/test/served.ts";
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
const user = async (name: string): Promise<string> =>
  String((await post("/users", { name, password: servedPassword, grants: [{ role: "viewer" }] }))["id"]);
const users = [await user("vera"), await user("sam")];
const asReader = poster(origin, { cookie: await cookieOf(origin, "vera") });
const reader = (await asReader("/api-keys", { name: "reading" })) as { id: string; key: string };
const session = await cookieOf(origin, "sam");
await furnish(poster(origin, { authorization: `Bearer ${admin.key}` }));
const spared = [administrator.id, admin.id, ...users, reader.id, await sessionIdOf(session)];
process.stdout.write(`${JSON.stringify({ url: origin, admin: admin.key, reader: reader.key, session, spared })}\n`);

process.stdin.resume();
await once(process.stdin, "end");
const code = await served.stop();
process.stdout.write(`${JSON.stringify({ ...seen, code })}\n`);

async function sessionIdOf(cookie: string): Promise<string> {
  const answer = await fetch(`${origin}/api/v1/sessions`, { headers: { cookie } });
  const { items } = (await answer.json()) as { items: { id: string; current: boolean }[] };
  return items.find(({ current }) => current)?.id ?? "";
}
