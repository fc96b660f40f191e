/** Sign-in at a real Keycloak over HTTP: the whole way of a browser, groups, linking, and its back-channel logout. Needs Java and Maven. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compose, type Holdfast } from "../packages/server/src/apps/compose.ts";
import { silentLog } from "../packages/server/src/platform/log.ts";
import { loadSettings } from "../packages/server/src/platform/settings.ts";
import { testDatabase } from "../packages/server/test/database.ts";
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
  keycloak = await startKeycloak({ redirectUri: `${url}/sign-in/callback/kc`, logoutUrl: `${url}/oauth/backchannel-logout` });
  const settings = loadSettings({
    HOLDFAST_HOME: home,
    HOLDFAST_PORT: String(port),
    HOLDFAST_PUBLIC_URL: url,
    HOLDFAST_EGRESS_ALLOW: "127.0.0.1",
    DATABASE_URL: database.url,
  });
  holdfast = await compose({ settings, log: silentLog });
  await holdfast.start();
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

class Browser {
  readonly jar = new Map<string, string>();

  async ask(at: string | URL, init: { method?: string; body?: string; type?: string } = {}): Promise<Response> {
    const { origin } = new URL(at);
    const cookie = [...this.jar]
      .filter(([key]) => key.startsWith(origin))
      .map(([key, value]) => `${key.slice(origin.length + 1)}=${value}`);
    const headers = { cookie: cookie.join("; "), origin, ...(init.type ? { "content-type": init.type } : {}) };
    const answer = await fetch(at, {
      redirect: "manual",
      headers,
      ...(init.method ? { method: init.method } : {}),
      ...(init.body ? { body: init.body } : {}),
    });
    for (const set of answer.headers.getSetCookie()) {
      const [name = "", value = ""] = (set.split(";")[0] ?? "").split(/=(.*)/s);
      this.jar.set(`${origin} ${name}`, value);
    }
    return answer;
  }

  async post<T>(path: string, body: object): Promise<T> {
    const answer = await this.ask(`${url}/api/v1${path}`, { method: "POST", body: JSON.stringify(body), type: "application/json" });
    const said = (await answer.json()) as T;
    if (!answer.ok) throw Object.assign(new Error(JSON.stringify(said)), said);
    return said;
  }

  /** Signs in at Keycloak's own page; what our page is then given. */
  async viaKeycloak(start: string): Promise<string> {
    const page = await this.ask(start);
    const known = page.headers.get("location");
    if (known) return new URL(known).search.slice(1);
    const form = /action="([^"]+)"/.exec(await page.text())?.[1]?.replaceAll("&amp;", "&") ?? "";
    const { name: username, password } = keycloak.person;
    const body = new URLSearchParams({ username, password }).toString();
    const sent = await this.ask(form, { method: "POST", body, type: "application/x-www-form-urlencoded" });
    return new URL(sent.headers.get("location") ?? "").search.slice(1);
  }

  async signIn(): Promise<{ user: { name: string; grants: object[] } }> {
    const { url: start } = await this.post<{ url: string }>("/auth/providers/kc/start", {});
    return this.post("/auth/providers/finish", { provider: "kc", query: await this.viaKeycloak(start) });
  }

  async isIn(): Promise<boolean> {
    return (await this.ask(`${url}/api/v1/auth/me`)).ok;
  }
}

test("a person of Keycloak signs in, with the roles of the groups there", async () => {
  const browser = new Browser();
  const me = await browser.signIn();
  expect(me.user).toMatchObject({ name: "ada", grants: [{ role: "operator", selector: "site=lyon" }] });
  expect(await browser.isIn()).toBe(true);
});

test("what Keycloak sent back counts once, and in no other browser", async () => {
  const [browser, other] = [new Browser(), new Browser()];
  const { url: start } = await browser.post<{ url: string }>("/auth/providers/kc/start", {});
  const came = { provider: "kc", query: await browser.viaKeycloak(start) };
  await other.post("/auth/providers/kc/start", {});
  await expect(other.post("/auth/providers/finish", came)).rejects.toMatchObject({ code: "identity_provider_refused" });
  await browser.post("/auth/providers/finish", came);
  await expect(browser.post("/auth/providers/finish", came)).rejects.toMatchObject({ code: "identity_provider_refused" });
});

test("signing out at Keycloak ends the session here that began with it, by its back channel, and no other", async () => {
  const [browser, other] = [new Browser(), new Browser()];
  await other.signIn();
  await browser.signIn();
  const newest = "select provider_session from identity.session order by created_at desc limit 1";
  const { rows } = await database.pool.query<{ provider_session: string }>(newest);
  await keycloak.signOut(rows[0]?.provider_session ?? "");
  await expect.poll(() => browser.isIn(), { timeout: 5000 }).toBe(false);
  expect(await other.isIn()).toBe(true);
  const { items } = await holdfast.audit.list({ limit: 20 });
  expect(items.map(({ action }) => action)).toContain("identity.session.provider_end");
});
