/** Secrets that are to be replaced soon become findings: at 30, 7 and 1 days. Secrets come before findings in the core, so they meet here. */
import type { SecretSummary, Severity } from "@holdfast/contract";
import { systemClock, type Clock } from "@holdfast/kit";
import type { Findings, Hold } from "#core/findings";
import { warnDays } from "#core/pki";
import type { Secrets } from "#core/secrets";
import { inTransaction, type Db } from "#platform/db";

interface WatchParts {
  database: { db: Db };
  secrets: Pick<Secrets, "due">;
  findings: Pick<Findings, "reconcile">;
  clock?: Clock;
}

const dayMs = 86_400_000;

/** Opens, sharpens and resolves findings as the secrets are now. */
export async function watchSecrets({ database, secrets, findings, clock = systemClock }: WatchParts): Promise<void> {
  const now = clock.now();
  const due = await secrets.due(new Date(now + warnDays[0] * dayMs));
  const holds = due.map((secret) => holdOf(secret, now));
  await inTransaction(database.db, (tx) => findings.reconcile(tx, "secrets.expiry", "secrets", holds));
}

/** The detail tells the day and not how far it is, so that a finding changes only when its severity does. */
function holdOf({ id, name, expiresAt = "" }: SecretSummary, nowMs: number): Hold {
  const daysLeft = (Date.parse(expiresAt) - nowMs) / dayMs;
  return {
    kind: "secret_due",
    subject: `secret:${id}`,
    key: "due",
    subjectName: name,
    severity: severityOf(daysLeft),
    title: daysLeft < 0 ? `The secret ${name} is overdue` : `The secret ${name} is to be replaced soon`,
    detail: `The secret ${name} was to be replaced by ${expiresAt}. It goes on working. Replace it with \`holdfast secrets set ${name}\`.`,
    evidence: { expiresAt },
  };
}

function severityOf(daysLeft: number): Severity {
  const [, week, day] = warnDays;
  if (daysLeft <= day) return "high";
  return daysLeft <= week ? "medium" : "low";
}
