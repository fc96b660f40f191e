/** The ways into the console and out of it, in a real browser against a server that was never used before. Needs Debian's chromium. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arrive, navigation } from "./console/acts.ts";
import { expectNoComplaint, openBrowser, skippedBecause, type Browser, type Tab } from "./console/browser.ts";
import { doors } from "./console/places.ts";
import { openFreshServer, type FreshServer } from "./console/stage.ts";
import { sweep } from "./console/sweep.ts";

const [name, password] = ["grace", "four words are easier"];

describe.skipIf(skippedBecause() !== undefined)("the ways into the console", () => {
  let server: FreshServer;
  let browser: Browser;
  let grace: Tab;

  beforeAll(async () => {
    [server, browser] = await Promise.all([openFreshServer(), openBrowser()]);
    grace = await browser.open(server.url);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.remove();
  });

  test("who comes first is told how the first administrator is made, and makes it with the link that the server printed", async () => {
    const { page } = grace;
    // Nobody is signed in, which the browser notes.
    await grace.expecting(/status of 401/, async () => {
      await page.goto(server.url);
      await arrive(grace, "Welcome to Holdfast");
    });
    await page.getByText("The server printed the link when it started").waitFor();
    await grace.picture("40-setup-told");
    await page.goto(server.setupLink);
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Password", { exact: true }).fill("too short");
    await page.getByLabel("Password again").fill("too short");
    const make = page.getByRole("button", { name: "Make the administrator and sign in" });
    await make.click();
    await page.getByText("12 characters at least; a few words").waitFor();
    await grace.picture("41-setup");
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByLabel("Password again").fill(password);
    await make.click();
    await arrive(grace, "Set Holdfast up");
    await page.getByRole("main").getByRole("link", { name: "Later" }).click();
    await arrive(grace, "Overview");
    await page.getByText("No devices yet").waitFor();
    expect(page.url()).toBe(`${server.url}/`);
    expectNoComplaint(grace);
  });

  test("who signs out is out, a wrong password is refused with its reason, and the right one lets in", async () => {
    const { page } = grace;
    await page.getByRole("button", { name: "Your menu" }).click();
    await grace.picture("42-menu");
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await arrive(grace, "Sign in");
    await grace.expecting(/status of 401/, async () => {
      await signIn("not the password");
      await page
        .getByRole("alert")
        .getByText(/request/)
        .waitFor();
    });
    await grace.picture("43-sign-in-refused");
    await signIn(password);
    await arrive(grace, "Overview");
    expectNoComplaint(grace);
  });

  test("a session that ended leads to the sign-in, and from there back to where one was", async () => {
    const { page } = grace;
    await page.getByRole("region", { name: "Sidebar" }).getByText("Live", { exact: true }).waitFor();
    await page.getByText("1. Store how to sign in").waitFor();
    await page.context().clearCookies();
    await grace.expecting(/status of 401/, async () => {
      await navigation(grace, /^Findings/).click();
      await arrive(grace, "Sign in");
    });
    await signIn(password);
    await arrive(grace, "Findings");
    expectNoComplaint(grace);
  });

  test("a program that shows a code is let in after somebody looked who it is, and only that one", async () => {
    const { page } = grace;
    const asked = await startDevice("holdfast on a laptop");
    await page.goto(`${server.url}/device#code=${asked.user_code}`);
    await arrive(grace, "Let a program in");
    await page.getByRole("button", { name: "Look who asks" }).click();
    await page.getByRole("heading", { name: "“holdfast on a laptop” wants to act as you" }).waitFor();
    await page.getByText("all that you may").waitFor();
    await grace.picture("45-device");
    expect(await poll(asked.device_code)).toMatchObject({ error: "authorization_pending" });
    await page.getByRole("button", { name: "Let it in" }).click();
    await page.getByText("It is in; you can close this page.").waitFor();
    expect(await poll(asked.device_code, 5000)).toMatchObject({ token_type: "Bearer", access_token: expect.any(String) });
    const other = await startDevice("something else");
    await page.goto(`${server.url}/device#code=${other.user_code}`);
    await page.reload();
    await page.getByRole("button", { name: "Look who asks" }).click();
    await page.getByRole("button", { name: "No", exact: true }).click();
    await page.getByText("It was told no.").waitFor();
    expect(await poll(other.device_code)).toMatchObject({ error: "access_denied" });
    expectNoComplaint(grace);
  });

  test("when the server is gone the screen says since when it is stale, and is live again by itself", async () => {
    const { page } = grace;
    const badge = page.getByRole("region", { name: "Sidebar" }).getByRole("status");
    await badge.getByText("Live", { exact: true }).waitFor();
    await grace.expecting(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|status of 50\d/, async () => {
      await server.stop();
      await badge.getByText(/^Stale since/).waitFor();
      await grace.picture("44-stale");
      await server.start();
      await badge.getByText("Live", { exact: true }).waitFor({ timeout: 30_000 });
    });
    await navigation(grace, "People").click();
    await arrive(grace, "People");
    await page.getByRole("main").getByText(name).first().waitFor();
    expectNoComplaint(grace);
  });

  test("the doors are accessible, fit and do not jump, in both colours and at three widths", async () => {
    const stranger = await browser.open(server.url);
    expect(await sweep(stranger, [...doors])).toEqual([]);
    expectNoComplaint(stranger);
  });

  async function startDevice(program: string): Promise<{ user_code: string; device_code: string }> {
    return (await post("/oauth/device_authorization", { client_name: program })) as { user_code: string; device_code: string };
  }

  /** After `waitMs`, because a program may not ask more often than it was told. */
  async function poll(deviceCode: string, waitMs = 0): Promise<unknown> {
    await sleep(waitMs);
    return post("/oauth/token", { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: deviceCode });
  }

  async function post(path: string, form: Record<string, string>): Promise<unknown> {
    const body = new URLSearchParams({ client_id: "holdfast-cli", ...form });
    return (await fetch(new URL(path, server.url), { method: "POST", body })).json();
  }

  async function signIn(word: string): Promise<void> {
    await grace.page.getByLabel("Name").fill(name);
    await grace.page.getByRole("textbox", { name: "Password" }).fill(word);
    await grace.page.getByRole("button", { name: "Sign in" }).click();
  }
});
