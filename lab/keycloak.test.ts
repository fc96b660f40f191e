/** Sign-in at a real Keycloak over HTTP, by OpenID Connect: the whole way of a browser, groups, proving again, and its back-channel logout. Needs Java and Maven. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compose, type Holdfast } from "../packages/server/src/apps/compose.ts";
import { silentLog } from "../packages/server/src/platform/log.ts";
import { loadSettings } from "../packages/server/src/platform/settings.ts";
import { testDatabase } from "../packages/server/test/database.ts";
import { Browser } from "./keycloak-browser.ts";
import { freePort, startKeycloak, type Keycloak } from "./keycloak.ts";

const root = { actor: "system:test", access: "unlimited" } as const;

let home: string;
let database: Awaited<ReturnType<typeof testDatabase>>;
let holdfast: Holdfast;
let keycloak: Keycloak;
let url: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "holdfast-keycloak-home-"));
  database = await testDatabase();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const settings = loadSettings({
    HOLDFAST_HOME: home,
    HOLDFAST_PORT: String(port),
    HOLDFAST_PUBLIC_URL: url,
    HOLDFAST_EGRESS_ALLOW: "127.0.0.1",
    DATABASE_URL: database.url,
  });
  holdfast = await compose({ settings, log: silentLog });
  await holdfast.start();
  keycloak = await startKeycloak({ redirectUri: `${url}/sign-in/callback/kc`, logoutUrl: `${url}/oauth/backchannel-logout` });
  await holdfast.identity.createProvider(
    {
      id: "kc",
      name: "Keycloak",
      createUsers: true,
      enabled: true,
      groupGrants: [{ group: "netops", role: "operator", selector: "site=lyon" }],
      secret: keycloak.client.secret,
      settings: {
        kind: "oidc",
        issuer: keycloak.issuer,
        clientId: keycloak.client.id,
        clientAuthentication: "basic",
        scopes: ["openid", "profile"],
        nameClaim: "preferred_username",
        groupsClaim: "groups",
      },
    },
    root,
  );
});

afterAll(async () => {
  await holdfast?.stop();
  await keycloak?.stop();
  await database.drop();
  await rm(home, { recursive: true, force: true });
});

const newBrowser = (): Browser => new Browser(url, keycloak);

async function signIn(browser: Browser): Promise<{ user: { name: string; grants: object[] } }> {
  const { url: start } = await browser.post<{ url: string }>("/auth/providers/kc/start", {});
  return browser.post("/auth/providers/finish", { provider: "kc", query: await browser.viaKeycloak(start) });
}

test("a person of Keycloak signs in, with the roles of the groups there", async () => {
  const browser = newBrowser();
  const me = await signIn(browser);
  expect(me.user).toMatchObject({ name: "ada", grants: [{ role: "operator", selector: "site=lyon" }] });
  expect(await browser.isIn()).toBe(true);
});

test("what Keycloak sent back counts once, and in no other browser", async () => {
  const [browser, other] = [newBrowser(), newBrowser()];
  const { url: start } = await browser.post<{ url: string }>("/auth/providers/kc/start", {});
  const came = { provider: "kc", query: await browser.viaKeycloak(start) };
  await other.post("/auth/providers/kc/start", {});
  await expect(other.post("/auth/providers/finish", came)).rejects.toMatchObject({ code: "identity_provider_refused" });
  await browser.post("/auth/providers/finish", came);
  await expect(browser.post("/auth/providers/finish", came)).rejects.toMatchObject({ code: "identity_provider_refused" });
});

test("signing out at Keycloak ends the session here that began with it, by its back channel, and no other", async () => {
  const [browser, other] = [newBrowser(), newBrowser()];
  await signIn(other);
  await signIn(browser);
  const newest = "select provider_session from identity.session order by created_at desc limit 1";
  const { rows } = await database.pool.query<{ provider_session: string }>(newest);
  await keycloak.signOut(rows[0]?.provider_session ?? "");
  await expect.poll(() => browser.isIn(), { timeout: 5000 }).toBe(false);
  expect(await other.isIn()).toBe(true);
  const { items } = await holdfast.audit.list({ limit: 20 });
  expect(items.map(({ action }) => action)).toContain("identity.session.provider_end");
});

test("whoever has nothing but Keycloak proves again there who they are, and is asked for the password although Keycloak knows them", async () => {
  const browser = newBrowser();
  await signIn(browser);
  expect(await (await browser.ask(`${url}/api/v1/auth/step-up`)).json()).toMatchObject({ ways: ["provider"], provider: { id: "kc" } });
  const { url: start } = await browser.post<{ url: string }>("/auth/step-up/provider", {});
  expect(await (await browser.ask(start)).clone().text()).toContain('type="password"');
  const query = await browser.viaKeycloak(start);
  expect(await browser.post("/auth/step-up/provider/finish", { provider: "kc", query })).toHaveProperty("until");
});

test("signing out here sends the browser to Keycloak, which signs out there and sends it back", async () => {
  const [known] = (await holdfast.identity.listProviders()).items;
  const { ours: _ours, certificates: _certificates, hasSecret: _has, createdAt: _at, ...rest } = known!;
  await holdfast.identity.updateProvider({ ...rest, signOutThere: true }, root);
  const browser = newBrowser();
  await signIn(browser);
  const { url: away } = await browser.post<{ url: string }>("/auth/sign-out/provider", {});
  expect(await browser.isIn()).toBe(false);
  expect((await browser.follow(await browser.ask(away), away)).headers.get("location")).toBe(`${url}/sign-in`);
  const { url: start } = await browser.post<{ url: string }>("/auth/providers/kc/start", {});
  expect(await (await browser.ask(start)).text()).toContain('type="password"');
});
