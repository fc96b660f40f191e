/** What a person does in the console, by what is written on the screen. */
import type { Locator } from "playwright-core";
import type { Tab } from "./browser.ts";

export const button = ({ page }: Tab, name: string | RegExp): Locator =>
  page.getByRole("main").getByRole("button", { name, exact: typeof name === "string" });
export const link = ({ page }: Tab, name: string | RegExp): Locator =>
  page.getByRole("main").getByRole("link", { name, exact: typeof name === "string" });
export const dialog = ({ page }: Tab, name?: string | RegExp): Locator => page.getByRole("dialog", name === undefined ? {} : { name });
export const navigation = ({ page }: Tab, name: string | RegExp): Locator =>
  page.getByRole("navigation", { name: "Main" }).getByRole("link", { name });

/** The page with this heading is on the screen. */
export async function arrive({ page }: Tab, heading: string | RegExp): Promise<void> {
  await page.getByRole("heading", { level: 1, name: heading }).waitFor();
}

/** Waits for a message at the corner, and closes it; after a while it goes by itself. */
export async function told({ page }: Tab, says: string | RegExp): Promise<string> {
  const message = page.getByRole("alert").filter({ hasText: says }).first();
  await message.waitFor();
  const text = await message.innerText();
  const gone = message.waitFor({ state: "detached" });
  await Promise.any([gone, message.getByRole("button").first().click()]);
  await gone;
  return text;
}

/** Control-K, a few letters, Enter. */
export async function jump({ page }: Tab, letters: string, line: string): Promise<void> {
  await page.keyboard.press("Control+k");
  const search = page.getByRole("textbox", { name: "Search pages, devices and acts" });
  await search.waitFor();
  await search.fill(letters);
  await page.getByRole("dialog").getByRole("button", { name: line }).first().waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await search.waitFor({ state: "detached" });
}

/** The state beside the title of the rollout on the screen. */
export async function rests({ page }: Tab, state: string): Promise<void> {
  await page.locator("header").getByText(state, { exact: true }).waitFor({ timeout: 60_000 });
}
