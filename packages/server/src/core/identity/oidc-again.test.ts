/** OpenID Connect beyond the sign-in: proving again, second factors of the provider, signing out there, and leaving it. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createEgress } from "#platform/egress";
import { from, identityWorld, opened, root, type IdentityWorld } from "#test/identity";

const publicUrl = "https://holdfast.example.net";
const refused = { code: "identity_provider_refused" };

let world: IdentityWorld;
let server: Server;
let issuer: string;
let key: CryptoKey;
/** What the provider says beside what it must. */
let told: JWTPayload;
let nonce = "";

beforeAll(async () => {
  world = await identityWorld({ egress: createEgress({ allow: ["127.0.0.1"] }), publicUrl });
  const made = await generateKeyPair("ES256", { extractable: true });
  key = made.privateKey;
  const jwk = { ...(await exportJWK(made.publicKey)), kid: "k", alg: "ES256" };
  const idToken = (): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      aud: "holdfast",
      sub: "eve",
      nonce,
      iat: now,
      exp: now + 60,
      preferred_username: "eve",
      groups: ["netops"],
    };
    return new SignJWT({ ...claims, ...told }).setProtectedHeader({ alg: "ES256", kid: "k" }).sign(key);
  };
  const answers: Record<string, () => object | Promise<object>> = {
    "/.well-known/openid-configuration": () => ({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      end_session_endpoint: `${issuer}/end`,
      id_token_signing_alg_values_supported: ["ES256"],
    }),
    "/jwks": () => ({ keys: [jwk] }),
    "/token": async () => ({ access_token: "x", token_type: "Bearer", id_token: await idToken() }),
  };
  server = createServer((request, response) => {
    void Promise.resolve(answers[request.url ?? ""]?.()).then((body) =>
      response.setHeader("content-type", "application/json").end(JSON.stringify(body)),
    );
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await world.identity.createProvider(plan(), root);
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await world.database.drop();
});
beforeEach(async () => {
  told = {};
  await world.empty();
});

const plan = () => ({
  id: "corp",
  name: "Corp",
  createUsers: true,
  enabled: true,
  groupGrants: [{ group: "netops", role: "operator" }],
  secret: "a secret of the client",
  settings: {
    kind: "oidc" as const,
    issuer,
    clientId: "holdfast",
    clientAuthentication: "basic" as const,
    scopes: ["openid"],
    nameClaim: "preferred_username",
    groupsClaim: "groups",
  },
});

async function change(more: { trustedContexts?: string[]; signOutThere?: boolean; enabled?: boolean }): Promise<void> {
  const [known] = (await world.identity.listProviders()).items;
  await world.identity.updateProvider({ ...plan(), ...more, etag: known!.etag }, root);
}

/** What comes back with the browser. */
function back({ url, kept }: { url: string; kept: string }) {
  const sent = new URL(url).searchParams;
  nonce = sent.get("nonce") ?? "";
  return { provider: "corp", query: new URLSearchParams({ code: "c", state: sent.get("state") ?? "" }).toString(), kept };
}

const signIn = async () => opened(await world.identity.finishAtProvider(back(await world.identity.startAtProvider("corp")), from));
const nowS = (): number => Math.floor(world.clock.now() / 1000);

describe("whoever has nothing but the provider", () => {
  async function stepUp(token: string, claims: JWTPayload) {
    told = claims;
    const caller = await world.callerWith(token);
    const started = await world.identity.startStepUp(caller);
    const sent = new URL(started.url).searchParams;
    expect([sent.get("prompt"), sent.get("max_age")]).toEqual(["login", "0"]);
    return world.identity.finishStepUp(back(started), caller);
  }

  test("proves again there who they are: anew, and as the same person", async () => {
    const { token } = await signIn();
    world.later(11 * 60_000);
    const lies = [{}, { auth_time: nowS() - 600 }, { auth_time: nowS(), sub: "ada" }];
    for (const lie of lies) await expect(stepUp(token, lie)).rejects.toMatchObject(refused);
    expect((await world.callerWith(token)).steppedUp).toBe(false);
    await stepUp(token, { auth_time: nowS() });
    expect((await world.callerWith(token)).steppedUp).toBe(true);
  });

  test("cannot do so for another session, with a sign-in, or where there is a password here", async () => {
    const [one, two] = [await world.callerWith((await signIn()).token), await world.callerWith((await signIn()).token)];
    told = { auth_time: nowS() };
    const started = await world.identity.startStepUp(one);
    await expect(world.identity.finishStepUp(back(started), two)).rejects.toMatchObject(refused);
    await expect(world.identity.finishStepUp(back(await world.identity.startAtProvider("corp")), one)).rejects.toMatchObject(refused);
    await expect(world.identity.finishAtProvider(back(started), from)).rejects.toMatchObject(refused);
    await world.database.pool.query("update identity.user set password_hash = 'x'");
    await expect(world.identity.startStepUp(one)).rejects.toMatchObject({ code: "identity_step_up_elsewhere" });
    expect(await world.identity.stepUpWays(one)).toEqual({ ways: ["password"] });
  });
});

test.each([
  ["amr", { amr: ["pwd", "mfa"] }],
  ["acr", { acr: "mfa" }],
])(
  "a second factor that the provider tells of by %s meets what a role asks for, once the administrator trusts it",
  async (_claim, claims) => {
    const need = (wanted: boolean) =>
      world.database.pool.query("update identity.role set second_factor = $1 where name = 'operator'", [wanted]);
    await need(true);
    told = claims;
    expect((await signIn()).me.must).toEqual(["second-factor"]);
    await change({ trustedContexts: ["mfa"] });
    expect((await signIn()).me.must).toBeUndefined();
    told = { amr: ["pwd"], acr: "1" };
    expect((await signIn()).me.must).toEqual(["second-factor"]);
    await change({});
    await need(false);
  },
);

test("a second factor at the provider does not take the place of one's own here", async () => {
  await change({ trustedContexts: ["mfa"] });
  told = { amr: ["mfa"] };
  const { me } = await signIn();
  await world.database.pool.query(
    "insert into identity.passkey (id, user_id, name, public_key, counter, backed_up, created_at) select 'p', $1, 'key', '', 0, false, now()",
    [me.user.id],
  );
  const answer = await world.identity.finishAtProvider(back(await world.identity.startAtProvider("corp")), from);
  expect(answer).toMatchObject({ challenge: { methods: ["passkey"] } });
  await change({});
});

test("signing out sends the browser to the provider where that is wanted, and everybody out when it is turned off", async () => {
  const away = async () => world.identity.signOutEverywhere(await world.callerWith((await signIn()).token), from);
  expect(await away()).toEqual({});
  await change({ signOutThere: true });
  const { searchParams, pathname } = new URL((await away()).url ?? "");
  expect(decodeJwt(searchParams.get("id_token_hint") ?? "")).toMatchObject({ sub: "eve", iss: issuer });
  expect([pathname, searchParams.get("client_id"), searchParams.get("post_logout_redirect_uri")]).toEqual([
    "/end",
    "holdfast",
    `${publicUrl}/sign-in`,
  ]);
  const { token } = await signIn();
  await change({ enabled: false });
  expect(await world.withCookie(token)).toBeUndefined();
  await change({});
});
