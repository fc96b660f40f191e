/** What of the certificates ends soon becomes findings: at 30, 7 and 1 days. Certificates come before findings in the core, so they meet here. */
import type { ExpiringThing, Severity } from "@holdfast/contract";
import { inTransaction, type Db } from "#platform/db";
import type { Findings, Hold } from "#core/findings";
import { warnDays, type Pki } from "#core/pki";

interface WatchParts {
  database: { db: Db };
  pki: Pick<Pki, "expiring">;
  findings: Pick<Findings, "reconcile">;
}

const source = "pki.expiry";

/** Opens, sharpens and resolves findings as the certificates are now. */
export async function watchCertificates({ database, pki, findings }: WatchParts): Promise<void> {
  const holds = (await pki.expiring(warnDays[0])).map(holdOf);
  await inTransaction(database.db, (tx) => findings.reconcile(tx, source, "pki", holds));
}

/** The detail tells the day and not how far it is, so that a finding changes only when its severity does. */
export function holdOf({ id, what, name, notAfter, daysLeft }: ExpiringThing): Hold {
  const of = words[what];
  const isAuthority = what === "root" || what === "intermediate" || what === "crl";
  return {
    kind: "certificate_expiring",
    subject: `${isAuthority ? "authority" : "certificate"}:${id}`,
    key: what,
    subjectName: name,
    severity: severityOf(daysLeft),
    title: daysLeft < 0 ? `${of} ${name} has expired` : `${of} ${name} ends soon`,
    detail: `${of} ${name} ends at ${notAfter}. ${mend[what]}`,
    evidence: { notAfter },
  };
}

function severityOf(daysLeft: number): Severity {
  const [, week, day] = warnDays;
  if (daysLeft < 0) return "critical";
  if (daysLeft <= day) return "high";
  return daysLeft <= week ? "medium" : "low";
}

const words: Record<ExpiringThing["what"], string> = {
  root: "The root certificate",
  intermediate: "The intermediate certificate",
  crl: "The revocation list of",
  process: "The certificate of the process",
  agent: "The certificate of the agent",
  device: "The certificate of the device",
  server: "The certificate of the server",
};

const renewIt = "Renew it with `holdfast pki renew`, and install it.";
const mend: Record<ExpiringThing["what"], string> = {
  root: "Make or import another root and give it to those who trust this one, then retire this one.",
  intermediate: "Make another with `holdfast pki rotate-intermediate`.",
  crl: "Bring the key of its authority back with `holdfast pki restore-root`, which signs a new list, or import a new list with `holdfast pki import-ca`.",
  process: renewIt,
  agent: renewIt,
  device: renewIt,
  server: renewIt,
};
