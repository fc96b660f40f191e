/** The first run in a real browser, from the link that the server printed to a network that can be planned. Needs Debian's chromium. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDemoRepository } from "../packages/server/src/apps/demo/repository.ts";
import { arrive, link, told } from "./console/acts.ts";
import { expectNoComplaint, openBrowser, skippedBecause, type Browser, type Tab } from "./console/browser.ts";
import { codeOf, plugInKey } from "./console/phone.ts";
import { openFreshServer, type FreshServer } from "./console/stage.ts";
import { sweep } from "./console/sweep.ts";

const inventory = `apiVersion: holdfast/v1
kind: Device
metadata:
  name: lyon-edge-1
  labels:
    role: edge
spec:
  site: lyon
  platform: frr
  address: 192.0.2.9
  port: 22
  credential: lyon/routers
`;

describe.skipIf(skippedBecause() !== undefined)("the first run", () => {
  let browser: Browser;
  const servers: FreshServer[] = [];
  let directory: string;

  beforeAll(async () => {
    browser = await openBrowser();
    directory = await mkdtemp(join(tmpdir(), "holdfast-welcome-"));
  });
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) await server.remove();
    await rm(directory, { recursive: true, force: true });
  });

  test("an administrator, an authenticator app, a repository, and how its devices are signed in to: four steps", async () => {
    const repository = await createDemoRepository(join(directory, "repository"));
    await repository.commit("The network as it is", { "inventory/devices.yaml": inventory });
    const grace = await firstAdministrator({ localRepositories: true });
    const { page } = grace;
    await step(grace, 2, "Second factor");
    await grace.picture("70-welcome-factor");
    const seed = (await page.getByRole("main").locator(".mono").first().textContent()) ?? "";
    await page.getByLabel("Code that the app shows").fill(codeOf(seed));
    await page.getByRole("button", { name: "Enrol the app" }).click();
    await page.getByRole("listitem").filter({ hasText: /-/ }).first().waitFor();
    await grace.picture("71-welcome-codes");
    await page.getByRole("button", { name: "I have kept them" }).click();

    await step(grace, 3, "Repository");
    await page.getByLabel("Name").fill("network");
    await page.getByLabel("URL").fill(repository.url);
    await grace.picture("72-welcome-repository");
    await page.getByRole("button", { name: "Connect it" }).click();
    await page.getByText("Store that, and the repository is taken over.").waitFor();
    await grace.picture("73-welcome-secret");
    await page.getByLabel("User of lyon/routers").fill("netops");
    await page.getByLabel("Password", { exact: true }).fill("wolf-lamp-river");
    await page.getByRole("button", { name: "Seal it and fetch again" }).click();
    await told(grace, "lyon/routers is sealed.");
    await page.getByRole("heading", { name: "Connected", exact: true }).waitFor();
    await page.getByText("The network as it is").waitFor();
    await page.getByRole("button", { name: "Go on" }).click();

    await step(grace, 4, "First device");
    await page.getByRole("heading", { name: "1 device" }).waitFor();
    await page.getByText("how to sign in to them is stored").waitFor();
    await page.getByText("Everything is there.").waitFor();
    await grace.picture("74-welcome-done");
    expect(await page.content()).not.toContain("wolf-lamp-river");
    await page.getByRole("button", { name: "To the overview" }).click();
    await arrive(grace, "Overview");
    await page.getByText("1 not read yet", { exact: false }).first().waitFor();
    expectNoComplaint(grace);
  });

  test("with a passkey; what is left out is found again from the empty overview, and a first device is added by hand", async () => {
    const grace = await firstAdministrator();
    const { page } = grace;
    await plugInKey(grace);
    await page.getByText("Passkey", { exact: true }).click();
    await page.getByLabel("Name of the passkey").fill("blue key");
    await page.getByRole("button", { name: "Enrol a passkey" }).click();
    await page.getByRole("button", { name: "I have kept them" }).click();
    await step(grace, 3, "Repository");
    await page.getByRole("button", { name: "Not now" }).click();
    await step(grace, 4, "First device");
    await page.getByRole("button", { name: "Not now" }).click();
    await arrive(grace, "Overview");
    await grace.picture("75-overview-empty");
    await link(grace, "Set Holdfast up step by step").click();
    await step(grace, 3, "Repository");
    await page
      .getByRole("navigation", { name: /^Set-up/ })
      .getByRole("link", { name: "First device" })
      .click();
    await step(grace, 4, "First device");
    await page.getByLabel("Name", { exact: true }).fill("turin-edge-1");
    await page.getByLabel("Address").fill("127.0.0.1");
    await page.getByLabel("Port").fill("1");
    await page.getByLabel("User").fill("netops");
    await page.getByLabel("Password", { exact: true }).fill("wolf-lamp-river");
    await grace.picture("76-welcome-device-by-hand");
    // Nothing answers there, which the page that follows says.
    await grace.expecting(/status of [45]\d\d/, async () => {
      await page.getByRole("button", { name: "Add it" }).click();
      await page.getByRole("dialog", { name: "Host key of turin-edge-1" }).getByRole("alert").waitFor();
    });
    expectNoComplaint(grace);
    const places = ["factor", "repository", "device"].map((name) => ({ name: `welcome-${name}`, path: `/welcome?step=${name}` }));
    expect(await sweep(grace, places)).toEqual([]);
    expectNoComplaint(grace);
  });

  /** Somebody who has just made the first administrator of a server that was never used before. A passkey belongs to a name. */
  async function firstAdministrator(options: { localRepositories?: boolean } = {}): Promise<Tab> {
    const server = await openFreshServer(options);
    servers.push(server);
    const grace = await browser.open(server.url.replace("127.0.0.1", "localhost"));
    const { page } = grace;
    await grace.expecting(/status of 401/, async () => {
      await page.goto(server.setupLink.replace("127.0.0.1", "localhost"));
      await step(grace, 1, "Administrator");
    });
    await page.getByLabel("Name").fill("grace");
    await page.getByLabel("Password", { exact: true }).fill("four words are easier");
    await page.getByLabel("Password again").fill("four words are easier");
    await page.getByRole("button", { name: "Make the administrator and sign in" }).click();
    await arrive(grace, "Set Holdfast up");
    return grace;
  }

  async function step({ page }: Tab, nth: number, name: string): Promise<void> {
    await page
      .getByRole("navigation", { name: `Set-up: step ${nth} of 4` })
      .locator("[aria-current=step]", { hasText: name })
      .waitFor();
  }
});
