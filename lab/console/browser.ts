/** A browser as a person has it, that also notes what a person would not see: errors, refused policies, requests that leave. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext, type Page } from "playwright-core";
import { expect } from "vitest";
import { noteEverything } from "./notes.ts";

const program = "/usr/bin/chromium";
/** Shows the codes of an authenticator app. */
const phone = "/usr/bin/oathtool";
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** How long a person would wait before calling it broken; ample, because the machine may be busy. */
const patienceMs = 15_000;

export type Scheme = "light" | "dark";

export interface Tab {
  page: Page;
  /** The page's origin. */
  origin: string;
  /** What went wrong without being on the screen, in words. */
  complaints: string[];
  /** Failures that the step is about: console lines that fit are not complaints while it runs. */
  expecting<T>(fits: RegExp, step: () => Promise<T>): Promise<T>;
  /** Keeps a picture of the screen, where pictures are kept. */
  picture(name: string): Promise<void>;
}

export interface Browser {
  /** A tab of somebody else: nothing is shared with the tabs before. */
  open(origin: string): Promise<Tab>;
  /** Another tab of the same person. */
  beside(tab: Tab): Promise<Tab>;
  close(): Promise<void>;
}

/** Why there is no browser here; said once, loudly, where the tests are skipped. */
export function skippedBecause(): string | undefined {
  const missing = [program, phone].find((needed) => !existsSync(needed));
  if (missing === undefined) return undefined;
  const why = `there is no ${missing}; install it with: apt-get install --yes --no-install-recommends chromium oathtool`;
  console.warn(`\n  CONSOLE TESTS SKIPPED: ${why}\n`);
  return why;
}

/** Pictures are kept in the directory that `HOLDFAST_PICTURES` names; without it none are taken. */
export async function openBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "holdfast-browser-"));
  const pictures = process.env["HOLDFAST_PICTURES"];
  if (pictures !== undefined) await mkdir(pictures, { recursive: true });
  const browser = await chromium.launch({ executablePath: program, headless: true, args: flags, env: { ...process.env, HOME: profile } });
  const openIn = async (context: BrowserContext, origin: string): Promise<Tab> => tabOf(await context.newPage(), origin, pictures);
  return {
    async open(origin) {
      const context = await browser.newContext({
        viewport: { width: 1440, height: 900 },
        colorScheme: "light",
        locale: "en-GB",
        reducedMotion: "reduce",
        timezoneId: "Europe/Zurich",
      });
      context.setDefaultTimeout(patienceMs);
      await context.addInitScript({ content: noteEverything });
      return openIn(context, origin);
    },
    beside: (tab) => openIn(tab.page.context(), tab.origin),
    async close() {
      await browser.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

function tabOf(page: Page, origin: string, pictures: string | undefined): Tab {
  const complaints: string[] = [];
  let expected: RegExp | undefined;
  const complain = (line: string): void => {
    if (expected?.test(line) !== true) complaints.push(line);
  };
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      complain(`${message.type()}: ${message.text()} (${message.location().url}, at ${page.url()})`);
  });
  page.on("pageerror", (thrown) => complain(`thrown: ${thrown.message} (${page.url()})`));
  page.on("request", (request) => {
    const asked = request.url();
    if (!asked.startsWith("data:") && !asked.startsWith("blob:") && new URL(asked).origin !== origin)
      complain(`asked another origin: ${asked}`);
  });
  return {
    page,
    origin,
    complaints,
    async expecting(fits, step) {
      expected = fits;
      try {
        return await step();
      } finally {
        expected = undefined;
      }
    },
    async picture(name) {
      if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`) });
    },
  };
}

/** Nothing went wrong behind the screen, up to now. */
export function expectNoComplaint(tab: Tab): void {
  expect(tab.complaints.splice(0)).toEqual([]);
}
