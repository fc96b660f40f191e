/**
 * Tokens: what a request pays for its caller (by cookie, API key, access token; kept and looked up), and rotations of refresh tokens a
 * second, beside bare `jose` verifying the same token. One process, one database of its own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { importJWK, jwtVerify } from "jose";
import { Secret } from "../packages/kit/src/index.ts";
import { sessionCookie } from "../packages/server/src/core/identity/index.ts";
import { silentLog } from "../packages/server/src/platform/log.ts";
import { loadSettings } from "../packages/server/src/platform/settings.ts";
import { liveSourceOf } from "../packages/server/src/platform/live.ts";
import { compose } from "../packages/server/src/apps/compose.ts";

const root = { actor: "system:bench", access: "unlimited" } as const;
const password = "correct horse battery";
const home = mkdtempSync(join(tmpdir(), "holdfast-bench-tokens-"));
const url = process.env["DATABASE_URL"];
const settings = {
  ...loadSettings({ HOLDFAST_HOME: home, HOLDFAST_PORT: "0", HOLDFAST_API_KEYS_PER_HOUR: "100" }),
  ...(url === undefined ? {} : { databaseUrl: new Secret(url) }),
};
const holdfast = await compose({ settings, log: silentLog });
const { identity } = holdfast;
const over = new AbortController();

async function micros(count: number, work: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < count / 10; i++) await work();
  const startedMs = performance.now();
  for (let i = 0; i < count; i++) await work();
  return Math.round(((performance.now() - startedMs) * 1000) / count);
}

try {
  const name = `bench${Date.now()}`;
  await identity.createUser({ name, grants: [{ role: "operator" }], password }, root);
  const signIn = async (): Promise<string> => {
    const answer = await identity.signIn({ name, password }, {});
    if ("token" in answer) return answer.token;
    throw new Error("a second factor is asked for");
  };
  const byCookie = { headers: {}, cookies: { [sessionCookie]: await signIn() } };
  const caller = await identity.authenticate(byCookie);
  if (!caller) throw new Error("not signed in");
  const { key } = await identity.createKey({ name: "bench", scopes: [], expiresInDays: 1 }, caller);
  const byKey = { headers: { authorization: `Bearer ${key}` }, cookies: {} };
  const traded = { headers: {}, cookies: { [sessionCookie]: await signIn() } };
  const owner = await identity.authenticate(traded);
  if (!owner) throw new Error("not signed in");
  let pair = await identity.tradeSession(owner, {});
  const byToken = { headers: { authorization: `Bearer ${pair.accessToken}` }, cookies: {} };

  const jwk = (await identity.keySet()).keys[0] ?? {};
  const verifying = await importJWK(jwk, "EdDSA");
  const token = pair.accessToken;
  const bare = await micros(2000, () => jwtVerify(token, verifying, { algorithms: ["EdDSA"], typ: "at+jwt" }));
  const ways = { cookie: byCookie, "API key": byKey, "access token": byToken };
  const lookedUp: Record<string, number> = {};
  for (const [way, shown] of Object.entries(ways)) lookedUp[way] = await micros(1000, () => identity.authenticate(shown));
  const following = identity.follow(liveSourceOf({ events: holdfast.events, db: holdfast.database.db }), {
    signal: over.signal,
    log: silentLog,
  });
  await new Promise((resolve) => void setTimeout(resolve, 300));
  const kept: Record<string, number> = {};
  for (const [way, shown] of Object.entries(ways)) kept[way] = await micros(5000, () => identity.authenticate(shown));

  const rotations = 500;
  const startedMs = performance.now();
  for (let i = 0; i < rotations; i++) pair = await identity.refreshTokens(pair.refreshToken, {});
  const oneByOne = Math.round((rotations * 1000) / (performance.now() - startedMs));
  const families = [];
  for (let i = 0; i < 8; i++) {
    const held = await identity.authenticate({ headers: {}, cookies: { [sessionCookie]: await signIn() } });
    if (held) families.push(await identity.tradeSession(held, {}));
  }
  const togetherMs = performance.now();
  await Promise.all(
    families.map(async (first) => {
      let next = first;
      for (let i = 0; i < 100; i++) next = await identity.refreshTokens(next.refreshToken, {});
    }),
  );
  const together = Math.round(800_000 / (performance.now() - togetherMs));
  over.abort();
  await following;
  const figures = {
    load: loadavg()[0]?.toFixed(1),
    bareJoseVerifyUs: bare,
    lookedUpUs: lookedUp,
    keptUs: kept,
    refreshPerS: { oneByOne, eightAtOnce: together },
  };
  process.stdout.write(
    `${JSON.stringify(figures, undefined, 2)}\nratio of an access token (kept) to bare jose: ${((kept["access token"] ?? 0) / bare).toFixed(2)}\n`,
  );
} finally {
  await holdfast.stop();
  rmSync(home, { recursive: true, force: true });
}
