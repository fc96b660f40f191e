/** Every address of the console, in both colours and three widths: what axe finds, what does not fit, what jumps. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Scheme, Tab } from "./browser.ts";
import type { Place } from "./places.ts";
import { drawn, overflow, reading } from "./notes.ts";

type RunOnly = { type: "tag" | "rule"; values: string[] };
/** Everything in light; in dark, where the same page has other colours, what depends on colours. */
const rulesOf: Record<Scheme, RunOnly> = {
  light: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
  dark: { type: "rule", values: ["color-contrast", "link-in-text-block"] },
};
const schemes: Scheme[] = ["light", "dark"];
const sizes = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 390, height: 844 },
];

/** More than this moves under the reader's eyes (the "good" of web.dev's CLS). */
const mostShift = 0.1;

/** Takes places from the list until none is left; several tabs may share one list. What is wrong, in words. */
export async function sweep(tab: Tab, places: Place[]): Promise<string[]> {
  const faults: string[] = [];
  for (let place = places.shift(); place !== undefined; place = places.shift()) faults.push(...(await faultsOf(tab, place)));
  return faults;
}

/** By two more tabs of the same person, which share the work; what they complain about is a fault, too. */
export async function sweepBeside(browser: Browser, tab: Tab, places: Place[]): Promise<string[]> {
  const tabs = [await browser.beside(tab), await browser.beside(tab)];
  const faults = await Promise.all(tabs.map((one) => sweep(one, places)));
  for (const one of tabs) await one.page.close();
  return [...faults.flat(), ...tabs.flatMap(({ complaints }) => complaints)];
}

async function faultsOf(tab: Tab, place: Place): Promise<string[]> {
  const { page, origin } = tab;
  const faults: string[] = [];
  await page.setViewportSize(sizes[0]!);
  await page.goto(`${origin}${place.path}`);
  await page.locator("h1").first().waitFor();
  await page.locator(reading).first().waitFor({ state: "detached" });
  const shifted = Number(await page.evaluate("window.shifted"));
  if (shifted > mostShift) faults.push(`${place.name}: the layout shifts by ${shifted.toFixed(2)} while it loads`);
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor({ state: "attached" });
    for (const size of sizes) {
      const where = `${place.name} (${scheme}, ${size.width} px)`;
      await page.setViewportSize(size);
      await page.locator(reading).first().waitFor({ state: "detached" });
      await page.evaluate(drawn);
      const beyond = Number(await page.evaluate(overflow));
      if (beyond > 0) faults.push(`${where}: ${beyond} px wider than the screen`);
      faults.push(...(await axe(tab, rulesOf[scheme])).map((fault) => `${where}: ${fault}`));
      await tab.picture(`sweep-${place.name}-${scheme}-${size.width}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  return faults;
}

async function axe({ page }: Tab, runOnly: RunOnly): Promise<string[]> {
  const options = { runOnly, resultTypes: ["violations" as const], preload: false, iframes: false };
  // Brought into the page once; it is large.
  const there = await page.evaluate("typeof axe === 'object'");
  const { violations } = there
    ? ((await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as AxeResults)
    : await new AxeBuilder({ page }).setLegacyMode().options(options).analyze();
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(sayNode).join(" | ")}`);
}

type AxeResults = Awaited<ReturnType<AxeBuilder["analyze"]>>;

function sayNode({ target, failureSummary }: AxeResults["violations"][number]["nodes"][number]): string {
  return `${String(target)} ${failureSummary?.split("\n")[1]?.trim() ?? ""}`;
}
