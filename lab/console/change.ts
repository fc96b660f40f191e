/** The main job's own acts: a commit that is fetched, planned and rolled out. */
import type { Rollout } from "@holdfast/contract";
import { arrive, button, dialog, link, navigation, told } from "./acts.ts";
import type { Tab } from "./browser.ts";
import type { Sighting } from "./notes.ts";
import type { Stage } from "./stage.ts";

/** Has the repository fetched; its newest revision is this one. */
export async function fetchNewest(tab: Tab, subject: string): Promise<void> {
  await navigation(tab, "Repositories").click();
  await arrive(tab, "Repositories");
  await link(tab, "demo").click();
  await arrive(tab, "demo");
  await button(tab, "Fetch now").click();
  await told(tab, /Fetched; the newest revision is/);
  await tab.page.locator("li").filter({ hasText: subject }).filter({ hasText: "newest" }).waitFor();
}

/** Commits as an engineer does, and plans the commit; its plan is on the screen. */
export async function commitAndPlan(tab: Tab, stage: Stage, change: { title: string; files: Record<string, string> }): Promise<void> {
  await stage.repository.commit(change.title, change.files);
  await fetchNewest(tab, change.title);
  await button(tab, "Plan the newest revision").click();
  await tab.page.waitForURL(/\/plans\/[^/]+$/);
}

/** Proposes a canary of the plan on the screen and starts it. `watch` is how long each stage is watched, e.g. `1s`. */
export async function rollOut(tab: Tab, watch: string): Promise<void> {
  await link(tab, "Roll out…").click();
  const ask = dialog(tab, "Roll out");
  await ask.getByLabel("Stage 1: watched for").fill(watch);
  await ask.getByLabel("Stage 2: watched for").fill(watch);
  await ask.getByRole("button", { name: /^Roll out to/ }).click();
  await ask.waitFor({ state: "detached" });
  await tab.page.waitForURL(/\/rollouts\/[^/]+$/);
}

/** The rollout that the tab shows, as the API has it. */
export function rolloutOnScreen(tab: Tab, { server }: Stage): Promise<Rollout> {
  return server.client.rollouts.get({ id: new URL(tab.page.url()).pathname.split("/").at(-1) ?? "" });
}

/** How long after the server each target's "applied" was on the screen, in milliseconds, shortest first; of what happened since `fromMs`. */
export function lagsOf(rollout: Rollout, { seen, fromMs }: { seen: Sighting[]; fromMs: number }): number[] {
  const lags = rollout.targets.flatMap(({ target, updatedAt }) => {
    const sighting = seen.find((one) => one.target === target && one.text.endsWith("applied"));
    const sinceMs = Date.parse(updatedAt ?? "");
    return !(sinceMs >= fromMs) ? [] : [(sighting?.atMs ?? Number.POSITIVE_INFINITY) - sinceMs];
  });
  return lags.sort((a, b) => a - b);
}

/** Files as they were before the bad change. */
export function filesBefore({ network }: Stage, paths: string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path) => [path, network.good.files[path] ?? network.files[path] ?? ""]));
}
