/** Sign-in at a real Keycloak over HTTP, by SAML 2.0: the whole way of a browser, groups, encryption, proving again, logout in both directions. Needs Java and Maven. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Provider } from "@holdfast/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compose, type Holdfast } from "../packages/server/src/apps/compose.ts";
import { silentLog } from "../packages/server/src/platform/log.ts";
import { loadSettings } from "../packages/server/src/platform/settings.ts";
import { testDatabase } from "../packages/server/test/database.ts";
import { Browser } from "./keycloak-browser.ts";
import { freePort, startKeycloak, type Keycloak, type SamlClient } from "./keycloak.ts";

const root = { actor: "system:test", access: "unlimited" } as const;

let home: string;
let database: Awaited<ReturnType<typeof testDatabase>>;
let holdfast: Holdfast;
let keycloak: Keycloak;
let url: string;
let provider: Provider;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "holdfast-keycloak-saml-"));
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
  const read = await holdfast.identity.readProviderMetadata({ url: `${keycloak.issuer}/protocol/saml/descriptor` }, root);
  provider = await holdfast.identity.createProvider(
    {
      id: "saml",
      name: "Keycloak",
      createUsers: true,
      enabled: true,
      signOutThere: true,
      groupGrants: [{ group: "netops", role: "operator", selector: "site=lyon" }],
      settings: {
        kind: "saml",
        ...read.settings,
        signed: "both",
        nameIdFormat: "persistent",
        nameAttribute: "login",
        groupsAttribute: "groups",
        allowUnasked: false,
      },
    },
    root,
  );
  await keycloak.putSamlClient(us());
});

afterAll(async () => {
  await holdfast?.stop();
  await keycloak?.stop();
  await database.drop();
  await rm(home, { recursive: true, force: true });
});

function us(): SamlClient {
  const { entityId = "", acsUrl = "", sloUrl = "", certificate = "" } = provider.ours ?? {};
  return { entityId, acsUrl, sloUrl, certificate };
}

const newBrowser = (): Browser => new Browser(url, keycloak);
const finish = (browser: Browser) =>
  browser.post<{ user: { name: string; grants: object[] } }>("/auth/providers/finish", { provider: "saml", query: "" });

/** As far as our page. */
async function come(browser: Browser): Promise<Response> {
  const { url: start } = await browser.post<{ url: string }>("/auth/providers/saml/start", {});
  return browser.sendForm(await browser.signInThere(start));
}

async function signIn(browser: Browser) {
  expect((await come(browser)).headers.get("location")).toBe("/sign-in/callback/saml");
  return finish(browser);
}

test("a person of Keycloak signs in by SAML, with the roles of the groups there", async () => {
  const browser = newBrowser();
  const me = await signIn(browser);
  expect(me.user).toMatchObject({ name: "ada", grants: [{ role: "operator", selector: "site=lyon" }] });
  expect(await browser.isIn()).toBe(true);
  await expect(finish(browser)).rejects.toMatchObject({ code: "identity_provider_refused" });
});

test("what Keycloak sent lets in no other browser", async () => {
  const [browser, other] = [newBrowser(), newBrowser()];
  const { url: start } = await browser.post<{ url: string }>("/auth/providers/saml/start", {});
  await other.post("/auth/providers/saml/start", {});
  await other.sendForm(await browser.signInThere(start));
  await expect(finish(other)).rejects.toMatchObject({ code: "identity_provider_refused" });
});

test("what Keycloak encrypts for our key is read", async () => {
  await keycloak.putSamlClient({ ...us(), encrypt: true });
  const browser = newBrowser();
  expect((await signIn(browser)).user.name).toBe("ada");
  await keycloak.putSamlClient(us());
});

test("whoever has nothing but Keycloak proves again there who they are, and is asked for the password although Keycloak knows them", async () => {
  const browser = newBrowser();
  await signIn(browser);
  const { url: start } = await browser.post<{ url: string }>("/auth/step-up/provider", {});
  await browser.sendForm(await browser.signInThere(start));
  expect(await browser.post("/auth/step-up/provider/finish", { provider: "saml", query: "" })).toHaveProperty("until");
});

test("signing out at Keycloak ends the session here that began with it, and no other", async () => {
  const [browser, other] = [newBrowser(), newBrowser()];
  await signIn(other);
  await signIn(browser);
  const newest = "select provider_session from identity.session order by created_at desc limit 1";
  const { rows } = await database.pool.query<{ provider_session: string }>(newest);
  await keycloak.signOut(rows[0]?.provider_session.split("::")[0] ?? "");
  await expect.poll(() => browser.isIn(), { timeout: 5000 }).toBe(false);
  expect(await other.isIn()).toBe(true);
  const { items } = await holdfast.audit.list({ limit: 20 });
  expect(items.map(({ action }) => action)).toContain("identity.session.provider_end");
});

test("signing out here signs out at Keycloak, which asks for the password the next time", async () => {
  const browser = newBrowser();
  await signIn(browser);
  const { url: away } = await browser.post<{ url: string }>("/auth/sign-out/provider", {});
  expect(await browser.isIn()).toBe(false);
  const back = await browser.sendForm(await browser.follow(await browser.ask(away), away));
  expect([back.status, back.headers.get("location")]).toEqual([303, "/sign-in"]);
  const { url: start } = await browser.post<{ url: string }>("/auth/providers/saml/start", {});
  expect(await (await browser.follow(await browser.ask(start), start)).text()).toContain('type="password"');
});

test("signing out at Keycloak through the browser ends the session here, and Keycloak takes our answer", async () => {
  await keycloak.putSamlClient({ ...us(), byBrowser: true });
  const browser = newBrowser();
  await signIn(browser);
  const told = await browser.sendForm(await browser.signOutThere(`${keycloak.issuer}/protocol/openid-connect/logout`));
  expect(await browser.isIn()).toBe(false);
  const answer = told.headers.get("location") ?? "";
  expect(answer).toContain(`${keycloak.issuer}/protocol/saml?SAMLResponse=`);
  const last = await browser.follow(await browser.ask(answer), answer);
  expect([last.status, await last.text()]).toEqual([200, expect.stringContaining("You are logged out")]);
});
