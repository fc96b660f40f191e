/**
 * People who prove who they are elsewhere, in a real browser: a provider that a library of the field makes is added and tried out, somebody comes
 * in from there, proves it again there, and an administrator links herself. Needs Debian's chromium.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
import type { Locator } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { arrive, button, dialog, link, navigation, told } from "./console/acts.ts";
import { expectNoComplaint, openBrowser, skippedBecause, type Browser, type Tab } from "./console/browser.ts";
import { openFreshServer, type FreshServer } from "./console/stage.ts";

const [clientId, clientSecret] = ["holdfast", "a secret of the client"];
/** Whoever goes elsewhere asks another origin, and the pages there are not ours to judge. */
const away = /asked another origin|status of 40[13]|\/interaction\//;

describe.skipIf(skippedBecause() !== undefined)("signing in elsewhere", () => {
  let server: FreshServer;
  let browser: Browser;
  let peer: Server;
  let issuer: string;
  let grace: Tab;
  let nils: Tab;

  beforeAll(async () => {
    [server, browser] = await Promise.all([openFreshServer({ federated: true }), openBrowser()]);
    [peer, issuer] = await openProvider(`${server.url}/sign-in/callback/corp`);
    grace = await browser.open(server.url);
    const { page } = grace;
    await grace.expecting(/status of 401/, async () => {
      await page.goto(server.setupLink);
      await arrive(grace, "Welcome to Holdfast");
    });
    await page.getByLabel("Name").fill("grace");
    await page.getByLabel("Password", { exact: true }).fill("four words are easier");
    await page.getByLabel("Password again").fill("four words are easier");
    await page.getByRole("button", { name: "Make the administrator and sign in" }).click();
    await arrive(grace, "Set Holdfast up");
  });
  afterAll(async () => {
    await browser?.close();
    peer?.close();
    await server?.remove();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    for (const [name, tab] of Object.entries({ grace, nils })) await tab?.picture(`failed-${name}-${task.name.slice(0, 30)}`);
  });

  test("a provider is added with what its groups may do, and tried out", async () => {
    const { page } = grace;
    await navigation(grace, "Identity providers").click();
    await arrive(grace, "Identity providers");
    await link(grace, "Add a provider").first().click();
    const form = dialog(grace, "Add an identity provider");
    await form.getByLabel("Id", { exact: true }).fill("corp");
    await form.getByLabel("Name", { exact: true }).fill("Corp");
    await form.getByLabel("Issuer").fill(issuer);
    await form.getByLabel("Client id").fill(clientId);
    await form.getByLabel("Client secret", { exact: true }).fill(clientSecret);
    await form.getByRole("button", { name: "Add a group" }).click();
    await form.getByLabel("Group 1", { exact: true }).fill("netops");
    await form.getByRole("combobox", { name: "Role of group 1" }).click();
    await page.getByRole("option", { name: "operator" }).click();
    await grace.picture("100-provider-new");
    await form.getByRole("button", { name: "Add it" }).click();
    await told(grace, "Corp is on the sign-in page.");
    await button(grace, "Test").click();
    await told(grace, `Corp answers: a sign-in would go to ${new URL(issuer).host}.`);
    expect(await page.content()).not.toContain(clientSecret);
    await grace.picture("101-providers");
    expectNoComplaint(grace);
  });

  test("somebody comes in from there, with the role of the group", async () => {
    nils = await browser.open(server.url);
    const { page } = nils;
    await nils.expecting(away, async () => {
      await page.goto(`${server.url}/devices`);
      await arrive(nils, "Sign in");
      await nils.picture("102-sign-in");
      await page.getByRole("button", { name: "Sign in at Corp" }).click();
      await signInThere(page.locator("input[name=login]"), "nils");
      await arrive(nils, "Devices");
    });
    await page.getByText("nils.name", { exact: true }).first().waitFor();
    expectNoComplaint(nils);
  });

  test("who has no password proves it again where they came from, in a window of its own; what they were doing goes on by itself", async () => {
    const { page } = nils;
    await server.age(11 * 60);
    await page.goto(`${server.url}/settings/keys/new`);
    await dialog(nils, "Create an API key").getByLabel("Name").fill("night jobs");
    await nils.expecting(away, async () => {
      await dialog(nils, "Create an API key").getByRole("button", { name: "Create" }).click();
      await page.getByText("Prove that it is you").waitFor();
      await nils.picture("103-prove-there");
      const opened = page.waitForEvent("popup");
      await page.getByRole("button", { name: "Prove it at Corp" }).click();
      await signInThere((await opened).locator("input[name=login]"), "nils");
      await dialog(nils, "The key “night jobs”").waitFor();
    });
    await dialog(nils, "The key “night jobs”").getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("rowheader", { name: "night jobs" }).waitFor();
    expectNoComplaint(nils);
  });

  test("an administrator links herself, comes in from there as the same person, and ends the link", async () => {
    const { page } = grace;
    await page.goto(`${server.url}/settings/profile`);
    await grace.expecting(away, async () => {
      await page.getByRole("button", { name: "Link Corp" }).click();
      // What was proved is old by now, and she has a password.
      const proof = page.getByRole("textbox", { name: "Password" });
      await proof.or(page.locator("input[name=login]")).first().waitFor();
      if (await proof.isVisible()) {
        await proof.fill("four words are easier");
        await page.getByRole("button", { name: "Prove it" }).click();
      }
      await signInThere(page.locator("input[name=login]"), "gail");
      await arrive(grace, "Your profile");
    });
    await told(grace, "You are gail.name there.");
    await page.getByRole("table", { name: "You at identity providers" }).getByText("gail.name").waitFor();
    await grace.picture("104-linked");
    await page.getByRole("button", { name: "End", exact: true }).click();
    await dialog(grace, "End your link to Corp").getByRole("button", { name: "End" }).click();
    await told(grace, "You are not linked to Corp any more.");
    await page.getByRole("button", { name: "Link Corp" }).waitFor();
    expectNoComplaint(grace);
  });
});

/** The page that the library shows where nobody made one. */
async function signInThere(login: Locator, name: string): Promise<void> {
  await login.fill(name);
  await login.page().locator("input[name=password]").fill("x");
  await login.page().locator("button[type=submit]").click();
}

async function openProvider(redirectUri: string): Promise<[Server, string]> {
  const server = createServer((request, response) => void provider.callback()(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "one" }] },
    cookies: { keys: ["a key of cookies"] },
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: `${id}.name`, groups: ["netops"] }),
    }),
    async loadExistingGrant(context) {
      const grant = new context.oidc.provider.Grant({ accountId: context.oidc.session!.accountId!, clientId });
      grant.addOIDCScope("openid profile");
      await grant.save();
      return grant;
    },
  });
  return [server, issuer];
}
