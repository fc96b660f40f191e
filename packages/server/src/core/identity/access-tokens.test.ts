import { createPublicKey, generateKeyPairSync, createHmac, sign as signBytes, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { from, identityWorld, root, type IdentityWorld } from "#test/identity";
import { createIdentity } from "./index.ts";
import { openSigningKey } from "./signing-keys.ts";
import { signingKeys } from "./store-signing-keys.ts";

let world: IdentityWorld;
beforeAll(async () => void (world = await identityWorld()));
afterAll(() => world.database.drop());

const minute = 60_000;
type Json = Record<string, unknown>;
const part = (value: unknown): string => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const read = (text: string | undefined): Json => JSON.parse(Buffer.from(text ?? "", "base64url").toString()) as Json;

async function tokensOf(name = "ada") {
  await world.make(name);
  const { token } = await world.signIn(name);
  return { cookie: token, ...(await world.identity.tradeSession(await world.callerWith(token), from)) };
}
const withToken = (token: string) => world.identity.authenticate({ headers: { authorization: `Bearer ${token}` }, cookies: {} });

/** Our own key, as whoever had stolen it would use it. */
async function ourKey(): Promise<KeyObject> {
  const [row] = await signingKeys(world.db);
  if (!row) throw new Error("no key");
  return openSigningKey(world.secrets, row).signsWith;
}

describe("an access token", () => {
  beforeEach(() => world.empty());

  test("names the session, says nothing of rights, and is good for fifteen minutes", async () => {
    const { cookie, accessToken, expiresIn } = await tokensOf();
    const [header, payload] = accessToken.split(".").slice(0, 2).map(read);
    expect(header).toEqual({ alg: "EdDSA", typ: "at+jwt", kid: expect.any(String) });
    expect(Object.keys(payload ?? {}).sort()).toEqual(["aud", "client_id", "exp", "iat", "iss", "jti", "sid", "sub"]);
    expect(expiresIn).toBe(900);
    const caller = await withToken(accessToken);
    expect(caller).toMatchObject({ actor: "user:ada", via: "token", credentialId: payload?.["sid"], client: "cli" });
    expect(await world.withCookie(cookie)).toBeUndefined(); // the cookie was traded
    world.later(14 * minute);
    await withToken(accessToken);
    world.later(1 * minute + 6_000);
    await expect(withToken(accessToken)).rejects.toMatchObject({ status: 401 });
  });

  test("ends with its session, its user and the role's rights", async () => {
    const first = await tokensOf();
    const caller = await withToken(first.accessToken);
    if (!caller) throw new Error("no caller");
    await world.identity.signOut(caller);
    await expect(withToken(first.accessToken)).rejects.toMatchObject({ status: 401 });
    const second = await tokensOf("bob");
    await world.database.pool.query("update identity.user set disabled = true where name = 'bob'");
    await expect(withToken(second.accessToken)).rejects.toMatchObject({ status: 401 });
  });

  test("is verified by others with the key set alone", async () => {
    const { accessToken } = await tokensOf();
    const keySet = await world.identity.keySet();
    expect(keySet.keys[0]).toEqual({
      kty: "OKP",
      crv: "Ed25519",
      x: expect.any(String),
      kid: expect.any(String),
      alg: "EdDSA",
      use: "sig",
    });
    const server = createServer((_request, response) => response.end(JSON.stringify(keySet)));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const options = { issuer: "holdfast", audience: "holdfast-api", currentDate: new Date(world.clock.now()) };
    expect((await jwtVerify(accessToken, createRemoteJWKSet(url), options)).protectedHeader.kid).toBe(keySet.keys[0]?.["kid"]);
    server.close();
  });
});

describe("a forged token is refused:", () => {
  let good: string;
  let other: string;
  let header: Json;
  let payload: Json;
  let key: KeyObject;
  let fetched: string[];
  const server = createServer((request, response) => {
    fetched.push(request.url ?? "");
    response.end("{}");
  });
  let canary: string;

  beforeAll(async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    canary = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());
  beforeAll(async () => {
    await world.empty();
    fetched = [];
    good = (await tokensOf("ada")).accessToken;
    other = (await tokensOf("bob")).accessToken;
    [header, payload] = good.split(".").slice(0, 2).map(read) as [Json, Json];
    key = await ourKey();
  });

  /** Signed with our own key, so that nothing but what differs is wrong. */
  const ours = (head: Json, body: Json): string => {
    const text = `${part(head)}.${part(body)}`;
    return `${text}.${signBytes(null, Buffer.from(text), key).toString("base64url")}`;
  };
  const hmac = (head: Json, secret: string | Buffer): string => {
    const text = `${part(head)}.${part(payload)}`;
    return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
  };
  const foreign = generateKeyPairSync("ed25519").privateKey;
  const foreignJwk = createPublicKey(foreign).export({ format: "jwk" });
  const byStranger = (head: Json): string => {
    const text = `${part(head)}.${part(payload)}`;
    return `${text}.${signBytes(null, Buffer.from(text), foreign).toString("base64url")}`;
  };
  const nowS = (): number => Math.floor(world.clock.now() / 1000);
  const pieces = (): [string, string, string] => good.split(".") as [string, string, string];

  const forgeries: [string, () => string][] = [
    ["alg none, without a signature", () => `${part({ ...header, alg: "none" })}.${part(payload)}.`],
    ["alg None", () => `${part({ ...header, alg: "None" })}.${part(payload)}.`],
    ["alg none with the old signature", () => `${part({ ...header, alg: "none" })}.${pieces()[1]}.${pieces()[2]}`],
    ["no alg at all", () => ours({ kid: header["kid"], typ: "at+jwt" }, payload)],
    [
      "HS256 with the public key as DER",
      () => hmac({ ...header, alg: "HS256" }, createPublicKey(key).export({ format: "der", type: "spki" })),
    ],
    [
      "HS256 with the public key as PEM",
      () => hmac({ ...header, alg: "HS256" }, createPublicKey(key).export({ format: "pem", type: "spki" })),
    ],
    [
      "HS256 with the public key's x",
      () => hmac({ ...header, alg: "HS256" }, Buffer.from(createPublicKey(key).export({ format: "jwk" }).x ?? "", "base64url")),
    ],
    ["HS256 with an empty key", () => hmac({ ...header, alg: "HS256" }, "")],
    ["RS256 in name", () => ours({ ...header, alg: "RS256" }, payload)],
    ["ES256 in name", () => ours({ ...header, alg: "ES256" }, payload)],
    ["Ed25519 in name, which is not the one algorithm", () => ours({ ...header, alg: "Ed25519" }, payload)],
    ["another key under our kid", () => byStranger(header)],
    ["another key, shown as jwk", () => byStranger({ ...header, jwk: foreignJwk })],
    ["another key, at a jku", () => byStranger({ ...header, jku: `${canary}/jwks.json` })],
    ["another key, at an x5u", () => byStranger({ ...header, x5u: `${canary}/cert.pem` })],
    ["another key, in an x5c", () => byStranger({ ...header, x5c: ["AAAA"] })],
    ["our key and a jku besides", () => ours({ ...header, jku: `${canary}/jwks.json` }, payload)],
    ["our key and a jwk besides", () => ours({ ...header, jwk: foreignJwk }, payload)],
    ["our key and a crit header", () => ours({ ...header, crit: ["exp"], exp: 1 }, payload)],
    ["our key and b64 false", () => ours({ ...header, crit: ["b64"], b64: false }, payload)],
    ["no kid", () => ours({ alg: "EdDSA", typ: "at+jwt" }, payload)],
    ["an unknown kid", () => ours({ ...header, kid: "unknown" }, payload)],
    ["a kid that is a path", () => ours({ ...header, kid: "../../../../dev/null" }, payload)],
    ["a kid that is SQL", () => ours({ ...header, kid: "x' or '1'='1" }, payload)],
    ["a kid that is no text", () => ours({ ...header, kid: { $ne: null } }, payload)],
    ["typ JWT", () => ours({ ...header, typ: "JWT" }, payload)],
    ["no typ", () => ours({ alg: "EdDSA", kid: header["kid"] }, payload)],
    ["typ of an identity token", () => ours({ ...header, typ: "id_token+jwt" }, payload)],
    ["another issuer", () => ours(header, { ...payload, iss: "https://evil.example" })],
    ["no issuer", () => ours(header, { ...payload, iss: undefined })],
    ["another audience", () => ours(header, { ...payload, aud: "somebody" })],
    ["several audiences", () => ours(header, { ...payload, aud: ["holdfast-api", "somebody"] })],
    ["no audience", () => ours(header, { ...payload, aud: undefined })],
    ["ended long ago", () => ours(header, { ...payload, iat: nowS() - 2000, exp: nowS() - 1000 })],
    ["no end", () => ours(header, { ...payload, exp: undefined })],
    ["an end in words", () => ours(header, { ...payload, exp: "never" })],
    ["an end too far away for its age", () => ours(header, { ...payload, iat: nowS() - 1000, exp: nowS() + 1000 })],
    ["made in the future", () => ours(header, { ...payload, iat: nowS() + 600, exp: nowS() + 900 })],
    ["not good before later", () => ours(header, { ...payload, nbf: nowS() + 600 })],
    ["no subject", () => ours(header, { ...payload, sub: undefined })],
    ["no session", () => ours(header, { ...payload, sid: undefined })],
    ["a session that never was", () => ours(header, { ...payload, sid: "ses_none" })],
    ["the session of somebody else", () => ours(header, { ...payload, sid: read(other.split(".")[1])["sid"] })],
    ["somebody else in this session", () => ours(header, { ...payload, sub: read(other.split(".")[1])["sub"] })],
    ["cut short", () => good.slice(0, -10)],
    ["without its signature", () => pieces().slice(0, 2).join(".")],
    ["the signature of another token", () => `${pieces()[0]}.${pieces()[1]}.${other.split(".")[2]}`],
    ["the claims of another token", () => `${pieces()[0]}.${other.split(".")[1]}.${pieces()[2]}`],
    [
      "a bit flipped in the signature",
      () => `${pieces()[0]}.${pieces()[1]}.${pieces()[2].startsWith("A") ? "B" : "A"}${pieces()[2].slice(1)}`,
    ],
    ["five parts, as if it were sealed", () => `${good}.AAAA.AAAA`],
    ["twice in one", () => `${good},${good}`],
    ["claims that are no JSON", () => `${pieces()[0]}.${part("hello")}.${pieces()[2]}`],
    ["very long", () => ours({ ...header, kid: "a".repeat(100_000) }, payload)],
    ["very deep", () => ours(header, { ...payload, deep: "[".repeat(5000) })],
  ];

  test.each(forgeries)("%s", async (_what, forge) => {
    await withToken(good); // the true one counts
    await expect(withToken(forge())).rejects.toMatchObject({ status: 401, code: "unauthenticated" });
    expect(fetched).toEqual([]);
  });

  test("of at least thirty kinds", () => expect(forgeries.length).toBeGreaterThanOrEqual(30));
});

describe("the key ring", () => {
  beforeEach(() => world.empty());

  test("rotates: older tokens stay good until their time is over, then the old key is gone", async () => {
    const { accessToken: before, refreshToken } = await tokensOf();
    const rotated = await world.identity.rotateSigningKey({ ...root, requestId: "req_9" });
    expect(rotated.items.filter(({ signs }) => signs)).toHaveLength(1);
    expect((await world.lastEntries(1))[0]).toMatchObject({ action: "identity.signing_key.create", requestId: "req_9" });
    await withToken(before);
    const { accessToken: after } = await world.identity.refreshTokens(refreshToken, from);
    expect(read(after.split(".")[0])["kid"]).toBe(rotated.items[0]?.id);
    expect(read(before.split(".")[0])["kid"]).not.toBe(rotated.items[0]?.id);
    world.later(10 * minute);
    await withToken(after);
    world.later(8 * minute);
    await world.identity.sweep();
    expect((await world.identity.keySet()).keys.map(({ kid }) => kid)).toEqual([rotated.items[0]?.id]);
  });

  test("is rotated by an administrator of everything alone", async () => {
    const access = new Map([["users:write" as const, "everywhere" as const]]);
    await expect(world.identity.rotateSigningKey({ actor: "user:x", access })).rejects.toMatchObject({ code: "identity_grant_beyond" });
  });

  test("is kept sealed: no private key is in the database", async () => {
    await tokensOf();
    const { rows } = await world.database.pool.query<{ text: string }>("select k::text as text from identity.signing_key k");
    const jwk = (await ourKey()).export({ format: "jwk" });
    expect(rows.length).toBeGreaterThan(0);
    const d = Buffer.from(jwk.d ?? "", "base64url");
    for (const { text } of rows) {
      expect(text).not.toContain(jwk.d);
      expect(text).not.toContain(d.toString("hex"));
    }
  });

  test("has one algorithm: with HS256 set, nothing else counts, and no key is shown", async () => {
    const { accessToken } = await tokensOf();
    const { db, audit, secrets, clock } = world;
    const shared = createIdentity({
      db,
      audit,
      secrets: { ...secrets, addResealer: () => undefined },
      clock,
      tokens: { algorithm: "HS256" },
    });
    const authenticate = (token: string) => shared.authenticate({ headers: { authorization: `Bearer ${token}` }, cookies: {} });
    await expect(authenticate(accessToken)).rejects.toMatchObject({ status: 401 });
    expect(await shared.keySet()).toEqual({ keys: [] });
    const { token } = await world.signIn();
    const pair = await shared.tradeSession(await world.callerWith(token), from);
    expect(read(pair.accessToken.split(".")[0])["alg"]).toBe("HS256");
    expect(await authenticate(pair.accessToken)).toMatchObject({ actor: "user:ada" });
    await expect(withToken(pair.accessToken)).rejects.toMatchObject({ status: 401 });
  });
});
