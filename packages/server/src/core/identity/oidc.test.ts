import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { OidcSettings } from "@holdfast/contract";
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWTPayload } from "jose";
import Provider from "oidc-provider";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createEgress } from "#platform/egress";
import { everywhere } from "#platform/http/request";
import { from, identityWorld, opened, root, type IdentityWorld } from "#test/identity";
import type { Caller } from "#core/identity";

const publicUrl = "https://holdfast.example.net";
const clientId = "holdfast";
const clientSecret = "a secret of the client, long enough";

let world: IdentityWorld;
beforeAll(async () => {
  world = await identityWorld({ egress: createEgress({ allow: ["127.0.0.1"] }), publicUrl });
});
afterAll(() => world.database.drop());
beforeEach(async () => {
  await world.empty();
  await world.database.pool.query("delete from identity.provider");
});

const listening = async (server: Server): Promise<string> => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

function addProvider(
  id: string,
  issuer: string,
  more: { createUsers?: boolean; groupGrants?: { group: string; role: string; selector?: string }[] } = {},
) {
  const settings: OidcSettings = {
    kind: "oidc",
    issuer,
    clientId,
    clientAuthentication: "basic",
    scopes: ["openid", "profile"],
    nameClaim: "preferred_username",
    groupsClaim: "groups",
  };
  const groupGrants = [{ group: "netops", role: "operator", selector: "site=lyon" }];
  return world.identity.createProvider(
    { id, name: id, settings, createUsers: true, groupGrants, enabled: true, secret: clientSecret, ...more },
    root,
  );
}

describe("a provider made by a library of the field", () => {
  let server: Server;
  let issuer: string;
  beforeAll(async () => {
    server = createServer((request, response) => void provider.callback()(request, response));
    issuer = await listening(server);
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    const provider = new Provider(issuer, {
      clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [`${publicUrl}/sign-in/callback/corp`] }],
      jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "one" }] },
      cookies: { keys: ["a key of cookies"] },
      claims: { openid: ["sub"], profile: ["preferred_username", "groups"] },
      findAccount: (_context, id) => ({
        accountId: id,
        claims: () => ({ sub: id, preferred_username: `${id}.name`, groups: ["netops", "staff"] }),
      }),
      async loadExistingGrant(context) {
        const grant = new context.oidc.provider.Grant({ accountId: context.oidc.session!.accountId!, clientId });
        grant.addOIDCScope("openid profile");
        await grant.save();
        return grant;
      },
    });
  });
  afterAll(() => void server.close());

  /** A browser without a screen: follows redirects, keeps cookies, fills in the provider's form. Returns what the address ends with. */
  async function browse(start: string, login: string): Promise<string> {
    const jar = new Map<string, string>();
    let at = new URL(start);
    let form: string | undefined;
    for (let hop = 0; hop < 10; hop++) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const type = { "content-type": "application/x-www-form-urlencoded" };
      const answer = await fetch(at, {
        redirect: "manual",
        headers: { cookie, ...(form ? type : {}) },
        ...(form ? { method: "POST", body: form } : {}),
      });
      for (const set of answer.headers.getSetCookie()) jar.set(set.split("=")[0]!, set.slice(set.indexOf("=") + 1).split(";")[0]!);
      const to = answer.headers.get("location");
      form = to === null ? `prompt=login&login=${login}&password=x` : undefined;
      if (to !== null) at = new URL(to, at);
      if (at.origin === publicUrl) return at.search.slice(1);
    }
    throw new Error(`no way back from ${at.href}`);
  }

  const begin = async (id = "corp") => world.identity.startAtProvider(id);

  test("the first sign-in makes a user of its own, with what the groups may do; the second is the same user", async () => {
    await addProvider("corp", issuer);
    for (let turn = 0; turn < 2; turn++) {
      const { url, kept } = await begin();
      const query = await browse(url, "ada");
      const signedIn = opened(await world.identity.finishAtProvider({ provider: "corp", query, kept }, from));
      expect(signedIn.me.user).toMatchObject({ name: "ada.name", grants: [{ role: "operator", selector: "site=lyon" }] });
      expect(await world.withCookie(signedIn.token)).toMatchObject({ name: "ada.name" });
    }
    expect((await world.identity.listUsers({})).items).toHaveLength(1);
    expect((await world.lastEntries(4)).map(({ action }) => action)).toContain("identity.user.create");
  });

  test("a user of the same name is not the one that came; the person links it, and then it is", async () => {
    await addProvider("corp", issuer);
    await world.make("ada.name", "viewer");
    const come = async () => {
      const { url, kept } = await begin();
      return world.identity.finishAtProvider({ provider: "corp", query: await browse(url, "ada"), kept }, from);
    };
    await expect(come()).rejects.toMatchObject({ code: "identity_name_taken" });
    const caller: Caller = await world.callerWith((await world.signIn("ada.name")).token);
    const { url, kept } = await world.identity.startAtProvider("corp", caller);
    const came = { provider: "corp", query: await browse(url, "ada"), kept };
    await expect(world.identity.finishAtProvider(came, from), "a link that was begun signs nobody in").rejects.toMatchObject({
      code: "identity_provider_refused",
    });
    expect(await world.identity.finishLink(came, caller)).toMatchObject({ provider: "corp", subject: "ada" });
    expect(opened(await come()).me.user).toMatchObject({ name: "ada.name", grants: [{ role: "viewer" }] });
  });

  test("an answer counts once, in the browser where it began, at the provider where it began", async () => {
    await addProvider("corp", issuer);
    await addProvider("other", issuer);
    const first = await begin();
    const query = await browse(first.url, "ada");
    const elsewhere = await begin();
    const refused = { code: "identity_provider_refused" };
    const finish = (kept: string | undefined, provider = "corp", shown = query) =>
      world.identity.finishAtProvider({ provider, query: shown, kept }, from);
    await expect(finish(undefined)).rejects.toMatchObject(refused);
    await expect(finish(elsewhere.kept), "state of another browser").rejects.toMatchObject(refused);
    await expect(finish(first.kept, "other"), "another provider's address").rejects.toMatchObject(refused);
    await expect(finish(`${first.kept.slice(0, -2)}AA`), "changed cookie").rejects.toMatchObject(refused);
    const both = await Promise.allSettled([finish(first.kept), finish(first.kept)]);
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(finish(first.kept), "replayed").rejects.toMatchObject(refused);
    const late = await begin();
    const lateQuery = await browse(late.url, "ada");
    world.later(11 * 60_000);
    await expect(finish(late.kept, "corp", lateQuery)).rejects.toMatchObject(refused);
  });
});

describe("a provider that lies", () => {
  let server: Server;
  let issuer: string;
  let key: CryptoKey;
  let strange: CryptoKey;
  let jwk: object;
  /** What the next ID token is. */
  let idToken: (claims: JWTPayload) => string | Promise<string>;
  let userInfo: object | undefined;
  let asked: string[];

  const sign = (claims: JWTPayload, by = key, alg = "ES256") => new SignJWT(claims).setProtectedHeader({ alg, kid: "k" }).sign(by);

  beforeAll(async () => {
    const made = await generateKeyPair("ES256", { extractable: true });
    key = made.privateKey;
    jwk = { ...(await exportJWK(made.publicKey)), kid: "k", alg: "ES256", use: "sig" };
    strange = (await generateKeyPair("ES256")).privateKey;
    const answer = async (request: IncomingMessage, response: ServerResponse) => {
      asked.push(request.url ?? "");
      const reply = (body: object) => response.setHeader("content-type", "application/json").end(JSON.stringify(body));
      const [id, what = ""] = (request.url ?? "").slice(1).split(/\/(.*)/s);
      const at = `${issuer}/${id}`;
      if (what.startsWith(".well-known")) {
        const ways = {
          authorization_endpoint: `${at}/auth`,
          token_endpoint: `${at}/token`,
          jwks_uri: `${at}/jwks`,
          userinfo_endpoint: `${at}/me`,
        };
        return reply({
          issuer: id === "masked" ? `${issuer}/one` : at,
          ...ways,
          id_token_signing_alg_values_supported: ["ES256"],
          authorization_response_iss_parameter_supported: id === "two",
        });
      }
      if (what === "jwks") return reply({ keys: [jwk] });
      if (what === "me") return reply(userInfo ?? {});
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: at,
        aud: clientId,
        sub: "eve",
        nonce: nonce,
        iat: now,
        exp: now + 60,
        preferred_username: "eve",
        groups: ["netops"],
        sid: "s1",
      };
      return reply({ access_token: "x", token_type: "Bearer", id_token: await idToken(claims) });
    };
    server = createServer((request, response) => void answer(request, response));
    issuer = await listening(server);
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(async () => {
    asked = [];
    userInfo = undefined;
    idToken = (claims) => sign(claims);
    await addProvider("one", `${issuer}/one`);
    await addProvider("two", `${issuer}/two`);
  });

  let nonce = "";
  const come = async (provider = "one", more: Record<string, string> = {}) => {
    const { url, kept } = await world.identity.startAtProvider(provider);
    const sent = new URL(url).searchParams;
    nonce = sent.get("nonce") ?? "";
    expect(sent.get("code_challenge_method")).toBe("S256");
    const query = new URLSearchParams({ code: "c", state: sent.get("state") ?? "", ...more }).toString();
    return world.identity.finishAtProvider({ provider, query, kept }, from);
  };

  test("comes in while it tells the truth", async () => {
    expect(opened(await come()).me.user.name).toBe("eve");
  });

  const lies: [string, (claims: JWTPayload) => string | Promise<string>][] = [
    ["another nonce", (claims) => sign({ ...claims, nonce: "another" })],
    ["no nonce", ({ nonce: _gone, ...claims }) => sign(claims)],
    ["another issuer", (claims) => sign({ ...claims, iss: "https://idp.example.net" })],
    ["for another client", (claims) => sign({ ...claims, aud: "another" })],
    ["for several clients, asked by another", (claims) => sign({ ...claims, aud: [clientId, "another"], azp: "another" })],
    ["out of date", (claims) => sign({ ...claims, exp: (claims.iat ?? 0) - 600, iat: (claims.iat ?? 0) - 700 })],
    ["without an end", ({ exp: _gone, ...claims }) => sign(claims)],
    ["without a subject", ({ sub: _gone, ...claims }) => sign(claims)],
    ["unsigned", (claims) => new UnsecuredJWT(claims).encode()],
    ["signed by a stranger", (claims) => sign(claims, strange)],
    [
      "signed with the public key as a secret",
      (claims) => new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(Buffer.from(JSON.stringify(jwk))),
    ],
    [
      "signed with the client's secret",
      (claims) => new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(Buffer.from(clientSecret)),
    ],
    ["no token", () => "none"],
  ];
  test.each(lies)("an ID token %s lets nobody in", async (_what, lie) => {
    idToken = lie;
    await expect(come()).rejects.toMatchObject({ code: "identity_provider_refused" });
    expect((await world.identity.listUsers({})).items).toEqual([]);
  });

  test("what came back with another state, issuer or an error lets nobody in", async () => {
    const refused = { code: "identity_provider_refused" };
    await expect(come("one", { state: "another" })).rejects.toMatchObject(refused);
    await expect(come("one", { iss: "https://idp.example.net" })).rejects.toMatchObject(refused);
    await expect(come("two"), "an issuer was promised and none came").rejects.toMatchObject(refused);
    await expect(come("two", { iss: `${issuer}/one` }), "mix-up").rejects.toMatchObject(refused);
    await expect(come("one", { error: "access_denied" })).rejects.toMatchObject(refused);
    expect(asked.filter((path) => path.endsWith("/token"))).toEqual([]);
  });

  test("one that passes itself off as another is never begun", async () => {
    await addProvider("masked", `${issuer}/masked`);
    await expect(world.identity.startAtProvider("masked")).rejects.toMatchObject({ code: "identity_provider_refused" });
  });

  test("one within our own network is asked nothing, unless the operator lists it", async () => {
    await addProvider("inside", "http://127.0.0.2:1/");
    await addProvider("meta", "https://169.254.169.254/latest");
    for (const id of ["inside", "meta"]) await expect(world.identity.startAtProvider(id)).rejects.toMatchObject({ code: "egress_refused" });
  });

  test("more about a person counts only when it is about the same one", async () => {
    idToken = ({ groups: _groups, preferred_username: _name, ...claims }) => sign(claims);
    userInfo = { sub: "ada", preferred_username: "ada", groups: ["netops"] };
    await expect(come()).rejects.toMatchObject({ code: "identity_provider_refused" });
    userInfo = { sub: "eve", preferred_username: "eva", groups: ["netops"] };
    expect(opened(await come()).me.user.name).toBe("eva");
  });

  test("whose groups may do nothing stays outside, and what was granted before is gone", async () => {
    const { me } = opened(await come());
    idToken = (claims) => sign({ ...claims, groups: ["guests"] });
    await expect(come()).rejects.toMatchObject({ code: "identity_no_group" });
    const users = (await world.identity.listUsers({})).items;
    expect(users).toMatchObject([{ id: me.user.id, grants: [] }]);
  });

  test("a disabled user and one whom nobody linked stay outside", async () => {
    const { me } = opened(await come());
    const [user] = (await world.identity.listUsers({})).items;
    await world.identity.updateUser({ id: me.user.id, etag: user!.etag, disabled: true }, root);
    await expect(come()).rejects.toMatchObject({ code: "identity_sign_in_refused" });
    await addProvider("closed", `${issuer}/closed`, { createUsers: false });
    await expect(come("closed")).rejects.toMatchObject({ code: "identity_not_linked" });
    const bob = await world.make("bob", "viewer");
    await world.identity.linkUser({ id: bob.id, provider: "closed", subject: "eve" }, root);
    expect(opened(await come("closed")).me.user.name).toBe("bob");
    await expect(world.identity.linkUser({ id: me.user.id, provider: "closed", subject: "eve" }, root)).rejects.toMatchObject({
      code: "identity_link_taken",
    });
    await world.identity.unlinkUser({ id: bob.id, provider: "closed" }, root);
    await expect(come("closed")).rejects.toMatchObject({ code: "identity_not_linked" });
  });

  describe("signing out there", () => {
    const event = { "http://schemas.openid.net/event/backchannel-logout": {} };
    let count = 0;
    const told = (more: Record<string, unknown> = {}, by = key) => {
      const now = Math.floor(world.clock.now() / 1000);
      return sign({ iss: `${issuer}/one`, aud: clientId, iat: now, jti: `j${count++}`, events: event, sid: "s1", sub: "eve", ...more }, by);
    };

    test("ends the sessions that began there, and counts once", async () => {
      const { token } = opened(await come());
      const logout = await told();
      expect(await world.identity.endFromProvider(logout, from)).toBe(1);
      expect(await world.withCookie(token)).toBeUndefined();
      await expect(world.identity.endFromProvider(logout, from)).rejects.toMatchObject({ code: "identity_provider_refused" });
    });

    test("of a person ends all of theirs there; of a session that one; of another none", async () => {
      const one = opened(await come());
      expect(await world.identity.endFromProvider(await told({ sid: "another" }), from)).toBe(0);
      expect(await world.identity.endFromProvider(await told({ sid: undefined, sub: "ada" }), from)).toBe(0);
      expect(await world.withCookie(one.token)).toBeDefined();
      const two = opened(await come());
      expect(await world.identity.endFromProvider(await told({ sid: undefined }), from)).toBe(2);
      expect([await world.withCookie(one.token), await world.withCookie(two.token)]).toEqual([undefined, undefined]);
    });

    test("that is no word of the provider ends nothing", async () => {
      const { token } = opened(await come());
      const bad = [
        await told({}, strange),
        await told({ aud: "another" }),
        await told({ iss: "https://idp.example.net" }),
        await told({ events: {} }),
        await told({ events: undefined }),
        await told({ nonce: "n" }),
        await told({ jti: undefined }),
        await told({ sid: undefined, sub: undefined }),
        await told({ iat: Math.floor(world.clock.now() / 1000) - 900 }),
        await told({ iat: undefined }),
        new UnsecuredJWT({
          iss: `${issuer}/one`,
          aud: clientId,
          sub: "eve",
          events: event,
          jti: "j",
          iat: Math.floor(world.clock.now() / 1000),
        }).encode(),
        "",
        "a.b.c",
      ];
      for (const logout of bad)
        await expect(world.identity.endFromProvider(logout, from)).rejects.toMatchObject({ code: "identity_provider_refused" });
      expect(await world.withCookie(token)).toBeDefined();
    });
  });
});

describe("who may say who people are", () => {
  test("is who may do everything, and the client secret is never shown", async () => {
    const made = await addProvider("corp", "https://idp.example.net");
    expect(made).toMatchObject({ id: "corp", hasSecret: true });
    expect(JSON.stringify([await world.identity.listProviders(), await world.lastEntries(3)])).not.toContain(clientSecret);
    const { rows } = await world.database.pool.query("select sealed_secret from identity.provider");
    expect(String(rows[0].sealed_secret)).not.toContain(clientSecret);
    const ada = await world.identity.createUser({ name: "ada", grants: [{ role: "operator" }] }, root);
    expect(ada.name).toBe("ada");
    const lesser = { actor: "user:ada", access: everywhere(["users:write"]) };
    const { id, etag, hasSecret: _has, createdAt: _at, ...rest } = made;
    await expect(world.identity.createProvider({ id: "mine", ...rest, groupGrants: [] }, lesser)).rejects.toMatchObject({
      code: "identity_grant_beyond",
    });
    await expect(world.identity.updateProvider({ id, etag, ...rest }, lesser)).rejects.toMatchObject({ code: "identity_grant_beyond" });
    await expect(world.identity.removeProvider({ id, etag }, lesser)).rejects.toMatchObject({ code: "identity_grant_beyond" });
    const moved = { ...rest, settings: { ...(rest.settings as OidcSettings), issuer: "https://evil.example.net" } };
    await expect(world.identity.updateProvider({ id, etag, ...moved }, root)).rejects.toMatchObject({ code: "identity_provider_fixed" });
    expect(await world.identity.updateProvider({ id, etag, ...rest, name: "Corporation" }, root)).toMatchObject({
      name: "Corporation",
      hasSecret: true,
    });
    await expect(world.identity.removeProvider({ id, etag }, root)).rejects.toMatchObject({ status: 412 });
  });
});
