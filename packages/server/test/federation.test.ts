/** SAML as a browser meets it over HTTP, and identity providers from the command line. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Provider } from "@holdfast/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "#platform/log";
import { loadSettings } from "#platform/settings";
import { compose, type Holdfast } from "../src/apps/compose.ts";
import { testDatabase, type TestDatabase } from "./database.ts";
import { runHoldfast, type Given, type Ran } from "./holdfast-program.ts";
import { root } from "./identity.ts";
import { base64, good, inQuery, issuer, logoutXml, newKey, requestIn, sloUrl, type Key, type Said } from "./saml-provider.ts";

const password = "correct horse battery";
const publicUrl = "https://holdfast.example";
const ours = { acsUrl: `${publicUrl}/saml/corp/acs`, entityId: `${publicUrl}/saml/corp/metadata` };
const idpPage = { origin: "https://idp.example.net", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };

let database: TestDatabase;
let home: string;
let holdfast: Holdfast;
let url: string;
let idp: Key;

beforeAll(async () => {
  database = await testDatabase();
  home = mkdtempSync(join(tmpdir(), "holdfast-federation-"));
  const own = { DATABASE_URL: database.url, HOLDFAST_HOME: join(home, "server"), HOLDFAST_PORT: "0", HOLDFAST_PUBLIC_URL: publicUrl };
  holdfast = await compose({ settings: loadSettings(own), log: silentLog, consoleDirectory: join(home, "none") });
  url = (await holdfast.start()) ?? "";
  await holdfast.identity.createUser({ name: "ada", grants: [{ role: "admin" }], password }, root);
  idp = await newKey(Date.now());
  expect(await run(["login", "--url", url, "--password"], { stdin: `ada\n${password}\n` })).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await holdfast.stop();
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

const run = (args: string[], given: Given = {}): Promise<Ran> => runHoldfast(home, args, given);
const shown = async (id: string): Promise<Provider> => JSON.parse((await run(["providers", "show", id, "-o", "json"])).out) as Provider;

const redirect = 'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"';
const metadata = (): string =>
  [
    `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${issuer}"><md:IDPSSODescriptor>`,
    `<md:KeyDescriptor><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>`,
    idp.certificate.replaceAll(/-----[^-]+-----/g, ""),
    `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleLogoutService ${redirect} Location="${sloUrl}"/>`,
    `<md:SingleSignOnService ${redirect} Location="https://idp.example.net/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>`,
  ].join("");

describe("identity providers from the command line", () => {
  test("are added from metadata and a document, tried first, shown with what they have to be told, and given a new key", async () => {
    const document = { name: "Corp", settings: { kind: "saml" }, groupGrants: [{ group: "netops", role: "operator" }] };
    writeFileSync(join(home, "corp.json"), JSON.stringify(document));
    writeFileSync(join(home, "idp.xml"), metadata());
    const put = ["providers", "put", "corp", "corp.json", "--metadata", "idp.xml"];
    expect(await run([...put, "--dry-run"])).toMatchObject({ code: 0, out: "Would add the identity provider corp.\n" });
    expect(await run(["providers", "show", "corp"])).toMatchObject({ code: 5 });
    expect(await run(put)).toMatchObject({ code: 0 });
    const before = await shown("corp");
    expect(before).toMatchObject({ settings: { entityId: issuer, sloUrl }, ours, certificates: [{ subject: "CN=Holdfast to test" }] });
    expect((await run(["providers", "list"])).out).toMatch(/^corp +Corp +saml +https:\/\/idp.example.net\/saml +yes$/m);
    expect(await run(["providers", "renew-key", "corp", "--yes"])).toMatchObject({ code: 0 });
    expect((await shown("corp")).ours?.certificate).not.toBe(before.ours?.certificate);
    expect(await run(["providers", "put", "corp", "-", "--metadata", "corp.json"], { stdin: "{}" })).toMatchObject({ code: 4 });
  });

  test("are linked to people and left, by an administrator and by oneself, and removed", async () => {
    expect(await run(["providers", "link", "corp", "ada", "--subject", "ada-there"])).toMatchObject({ code: 0 });
    expect((await run(["providers", "mine"])).out).toMatch(/^corp +ada +ada-there +/m);
    expect(await run(["providers", "join", "corp", "--name", "ada"])).toMatchObject({
      code: 4,
      err: expect.stringContaining("in the console"),
    });
    expect(await run(["providers", "leave", "corp", "--yes"])).toMatchObject({ code: 0 });
    expect((await run(["providers", "mine"])).err).toBe("You are linked to no identity provider.\n");
    await run(["providers", "link", "corp", "ada", "--subject", "ada-there"]);
    expect(await run(["providers", "unlink", "corp", "ada"])).toMatchObject({ code: 0 });
    writeFileSync(
      join(home, "gone.json"),
      JSON.stringify({ name: "Gone", settings: { kind: "oidc", issuer: "https://gone.example", clientId: "x" } }),
    );
    writeFileSync(join(home, "secret"), "its secret\n");
    expect(await run(["providers", "put", "gone", "gone.json", "--secret-file", "secret"])).toMatchObject({ code: 0 });
    expect(await shown("gone")).toMatchObject({ hasSecret: true, ours: { redirectUrl: `${publicUrl}/sign-in/callback/gone` } });
    expect(await run(["providers", "remove", "gone", "--yes"])).toMatchObject({ code: 0 });
    expect(await run(["providers", "remove", "gone", "--yes"])).toMatchObject({ code: 5 });
  });
});

/** A browser as far as cookies go: what it keeps, and sends to us from our own pages. */
function newBrowser() {
  const jar = new Map<string, string>();
  async function ask(path: string, init: RequestInit): Promise<Response> {
    const answer = await fetch(url + path, { redirect: "manual", ...init });
    for (const set of answer.headers.getSetCookie()) {
      const [name = "", value = ""] = (set.split(";")[0] ?? "").split(/=(.*)/s);
      if (set.includes("Max-Age=0")) jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  }
  const cookie = () => [...jar].map((pair) => pair.join("=")).join("; ");
  const call = (path: string, body: object) => {
    const headers = { "content-type": "application/json", "sec-fetch-site": "same-origin", cookie: cookie() };
    return ask(`/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  };
  /** From a page of the provider: none of our cookies goes along, for they are SameSite=Strict. */
  const form = (path: string, fields: Record<string, string>) =>
    ask(path, { method: "POST", headers: idpPage, body: new URLSearchParams(fields) });
  return { jar, call, form };
}

async function begin(browser: ReturnType<typeof newBrowser>): Promise<Said> {
  const started = (await (await browser.call("/auth/providers/corp/start", {})).json()) as { url: string };
  return { nowMs: Date.now(), ...ours, answers: requestIn(started.url).id, subject: "ada-at-idp" };
}
const finish = (browser: ReturnType<typeof newBrowser>) => browser.call("/auth/providers/finish", { provider: "corp", query: "" });

describe("a SAML provider's messages over HTTP", () => {
  test("sign in the browser that began: by a form from another site, without cookies, that leads to our page and nowhere else", async () => {
    await database.pool.query("delete from identity.user where name <> 'ada'");
    await holdfast.identity.updateProvider({ ...(await asWanted()), settings: { ...(await saml()), nameAttribute: "none" } }, root);
    const browser = newBrowser();
    const said = { ...(await begin(browser)), subject: "grace" };
    const answer = await browser.form("/saml/corp/acs", { SAMLResponse: base64(good(said, idp)), RelayState: "https://evil.example" });
    expect([answer.status, answer.headers.get("location"), await answer.text()]).toEqual([303, "/sign-in/callback/corp", ""]);
    const [set = ""] = answer.headers.getSetCookie();
    for (const part of ["__Host-holdfast_arrival=", "HttpOnly", "SameSite=Strict", "Secure", "Path=/"]) expect(set).toContain(part);
    const signedIn = await finish(browser);
    expect([signedIn.status, ((await signedIn.json()) as { user: { name: string } }).user.name]).toEqual([200, "grace"]);
    expect([...browser.jar.keys()]).toEqual(["__Host-holdfast_session"]);
  });

  test("that count for nothing look the same from outside as those that do, and let nobody in", async () => {
    for (const lie of ["", "AAAA", base64("<a/>")]) {
      const browser = newBrowser();
      await begin(browser);
      const answer = await browser.form("/saml/corp/acs", { SAMLResponse: lie });
      expect([answer.status, answer.headers.get("location")]).toEqual([303, "/sign-in/callback/corp"]);
      const refusal = await finish(browser);
      expect([refusal.status, ((await refusal.json()) as { code: string }).code]).toEqual([401, "identity_provider_refused"]);
    }
    const [victim, attacker] = [newBrowser(), newBrowser()];
    const said = await begin(attacker);
    await victim.form("/saml/corp/acs", { SAMLResponse: base64(good(said, idp)) });
    expect((await finish(victim)).status, "somebody else's sign-in put into this browser").toBe(401);
    expect((await newBrowser().form("/saml/nobody/acs", {})).status).toBe(404);
    expect((await newBrowser().form("/saml/corp/acs", { SAMLResponse: "A".repeat(700_000) })).status).toBe(413);
  });

  test("end a session by an address that the provider signed, and tell it so", async () => {
    const destination = `${publicUrl}/saml/corp/slo`;
    const ask = (query: string) => fetch(`${url}/saml/corp/slo?${query}`, { redirect: "manual" });
    const xml = logoutXml({ nowMs: Date.now(), destination, subject: "grace" });
    const done = await ask(inQuery(xml, idp, { relayState: "r" }));
    expect([done.status, done.headers.get("location")]).toEqual([
      303,
      expect.stringMatching(/^https:\/\/idp\.example\.net\/slo\?SAMLResponse=.*&RelayState=r&SigAlg=/),
    ]);
    const refused = await ask(inQuery(xml, await newKey(Date.now())));
    expect([refused.status, await refused.text()]).toEqual([400, "The message does not count.\n"]);
    expect((await ask("SAMLResponse=AAAA")).headers.get("location")).toBe("/sign-in");
  });

  test("are written to what our metadata says, which anybody may read", async () => {
    const answer = await fetch(`${url}/saml/corp/metadata`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/samlmetadata+xml; charset=utf-8"]);
    expect(await answer.text()).toContain(ours.acsUrl);
  });
});

async function asWanted() {
  const { ours: _ours, certificates: _certificates, hasSecret: _has, createdAt: _at, ...rest } = await shown("corp");
  return rest;
}
async function saml() {
  const { settings } = await shown("corp");
  if (settings.kind !== "saml") throw new Error("corp is a SAML provider");
  return settings;
}
