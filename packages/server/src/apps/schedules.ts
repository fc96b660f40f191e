/** What the worker does by the clock: on one process at a time, however many there are. */
import type { DeviceWork } from "#domains/devices";
import { verifyAudit, watchAudit } from "./watch-audit.ts";
import { watchCertificates } from "./watch-certificates.ts";
import { watchSecrets } from "./watch-secrets.ts";
import type { Holdfast, ComposeOptions } from "./compose.ts";

const hourMs = 3_600_000;

export function runSchedules(
  parts: Pick<Holdfast, "database" | "jobs" | "keeping" | "identity" | "secrets" | "pki" | "events" | "findings"> & {
    work: DeviceWork;
    options: ComposeOptions;
  },
): void {
  const { jobs, work, options } = parts;
  jobs.every(options.pollEveryMs ?? 5000, "devices.poll-repositories", () => work.pollRepositories());
  jobs.every(options.driftEveryMs ?? options.settings.driftEveryMs, "devices.watch-drift", (signal) => work.watchDrift(signal));
  jobs.every(options.backUpEveryMs ?? options.settings.backUpEveryMs, "devices.back-up", (signal) => work.backUp(signal));
  jobs.every(1000, "audit.checkpoint", () => parts.keeping.tick());
  jobs.every(300_000, "audit.watch", () => watchAudit(parts));
  jobs.every(24 * hourMs, "audit.verify", () => verifyAudit(parts));
  jobs.every(24 * hourMs, "audit.retain", () => parts.keeping.retain());
  jobs.every(hourMs, "identity.sweep", async () => void (await parts.identity.sweep()));
  jobs.every(60_000, "findings.wake", () => parts.findings.wake().then(() => undefined));
  jobs.every(hourMs, "platform.prune-events", async () => void (await parts.events.prune(7 * 24 * hourMs)));
  jobs.every(600_000, "pki.maintain", async () => void (await parts.pki.maintain()));
  jobs.every(hourMs, "pki.watch-expiry", () => watchCertificates(parts));
  jobs.every(hourMs, "secrets.reseal", async (signal) => void (await parts.secrets.reseal(signal)));
  jobs.every(hourMs, "secrets.watch-expiry", () => watchSecrets(parts));
  jobs.every(24 * hourMs, "secrets.sweep", async () => void (await parts.secrets.sweep()));
}
