/** A new person's way in a real browser: an invitation, an authenticator app, a passkey of Chromium's virtual authenticator, backup codes, step-up. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arrive } from "./console/acts.ts";
import { expectNoComplaint, openBrowser, skippedBecause, type Browser, type Tab } from "./console/browser.ts";
import { codeOf, plugInKey } from "./console/phone.ts";
import { openFreshServer, type FreshServer } from "./console/stage.ts";

const password = "four words are easier";

test("the phone of these tests shows the codes of RFC 6238, appendix B", () => {
  const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"; // 12345678901234567890
  expect([59, 1111111109, 20000000000].map((s) => codeOf(seed, s * 1000))).toEqual(["287082", "081804", "353130"]);
});

describe.skipIf(skippedBecause() !== undefined)("second factors in a browser", () => {
  let server: FreshServer;
  let browser: Browser;
  let url: string;
  let grace: Tab;
  let seed = "";
  let backupCode = "";

  beforeAll(async () => {
    [server, browser] = await Promise.all([openFreshServer(), openBrowser()]);
    // A passkey belongs to a name.
    url = server.url.replace("127.0.0.1", "localhost");
    grace = await browser.open(url);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.remove();
  });

  test("the first administrator enrols an authenticator app by its QR code, and gets ten backup codes", async () => {
    const { page } = grace;
    await grace.expecting(/status of 401/, async () => {
      await page.goto(server.setupLink.replace("127.0.0.1", "localhost"));
      await arrive(grace, "Welcome to Holdfast");
    });
    await page.getByLabel("Name").fill("grace");
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByLabel("Password again").fill(password);
    await page.getByRole("button", { name: "Make the administrator and sign in" }).click();
    await arrive(grace, "Set Holdfast up");
    await page.goto(`${url}/settings/profile`);
    await arrive(grace, "Your profile");
    await page.getByText("You sign in with one factor").waitFor();
    await page.getByRole("button", { name: "Enrol an app" }).click();
    const dialog = page.getByRole("dialog");
    seed = (await dialog.locator(".mono").first().textContent()) ?? "";
    expect(seed).toMatch(/^[A-Z2-7]{32}$/);
    await grace.picture("60-enrol-app");
    await dialog.getByLabel("Code that the app shows").fill(codeOf(seed, Date.now() - 30_000));
    await dialog.getByRole("button", { name: "Enrol the app" }).click();
    const codes = page.getByRole("dialog").getByRole("listitem");
    await codes.first().waitFor();
    expect(await codes.count()).toBe(10);
    backupCode = (await codes.first().textContent()) ?? "";
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByText("You have 1 second factor.").waitFor();
    await grace.picture("61-profile");
    expectNoComplaint(grace);
  });

  test("the next sign-in asks for a code, refuses a wrong one, and takes the right one", async () => {
    const { page } = grace;
    await signOut();
    await signIn();
    await page.getByLabel("Code of your authenticator app").fill("000000");
    await grace.expecting(/status of 401/, async () => {
      await page.getByRole("button", { name: "Go on" }).click();
      await page
        .getByRole("alert")
        .getByText(/request/)
        .waitFor();
    });
    await page.getByLabel("Code of your authenticator app").fill(codeOf(seed));
    await page.getByRole("button", { name: "Go on" }).click();
    await arrive(grace, "Overview");
    expectNoComplaint(grace);
  });

  test("a passkey is enrolled and then signs in alone", async () => {
    const { page } = grace;
    await plugInKey(grace);
    await page.goto(`${url}/settings/profile`);
    await page.getByRole("button", { name: "Enrol a passkey" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name of the passkey").fill("blue key");
    await dialog.getByRole("button", { name: "Enrol a passkey" }).click();
    await page.getByText("You have 2 second factors.").waitFor();
    await grace.picture("62-profile-passkey");
    await signOut();
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await arrive(grace, "Overview");
    expectNoComplaint(grace);
  });

  test("a backup code lets in once", async () => {
    const { page } = grace;
    await signOut();
    await signIn();
    await page.getByRole("button", { name: "Use a backup code" }).click();
    await page.getByLabel("Backup code").fill(backupCode);
    await page.getByRole("button", { name: "Go on" }).click();
    await arrive(grace, "Overview");
    await page.goto(`${url}/settings/profile`);
    await page.getByText("9 of 10 backup codes left").waitFor();
    expectNoComplaint(grace);
  });

  test("an act that would do harm asks for a proof when the last one is old, and is then done", async () => {
    const { page } = grace;
    await server.age(11 * 60);
    await page.getByRole("button", { name: "Make new backup codes" }).click();
    const ask = page.getByRole("dialog").filter({ hasText: "Make new backup codes" });
    await grace.expecting(/status of 403/, async () => {
      await ask.getByRole("button", { name: "Make new backup codes" }).click();
      await page.getByText("Prove that it is you").waitFor();
    });
    await grace.picture("63-prove-again");
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByText("10 of 10 backup codes left").waitFor();
    expectNoComplaint(grace);
  });

  test("who has a role that needs a second factor enrols one before anything else", async () => {
    const link = await server.inviteMust("vera");
    const vera = await browser.open(url);
    const { page } = vera;
    await page.goto(`${url}${link}`);
    await arrive(vera, "Welcome to Holdfast");
    await page.getByLabel("Password", { exact: true }).fill("seven grey herons stand");
    await page.getByLabel("Password again").fill("seven grey herons stand");
    await page.getByRole("button", { name: "Keep it and sign in" }).click();
    await arrive(vera, "A second factor first");
    await page.goto(`${url}/devices`);
    await arrive(vera, "A second factor first");
    await vera.picture("64-enrol-first");
    const mine = (await page.locator(".mono").first().textContent()) ?? "";
    await page.getByLabel("Code that the app shows").fill(codeOf(mine));
    await page.getByRole("button", { name: "Enrol the app" }).click();
    await page.getByRole("button", { name: "I have kept them" }).click();
    await arrive(vera, "Overview");
    expectNoComplaint(vera);
  });

  async function signOut(): Promise<void> {
    await grace.page.getByRole("button", { name: "Your menu" }).click();
    // The live stream may ask once more, and is told that nobody is signed in.
    await grace.expecting(/status of 401/, async () => {
      await grace.page.getByRole("menuitem", { name: "Sign out" }).click();
      await arrive(grace, "Sign in");
    });
  }

  async function signIn(): Promise<void> {
    await grace.page.getByLabel("Name").fill("grace");
    await grace.page.getByRole("textbox", { name: "Password" }).fill(password);
    await grace.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await arrive(grace, "Second factor");
  }
});
