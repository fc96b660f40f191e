/**
 * The console, used as a person uses it, in a real browser against the demonstration's network: the main job from the one-time link to a rollout
 * taken back. The tests are one story and build on each other. Needs Debian's chromium. `HOLDFAST_PICTURES=directory` keeps pictures of the screens.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { arrive, button, dialog, jump, link, navigation, rests, told } from "./console/acts.ts";
import { commitAndPlan, fetchNewest, filesBefore, lagsOf, rollOut, rolloutOnScreen } from "./console/change.ts";
import { expectNoComplaint, openBrowser, skippedBecause, type Browser, type Tab } from "./console/browser.ts";
import { watchCells, type Sighting } from "./console/notes.ts";
import { nothingThere, placesOf, settingsPlacesOf } from "./console/places.ts";
import { setStage, type Stage } from "./console/stage.ts";
import { sweep, sweepBeside } from "./console/sweep.ts";

const pinned = "fingerprint read from the device itself";
/** The device whose host key is compared by hand. */
const chosen = "lyon-core-1";
/** A state is on the screen this soon after the server has it. */
const soonMs = 2000;

describe.skipIf(skippedBecause() !== undefined)("the console", () => {
  let stage: Stage;
  let browser: Browser;
  let ada: Tab;
  /** Where the rollout back is followed: it moves while other things are looked at, and its end is looked at last. */
  let takingBack = "";

  beforeAll(async () => {
    [stage, browser] = await Promise.all([setStage(), openBrowser()]);
    ada = await browser.open(stage.server.url);
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.strike();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    await ada.picture(`failed-${task.name.replaceAll(/\W+/g, "-").slice(0, 60)}`);
    ada.complaints.splice(0);
  });

  test("a one-time link signs in once, and an empty Holdfast says what to do first", async () => {
    const { page } = ada;
    const way = await stage.server.signInLink();
    await page.goto(way);
    await arrive(ada, "Overview");
    await page.getByRole("region", { name: "Sidebar" }).getByText("Live", { exact: true }).waitFor();
    expect(page.url()).not.toContain("token");
    await ada.picture("01-overview-empty");
    const other = await browser.open(stage.server.url);
    await other.expecting(/status of 4\d\d/, async () => {
      await other.page.goto(way);
      await other.page
        .getByRole("alert")
        .getByText(/request/)
        .waitFor();
    });
    await other.picture("02-link-used-twice");
    expectNoComplaint(other);
    await other.page.context().close();
    expectNoComplaint(ada);
  });

  test("a secret is sealed, and is never on the screen again", async () => {
    const { page } = ada;
    const [name, value] = Object.entries(stage.network.secrets)[0]!;
    if (value.kind !== "password") throw new Error("the demonstration signs in with a password");
    await navigation(ada, "Secrets").click();
    await arrive(ada, "Secrets");
    await link(ada, /Add a secret/)
      .first()
      .click();
    const form = dialog(ada, "Add a secret");
    await form.getByLabel("Name").fill(name);
    await form.getByLabel("User").fill(value.username);
    await form.getByLabel("Password", { exact: true }).fill(value.password);
    await ada.picture("03-secret");
    await form.getByRole("button", { name: "Seal it" }).click();
    await form.waitFor({ state: "detached" });
    await told(ada, `${name} is sealed, version 1.`);
    await page.getByText(name, { exact: true }).first().waitFor();
    expect(await page.content()).not.toContain(value.password);
    expectNoComplaint(ada);
  });

  test("a repository is connected, and its devices come with it", async () => {
    const { page } = ada;
    await page.keyboard.press("g");
    await page.keyboard.press("i");
    await arrive(ada, "Repositories");
    await link(ada, /Connect a repository/)
      .first()
      .click();
    const form = dialog(ada, "Connect a repository");
    await form.getByLabel("Name").fill("demo");
    await form.getByLabel("URL").fill(stage.repository.url);
    await form.getByRole("button", { name: "Connect" }).click();
    await told(ada, "demo is connected.");
    await arrive(ada, "demo");
    await page.getByText("The network as it is", { exact: true }).waitFor();
    await ada.picture("04-repository");
    await page.keyboard.press("g");
    await page.keyboard.press("d");
    await arrive(ada, "Devices");
    await page.getByText("of 24 devices as intended").waitFor();
    await page.getByRole("link", { name: chosen }).waitFor();
    await ada.picture("05-devices-unknown");
    expectNoComplaint(ada);
  });

  test("a host key is pinned only after it was compared with what the device's console shows", async () => {
    const fingerprint = stage.network.devices.find(({ name }) => name === chosen)!.fingerprint;
    await jump(ada, chosen, chosen);
    await arrive(ada, chosen);
    await link(ada, "Compare and pin host key").click();
    const form = dialog(ada, `Host key of ${chosen}`);
    const pin = form.getByRole("button", { name: "Pin this key" });
    await form.getByLabel("Fingerprint as the device's console shows it").fill("SHA256:somethingelse");
    await form.getByText("Not the key that the device showed just now.").waitFor();
    await ada.picture("06-host-key-wrong");
    expect(await pin.isDisabled()).toBe(true);
    await form.getByLabel("Fingerprint as the device's console shows it").fill(fingerprint);
    await form.getByLabel("Reason").fill("read at its console in the rack");
    await ada.picture("07-host-key-right");
    await pin.click();
    await told(ada, `The host key of ${chosen} is pinned.`);
    await link(ada, "Host key").waitFor();
    for (const { name, fingerprint } of stage.network.devices)
      if (name !== chosen) await stage.server.client.devices.trustHostKey({ id: name, fingerprint, reason: pinned });
    expectNoComplaint(ada);
  });

  test("every device is backed up from the palette, and its versions can be read", async () => {
    const { page } = ada;
    await jump(ada, "back up", "Back up every device");
    const ask = dialog(ada, "Back up every device");
    await ada.picture("08-backup-asks");
    await ask.getByRole("button", { name: "Back up every device" }).click();
    await told(ada, "24 devices backed up, 0 failed.");
    await page.getByRole("tab", { name: "Versions" }).click();
    await page
      .getByRole("tabpanel")
      .getByText(/Version 1|version 1|1/)
      .first()
      .waitFor();
    await ada.picture("09-versions");
    await page.getByRole("tab", { name: "Running configuration" }).click();
    await page.getByText("hostname", { exact: false }).first().waitFor();
    await ada.picture("10-running");
    expectNoComplaint(ada);
  });

  test("a plan of the newest revision is read side by side, and each line says where it comes from", async () => {
    const { page } = ada;
    await commitAndPlan(ada, stage, stage.network.good);
    await page.getByText(`Would change ${stage.network.good.devices.length} devices`).waitFor();
    await page.locator(".cm-mergeView").waitFor();
    await ada.picture("11-plan");
    await page.locator(".cm-merge-b .cm-changedLine").first().click();
    const source = page.getByText(/^Line \d+ comes from templates\/\S+:\d+/);
    await source.waitFor();
    expect(await source.innerText()).toContain("data ");
    await page.getByRole("heading", { level: 1 }).click();
    const current = (name: string): Promise<void> => page.locator("[data-target][data-active]").filter({ hasText: name }).waitFor();
    const names = await page.locator("[data-target] > :first-child").allInnerTexts();
    const [first = "", second = ""] = names;
    await current(first);
    await page.keyboard.press("j");
    await current(second);
    await page.keyboard.press("k");
    await current(first);
    await page.getByText("Commands", { exact: true }).click();
    await page.getByText("in this order; secrets are masked").waitFor();
    await ada.picture("12-plan-commands");
    await page.getByText("Changes", { exact: true }).click();
    await page.getByLabel(`Changes to ${first}`).waitFor();
    expectNoComplaint(ada);
  });

  test("a rollout is followed live: each cell says what its device does, without a reload", async () => {
    const { page } = ada;
    await rollOut(ada, "1s");
    await page.evaluate(watchCells);
    const fromMs = Date.now();
    await ada.picture("13-rollout-begins");
    await page.getByText("being watched").first().waitFor();
    await ada.picture("14-rollout-watched");
    await rests(ada, "succeeded");
    await ada.picture("15-rollout-done");
    const seen = (await page.evaluate("window.sightings")) as Sighting[];
    const lags = lagsOf(await rolloutOnScreen(ada, stage), { seen, fromMs });
    console.log(`  ${lags.length} cells on the screen after ${lags[0]} … ${lags[Math.floor(lags.length / 2)]} … ${lags.at(-1)} ms`);
    expect(lags.length).toBeGreaterThan(stage.network.good.devices.length / 2);
    expect(lags.at(-1)).toBeLessThan(soonMs);
    expect(seen.some((one) => one.text.endsWith("applying"))).toBe(true);
    for (const name of stage.network.good.devices) expect(stage.network.good.has(await stage.network.running(name), name), name).toBe(true);
    expectNoComplaint(ada);
  });

  test("a change that hurts is halted and taken back, with the reason on the screen", async () => {
    const { page } = ada;
    await commitAndPlan(ada, stage, stage.network.bad);
    await rollOut(ada, "20s");
    await rests(ada, "reverted");
    const rollout = await rolloutOnScreen(ada, stage);
    await page.getByRole("main").getByRole("status").filter({ hasText: rollout.say }).first().waitFor();
    await ada.picture("16-rollout-reverted");
    await page.getByRole("region", { name: "Wave 1" }).getByRole("link").first().click();
    const drawer = dialog(ada);
    await drawer.getByText("what it had before").waitFor();
    await ada.picture("17-target-drawer");
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    for (const name of stage.network.bad.devices) expect(stage.network.bad.has(await stage.network.running(name), name), name).toBe(false);
    await stage.repository.commit(`Revert "${stage.network.bad.title}"`, filesBefore(stage, Object.keys(stage.network.bad.files)));
    expectNoComplaint(ada);
  });

  test("an edit by hand is found as drift, and taken back by a rollout; then the drift is gone", async () => {
    const { page } = ada;
    const { device, lines, has } = stage.network.hand;
    await fetchNewest(ada, 'Revert "');
    await stage.network.edit(device, lines);
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await arrive(ada, "Drift");
    await button(ada, "Check every device now").click();
    await told(ada, "24 devices checked: 1 drifted, 0 unreachable.");
    const card = page.getByRole("region", { name: device });
    await card.getByText("temporary, do not remove").waitFor();
    await ada.picture("18-drift");
    await page.keyboard.press("g");
    await page.keyboard.press("f");
    await arrive(ada, "Findings");
    await page.getByRole("table", { name: "Findings" }).getByRole("link").first().click();
    const drawer = dialog(ada);
    await drawer.getByRole("link", { name: "See what drifted" }).waitFor();
    await ada.picture("19-finding");
    await drawer.getByRole("link", { name: "See what drifted" }).click();
    await arrive(ada, device);
    await button(ada, "Plan the revert").click();
    await page.waitForURL(/\/plans\//);
    await page.getByText("Would change 1 device").waitFor();
    await rollOut(ada, "1s");
    await rests(ada, "succeeded");
    expect(has(await stage.network.running(device))).toBe(false);
    await navigation(ada, /^Drift/).click();
    await page.getByText("Nothing has drifted").waitFor();
    await button(ada, "Check every device now").click();
    await told(ada, "24 devices checked: 0 drifted, 0 unreachable.");
    await page.goto(`${stage.server.url}/findings?kind=drift&state=resolved`);
    await page.getByRole("table", { name: "Findings" }).getByRole("link").first().waitFor();
    await ada.picture("20-findings-resolved");
    expectNoComplaint(ada);
  });

  test("a finished rollout is rolled back after a question that says what it touches", async () => {
    const { page } = ada;
    await navigation(ada, /^Rollouts/).click();
    await arrive(ada, "Rollouts");
    await ada.picture("21-rollouts");
    await link(ada, new RegExp(stage.network.good.title.slice(0, 20)))
      .first()
      .click();
    await rests(ada, "succeeded");
    await button(ada, "Roll back").click();
    const ask = dialog(ada, "Roll this rollout back");
    await ask.getByText(`takes ${stage.network.good.devices.length} devices back to what they had before`).waitFor();
    await ask.getByLabel("Reason").fill("the new site comes later");
    await ada.picture("22-roll-back-asks");
    const was = page.url();
    await ask.getByRole("button", { name: "Roll back" }).click();
    await page.waitForURL((url) => url.href !== was && /\/rollouts\//.test(url.pathname));
    await ada.picture("23-roll-back");
    await page.getByText("running", { exact: true }).first().waitFor();
    takingBack = page.url();
    expectNoComplaint(ada);
  });

  test("the audit trail names who did it and why, and its chain is verified", async () => {
    const { page } = ada;
    await page.keyboard.press("g");
    await page.keyboard.press("a");
    await arrive(ada, "Audit");
    await button(ada, "Verify the chain").click();
    await page.getByText(/^chain whole, \d+ entries$/).waitFor();
    await page.getByRole("textbox", { name: "Action", exact: true }).fill("devices.host_key.trust");
    await page.waitForURL(/action=devices\.host_key\.trust/);
    await page.getByText("24 entries", { exact: true }).waitFor();
    await ada.picture("24-audit");
    await page.getByText("read at its console in the rack").click();
    await dialog(ada).getByText("ada", { exact: true }).waitFor();
    await ada.picture("25-audit-entry");
    await page.keyboard.press("Escape");
    expectNoComplaint(ada);
  });

  test("an API key is shown once", async () => {
    const { page } = ada;
    await navigation(ada, "API keys").click();
    await link(ada, /Create an API key/)
      .first()
      .click();
    await dialog(ada, "Create an API key").getByLabel("Name").fill("night jobs");
    await dialog(ada, "Create an API key").getByRole("button", { name: "Create" }).click();
    const shown = dialog(ada, "The key “night jobs”");
    const key = await shown.locator("code").innerText();
    await ada.picture("26-key-once");
    await shown.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("rowheader", { name: "night jobs" }).waitFor();
    expect(await page.content()).not.toContain(key);
    const asked = await fetch(`${stage.server.url}/api/v1/devices`, { headers: { authorization: `Bearer ${key}` } });
    expect(asked.status).toBe(200);
    expectNoComplaint(ada);
  });

  test("a list is walked with j and k, opened with Enter, and ? shows the keys", async () => {
    const { page } = ada;
    await page.keyboard.press("g");
    await page.keyboard.press("d");
    await arrive(ada, "Devices");
    await page.getByRole("table", { name: "Devices" }).waitFor();
    const focused = (row: number): Promise<void> => page.locator(`[data-row="${row}"] [data-row-link]:focus`).waitFor();
    await page.keyboard.press("j");
    await focused(0);
    await page.keyboard.press("j");
    await focused(1);
    await page.keyboard.press("k");
    await focused(0);
    await page.keyboard.press("?");
    await dialog(ada, "Keyboard").waitFor();
    await ada.picture("27-help");
    await page.keyboard.press("Escape");
    await dialog(ada, "Keyboard").waitFor({ state: "detached" });
    await page.keyboard.press("/");
    await page.locator("[data-filter]:focus").waitFor();
    await page.keyboard.type("turin-core");
    await page.getByText("2 devices", { exact: true }).waitFor();
    await ada.picture("28-devices-filtered");
    expect(page.url()).toContain("q=turin-core");
    await page.keyboard.press("Escape");
    expectNoComplaint(ada);
  });

  test("a click that fails says why and names the request", async () => {
    const { page } = ada;
    await page.goto(`${stage.server.url}/devices/new`);
    const form = dialog(ada, "Add a device");
    await form.getByLabel("Name").fill("nobody-home");
    await form.getByLabel("Address").fill("127.0.0.1");
    await form.getByLabel("Port").fill("1");
    await form.getByLabel("Signs in with").fill(Object.keys(stage.network.secrets)[0]!);
    await form.getByRole("button", { name: /^Add/ }).click();
    await form.waitFor({ state: "detached" });
    await ada.expecting(/status of [45]\d\d/, async () => {
      await page.goto(`${stage.server.url}/devices/nobody-home/host-key`);
      const notice = dialog(ada, "Host key of nobody-home").getByRole("alert");
      await notice.getByText("request").waitFor();
      expect(await notice.innerText()).toMatch(/nobody-home|127\.0\.0\.1/);
      await ada.picture("29-problem");
    });
    await page.getByRole("button", { name: "Cancel" }).click();
    await button(ada, "Remove").click();
    const ask = dialog(ada, "Remove nobody-home");
    expect(await ask.getByRole("button", { name: "Remove" }).isDisabled()).toBe(true);
    await ask.getByLabel(/^Type/).fill("nobody-home");
    await ada.picture("30-remove-asks");
    const other = await browser.beside(ada);
    await other.page.goto(`${stage.server.url}/devices/nobody-home`);
    await arrive(other, "nobody-home");
    await ask.getByRole("button", { name: "Remove" }).click();
    await arrive(ada, "Devices");
    await told(ada, "nobody-home is removed.");
    await other.page.getByText("nobody-home was removed").waitFor();
    await other.picture("32-removed-elsewhere");
    expectNoComplaint(other);
    await other.page.close();
    expectNoComplaint(ada);
  });

  test("every page of the network is accessible, fits, does not jump and asks nobody else, in both colours and at three widths", async () => {
    expect(await sweepBeside(browser, ada, await placesOf(stage.server.client))).toEqual([]);
  });

  test("so is every page of people, roles, machines, secrets and certificates, and what is not there is said", async () => {
    expect(await sweepBeside(browser, ada, await settingsPlacesOf(stage.server.client))).toEqual([]);
    await ada.expecting(/status of 404/, async () => expect(await sweep(ada, [...nothingThere])).toEqual([]));
    expectNoComplaint(ada);
  });

  test("what was rolled back is gone from every device", async () => {
    await ada.page.goto(takingBack);
    await rests(ada, "succeeded");
    await ada.picture("31-rolled-back");
    const { good, running } = stage.network;
    for (const name of good.devices) expect(good.has(await running(name), name), name).toBe(false);
    expectNoComplaint(ada);
  });
});
