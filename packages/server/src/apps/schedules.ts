/** What the worker does by the clock: on one process at a time, however many there are. */
import type { DeviceWork } from "#domains/devices";
import type { Holdfast, ComposeOptions } from "./compose.ts";

const hourMs = 3_600_000;

export function runSchedules(
  parts: Pick<Holdfast, "jobs" | "keeping" | "identity" | "secrets" | "pki" | "events" | "findings"> & {
    work: DeviceWork;
    options: ComposeOptions;
  },
): void {
  const { jobs, work, options } = parts;
  jobs.every(options.pollEveryMs ?? 5000, "devices.poll-repositories", () => work.pollRepositories());
  jobs.every(options.driftEveryMs ?? 60_000, "devices.watch-drift", (signal) => work.watchDrift(signal));
  jobs.every(24 * hourMs, "devices.back-up", (signal) => work.backUp(signal));
  jobs.every(1000, "audit.checkpoint", () => parts.keeping.tick());
  jobs.every(24 * hourMs, "audit.retain", () => parts.keeping.retain());
  jobs.every(hourMs, "identity.sweep", async () => void (await parts.identity.sweep()));
  jobs.every(60_000, "findings.wake", () => parts.findings.wake().then(() => undefined));
  jobs.every(hourMs, "platform.prune-events", async () => void (await parts.events.prune(7 * 24 * hourMs)));
  jobs.every(600_000, "pki.maintain", async () => void (await parts.pki.maintain()));
  jobs.every(hourMs, "secrets.reseal", async () => void (await parts.secrets.reseal()));
}
