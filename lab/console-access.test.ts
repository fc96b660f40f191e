/**
 * People, roles, machines, secrets and certificates in a real browser: made, previewed, used and taken away. The tests are one story and build on
 * each other. Needs Debian's chromium.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arrive, button, dialog, link, navigation, told } from "./console/acts.ts";
import { expectNoComplaint, openBrowser, skippedBecause, type Browser, type Tab } from "./console/browser.ts";
import { openFreshServer, type FreshServer } from "./console/stage.ts";

const password = "four words are easier";

describe.skipIf(skippedBecause() !== undefined)("access in a browser", () => {
  let server: FreshServer;
  let browser: Browser;
  let grace: Tab;
  let ines: Tab;
  let invitation = "";

  beforeAll(async () => {
    [server, browser] = await Promise.all([openFreshServer(), openBrowser()]);
    grace = await browser.open(server.url);
    const { page } = grace;
    await grace.expecting(/status of 401/, async () => {
      await page.goto(server.setupLink);
      await arrive(grace, "Welcome to Holdfast");
    });
    await page.getByLabel("Name").fill("grace");
    await choosePassword(grace);
    await page.getByRole("button", { name: "Make the administrator and sign in" }).click();
    await arrive(grace, "Set Holdfast up");
  });
  afterAll(async () => {
    await browser?.close();
    await server?.remove();
  });

  test("a role of one's own is made of permissions in plain words", async () => {
    const { page } = grace;
    await navigation(grace, "Roles").click();
    await arrive(grace, "Roles");
    await link(grace, "Make a role").click();
    const form = dialog(grace, "Make a role");
    await form.getByLabel("Name").fill("lyon-operator");
    await form.getByLabel("What it is for").fill("Changes what is in Lyon");
    await form.getByRole("button", { name: "Make it" }).click();
    await form.getByText("One at least").waitFor();
    await form.getByLabel("See devices, their configurations").check();
    await form.getByLabel("Add and change devices").check();
    await grace.picture("80-role-new");
    await form.getByRole("button", { name: "Make it" }).click();
    await told(grace, "The role lyon-operator is made");
    await arrive(grace, "lyon-operator");
    await page.getByText("Nobody has it.").waitFor();
    await grace.picture("81-role");
    expectNoComplaint(grace);
  });

  test("a person is invited with a role for one site, and the link is shown once", async () => {
    const { page } = grace;
    await navigation(grace, "People").click();
    await link(grace, "Add a person").click();
    const form = dialog(grace, "Add a person");
    await form.getByLabel("Name").fill("ines");
    await form.getByRole("combobox", { name: "Role 1", exact: true }).click();
    await page.getByRole("option", { name: "lyon-operator" }).click();
    await form.getByText("Only for some labels").click();
    expect(await form.getByRole("button", { name: "Invite" }).isDisabled()).toBe(true);
    await form.getByRole("combobox", { name: "Role 1: values of label 1" }).fill("lyon");
    await page.keyboard.press("Enter");
    await form.getByText("site=lyon").first().waitFor();
    await grace.picture("82-invite");
    await form.getByRole("button", { name: "Invite" }).click();
    const shown = dialog(grace, "ines is invited");
    invitation = await shown.locator("code").innerText();
    expect(invitation).toMatch(/^http.*#token=/);
    await grace.picture("83-invite-link");
    await shown.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("table", { name: "People" }).getByText("lyon-operator@site=lyon").waitFor();
    expect(await page.content()).not.toContain(invitation.split("=")[1]);
    expectNoComplaint(grace);
  });

  test("a preview says what she may do at Lyon, what elsewhere, and which role gives it", async () => {
    const { page } = grace;
    await page.getByRole("table", { name: "People" }).getByRole("link", { name: "ines" }).click();
    await arrive(grace, "ines");
    const writing = page.locator('[data-permission="devices:write"]');
    await writing.getByText("Yes for site=lyon").waitFor();
    await page.getByLabel("What may ines do for these labels").fill("site=lyon");
    await button(grace, "Look").click();
    await page.getByText("2 of 20 permissions for site=lyon.").waitFor();
    await writing.getByText("by lyon-operator@site=lyon").waitFor();
    await grace.picture("84-preview-lyon");
    await page.getByLabel("What may ines do for these labels").fill("site=turin");
    await button(grace, "Look").click();
    await page.getByText("Nothing at all for site=turin.").waitFor();
    expect(await writing.innerText()).toMatch(/^No/);
    expect(new URL(page.url()).searchParams.get("at")).toBe("site=turin");
    expectNoComplaint(grace);
  });

  test("she accepts, and sees only what her role opens", async () => {
    ines = await browser.open(server.url);
    const { page } = ines;
    await page.goto(invitation);
    await arrive(ines, "Welcome to Holdfast");
    await choosePassword(ines, "seven grey herons stand");
    await page.getByRole("button", { name: "Keep it and sign in" }).click();
    await arrive(ines, "Overview");
    await navigation(ines, "Devices").waitFor();
    expect(await navigation(ines, "People").count()).toBe(0);
    expect(await navigation(ines, "Secrets").count()).toBe(0);
    await ines.picture("85-ines");
    await grace.page.getByRole("table", { name: "Sessions of ines" }).waitFor();
    await grace.picture("86-her-session");
    expectNoComplaint(ines);
    expectNoComplaint(grace);
  });

  test("shutting her out asks who one is when the last proof is old, and ends her session at once", async () => {
    const { page } = grace;
    await server.age(11 * 60);
    await button(grace, "Disable").click();
    const ask = dialog(grace, "Shut ines out");
    await grace.expecting(/status of 403/, async () => {
      await ask.getByRole("button", { name: "Disable" }).click();
      await page.getByText("Prove that it is you").waitFor();
    });
    await page.getByRole("textbox", { name: "Password" }).fill(password);
    await page.getByRole("button", { name: "Prove it" }).click();
    await told(grace, "ines is shut out.");
    await page.getByText("Not signed in anywhere.").waitFor();
    await ines.expecting(/status of 40\d/, async () => {
      await arrive(ines, "Sign in");
    });
    await button(grace, "Enable").click();
    await dialog(grace, "Let ines in again").getByRole("button", { name: "Enable" }).click();
    await told(grace, "ines may sign in again.");
    expectNoComplaint(grace);
  });

  test("what is known about her is handed over, and then erased after her name was typed", async () => {
    const { page } = grace;
    await button(grace, "More acts").click();
    const taken = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "Export what is known" }).click();
    await dialog(grace, "Everything that is known about ines").getByRole("button", { name: "Export what is known" }).click();
    expect((await taken).suggestedFilename()).toBe("holdfast-person-ines.json");
    await told(grace, "What is known about ines is in the file.");
    await button(grace, "More acts").click();
    await page.getByRole("menuitem", { name: "Erase for good" }).click();
    const ask = dialog(grace, "Erase ines for good");
    const go = ask.getByRole("button", { name: "Erase for good" });
    await ask.getByLabel("Reason").fill("asked for by letter");
    expect(await go.isDisabled()).toBe(true);
    await ask.getByLabel(/^Type/).fill("ines");
    await grace.picture("87-erase");
    await go.click();
    await told(grace, /^ines is erased; the audit trail says/);
    await arrive(grace, "People");
    await page.getByText("1 person can sign in.").waitFor();
    expectNoComplaint(grace);
  });

  test("a service account gets a key that is shown once and opens what its role does", async () => {
    const { page } = grace;
    await navigation(grace, "Machines").click();
    await arrive(grace, "Machines");
    await link(grace, "Make a service account").first().click();
    await dialog(grace, "Make a service account").getByLabel("Name").fill("nightly-backups");
    await dialog(grace, "Make a service account").getByRole("button", { name: "Make it" }).click();
    await arrive(grace, "nightly-backups");
    await told(grace, "nightly-backups is made");
    await link(grace, "Create an API key").click();
    const form = dialog(grace, "Create an API key of nightly-backups");
    await form.getByLabel("Name").fill("cron");
    await form.getByRole("button", { name: "Create" }).click();
    const shown = dialog(grace, "The key “cron”");
    const key = await shown.locator("code").innerText();
    await shown.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("table", { name: "API keys of nightly-backups" }).getByText("cron").waitFor();
    await grace.picture("88-machine");
    const headers = { authorization: `Bearer ${key}` };
    expect((await fetch(`${server.url}/api/v1/devices`, { headers })).status).toBe(200);
    expect((await fetch(`${server.url}/api/v1/users`, { headers })).status).toBe(403);
    await button(grace, "Revoke").click();
    await dialog(grace, "Revoke the key “cron”").getByRole("button", { name: "Revoke" }).click();
    await told(grace, "The key “cron” is revoked.");
    expect((await fetch(`${server.url}/api/v1/devices`, { headers })).status).toBe(401);
    expectNoComplaint(grace);
  });

  test("an older version of a secret is destroyed after it was typed which; the one in use stays", async () => {
    const { page } = grace;
    await navigation(grace, "Secrets").click();
    await link(grace, /Add a secret/)
      .first()
      .click();
    const form = dialog(grace, "Add a secret");
    await form.getByLabel("Name").fill("lyon/routers");
    await form.getByLabel("User").fill("netops");
    await form.getByLabel("Password", { exact: true }).fill("wolf-lamp-river");
    await form.getByLabel(/^To be replaced/).fill("5");
    await form.getByRole("button", { name: "Seal it" }).click();
    await told(grace, "lyon/routers is sealed, version 1.");
    await page.getByText("1 is to be replaced within 30 days.").waitFor();
    await page.getByRole("table", { name: "Secrets" }).getByRole("link", { name: "lyon/routers" }).click();
    await arrive(grace, "lyon/routers");
    await link(grace, "New version").click();
    const again = dialog(grace, "New version of lyon/routers");
    await again.getByLabel("Password", { exact: true }).fill("another-lamp-river");
    await again.getByRole("button", { name: "Seal it" }).click();
    await told(grace, "lyon/routers is sealed, version 2.");
    const versions = page.getByRole("table", { name: "Versions of lyon/routers" });
    const first = versions.getByRole("row").filter({ hasText: "kept" });
    await first.getByRole("button", { name: "Destroy" }).click();
    const ask = dialog(grace, "Destroy version 1 of lyon/routers");
    await ask.getByLabel(/^Type/).fill("lyon/routers 1");
    await grace.picture("89-destroy");
    await ask.getByRole("button", { name: "Destroy" }).click();
    await told(grace, "Version 1 of lyon/routers is destroyed.");
    await versions.getByText("destroyed").waitFor();
    await versions.getByText("in use", { exact: true }).waitFor();
    await grace.picture("90-versions");
    expect(await page.content()).not.toContain("lamp-river");
    expectNoComplaint(grace);
  });

  test("a certificate is issued with its key shown once, and revoked with its reason; the list is signed anew", async () => {
    const { page } = grace;
    await navigation(grace, "Certificates").click();
    await arrive(grace, "Certificates");
    await link(grace, "Make the authorities").click();
    await dialog(grace, "Make the authorities").getByLabel("Trust domain").fill("holdfast.example.net");
    await dialog(grace, "Make the authorities").getByRole("button", { name: "Make them" }).click();
    await told(grace, "A root, an intermediate and an SSH authority are made.");
    await link(grace, "Issue a certificate").click();
    const form = dialog(grace, "Issue a certificate");
    await form.getByLabel("Name", { exact: true }).fill("syslog.example.net");
    await form.getByRole("button", { name: "Issue" }).click();
    const once = dialog(grace, "syslog.example.net is issued");
    const taken = page.waitForEvent("download");
    await once.getByRole("button", { name: "syslog.example.net.key" }).click();
    expect((await taken).suggestedFilename()).toBe("syslog.example.net.key");
    await grace.picture("91-certificate-key");
    await once.getByRole("button", { name: "I have kept both" }).click();
    await page.getByRole("table", { name: "Certificates" }).getByRole("link", { name: "syslog.example.net" }).click();
    const drawer = dialog(grace, "syslog.example.net");
    await drawer.getByRole("button", { name: "Revoke…" }).click();
    const ask = dialog(grace, "Revoke syslog.example.net");
    await ask.getByRole("combobox", { name: "Why" }).click();
    await page.getByRole("option", { name: "Somebody else may have the key" }).click();
    await grace.picture("92-revoke");
    await ask.getByRole("button", { name: "Revoke", exact: true }).click();
    await told(grace, "syslog.example.net is revoked; it is refused within a minute.");
    await drawer.getByText("Somebody else may have the key").waitFor();
    await grace.picture("93-revoked");
    await page.keyboard.press("Escape");
    await page.getByText(/1 revoked/).waitFor();
    await link(grace, "Authorities").click();
    await arrive(grace, "Authorities");
    const list = page.getByRole("table", { name: "Revocation lists" }).getByRole("row").filter({ hasText: "intermediate" });
    await list.getByRole("cell", { name: "2", exact: true }).waitFor();
    await grace.picture("94-authorities");
    expectNoComplaint(grace);
  });

  async function choosePassword({ page }: Tab, word = password): Promise<void> {
    await page.getByLabel("Password", { exact: true }).fill(word);
    await page.getByLabel("Password again").fill(word);
  }
});
