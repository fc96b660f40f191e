/**
 * The console in a real browser, for somebody whose role counts at one site: what is elsewhere is nowhere, what they may not do says so, and what they
 * may do works. The tests are one story and build on each other. Needs Debian's chromium.
 */
import type { Plan, Rollout } from "@holdfast/contract";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { arrive, button, link, navigation, rests } from "./console/acts.ts";
import { fetchNewest, rollOut } from "./console/change.ts";
import { reading } from "./console/notes.ts";
import { expectNoComplaint, openBrowser, skippedBecause, type Browser, type Tab } from "./console/browser.ts";
import { setStage, type Stage } from "./console/stage.ts";

const reason = "fingerprint read from the device itself";
const elsewhere = /turin|geneva/i;

describe.skipIf(skippedBecause() !== undefined)("the console for one site", () => {
  let stage: Stage;
  let browser: Browser;
  let lyra: Tab;
  let plan: Plan;
  let rollout: Rollout;

  beforeAll(async () => {
    [stage, browser] = await Promise.all([setStage(), openBrowser()]);
    const { client, holdfast, url } = stage.server;
    const { network, repository } = stage;
    for (const [name, value] of Object.entries(network.secrets)) await client.secrets.create({ name, value });
    await client.repositories.create({ name: network.name, url: repository.url, pollMs: 3_600_000 });
    for (const { name, fingerprint } of network.devices) await client.devices.trustHostKey({ id: name, fingerprint, reason });
    await client.devices.backup({});
    await repository.commit(network.good.title, network.good.files);
    await client.repositories.sync({ id: network.name });
    plan = await client.plans.create({ repository: network.name });
    rollout = await client.rollouts.create({ planId: plan.id, planHash: plan.hash, strategy: { kind: "direct", reason }, start: false });
    await holdfast.identity.createUser(
      { name: "lyra", grants: [{ role: "operator", selector: "site=lyon" }] },
      { actor: "system:test", access: "unlimited" },
    );
    lyra = await browser.open(url);
    await lyra.page.goto(`${url}/link#token=${(await holdfast.identity.createSignInLink("lyra", { actor: "system:test" })).token}`);
    await arrive(lyra, "Overview");
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.strike();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await lyra.picture(`failed-reach-${task.name.replaceAll(/\W+/g, "-").slice(0, 50)}`);
  });

  /** What the main part of the screen says. */
  const screen = (): Promise<string> => lyra.page.getByRole("main").innerText();

  test("the overview counts what is there, and nothing leads to where they may not go", async () => {
    await lyra.page.getByText("8 of 8 devices as intended").first().waitFor();
    expect(await screen()).not.toMatch(elsewhere);
    await navigation(lyra, "Devices").first().waitFor();
    for (const place of ["Secrets", "People", "Roles", "Audit", "Certificates"])
      expect(await navigation(lyra, place).count(), place).toBe(0);
    await lyra.picture("r1-overview");
    expectNoComplaint(lyra);
  });

  test("every list has what is in Lyon alone", async () => {
    for (const place of ["Devices", "Drift", "Plans", "Rollouts", "Findings"]) {
      await navigation(lyra, place).first().click();
      await arrive(lyra, place);
      await lyra.page.locator(reading).first().waitFor({ state: "detached" });
      expect(await screen(), place).not.toMatch(elsewhere);
      await lyra.picture(`r2-${place.toLowerCase()}`);
    }
    await navigation(lyra, "Devices").first().click();
    await lyra.page.getByText("lyon-core-1").first().waitFor();
    expectNoComplaint(lyra);
  });

  test("a device of theirs can be worked on, one of another site is not there", async () => {
    const { page } = lyra;
    await page.goto(`${lyra.origin}/devices/lyon-core-1`);
    await arrive(lyra, "lyon-core-1");
    await link(lyra, "Edit").waitFor();
    expect(await button(lyra, "Back up now").getAttribute("aria-disabled")).toBeNull();
    await lyra.picture("r3-device");
    expectNoComplaint(lyra);
    await lyra.expecting(/status of 404/, async () => {
      await page.goto(`${lyra.origin}/devices/turin-core-1`);
      await page.getByText("There is no device turin-core-1.").first().waitFor();
    });
    await lyra.picture("r4-device-elsewhere");
  });

  test("of a plan and a rollout of all sites they see their part, and why they cannot act on it", async () => {
    const { page } = lyra;
    await page.goto(`${lyra.origin}/plans/${plan.id}`);
    await arrive(lyra, plan.title);
    await page.getByText("it changes devices besides that you may not see").waitFor();
    await page.getByText("This touches devices that you may not see").waitFor();
    expect(await link(lyra, "Roll out…").count()).toBe(0);
    expect(await screen()).not.toMatch(elsewhere);
    await lyra.picture("r5-plan");
    await page.goto(`${lyra.origin}/rollouts/${rollout.id}`);
    await page.getByText("it changes devices besides that you may not see").waitFor();
    const start = button(lyra, "Start");
    await start.waitFor();
    expect(await start.getAttribute("aria-disabled")).toBe("true");
    expect(await screen()).not.toMatch(elsewhere);
    await lyra.picture("r6-rollout");
    expectNoComplaint(lyra);
  });

  test("they plan the same revision for their own devices, and carry it out", async () => {
    await fetchNewest(lyra, stage.network.good.title);
    await lyra.picture("r7-repository");
    await button(lyra, "Plan the newest revision").click();
    await lyra.page.waitForURL(/\/plans\/[^/]+$/);
    const own = stage.network.good.devices.filter((name) => name.startsWith("lyon"));
    await lyra.page.getByText(`Would change ${own.length} device`).first().waitFor();
    await rollOut(lyra, "1s");
    await rests(lyra, "succeeded");
    await lyra.picture("r8-rolled-out");
    for (const { name } of stage.network.devices)
      if (stage.network.good.devices.includes(name))
        expect([name, stage.network.good.has(await stage.network.running(name), name)]).toEqual([name, own.includes(name)]);
    expectNoComplaint(lyra);
  });

  test("a device that moves to another site is gone from their screen by itself", async () => {
    const { client } = stage.server;
    await navigation(lyra, "Devices").first().click();
    await arrive(lyra, "Devices");
    const row = lyra.page.getByRole("link", { name: "lyon-edge-2" }).first();
    await row.waitFor();
    const { id, etag } = await client.devices.get({ id: "lyon-edge-2" });
    await client.devices.update({ id, site: "turin" }, { context: { ifMatch: etag } });
    await row.waitFor({ state: "detached" });
    await lyra.picture("r9-moved");
    expectNoComplaint(lyra);
  });
});
