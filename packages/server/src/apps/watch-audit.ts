/** Gaps of the audit trail become findings: a chain that does not hold, entries that nobody signs, checkpoints that the syslog server lacks. Findings come after audit in the core, so they meet here. */
import { systemClock, type Clock } from "@holdfast/kit";
import type { AuditKeeping } from "#core/audit";
import type { Findings, Hold } from "#core/findings";
import { inTransaction, type Db } from "#platform/db";

interface WatchParts {
  database: { db: Db };
  keeping: { checkpoints: Pick<AuditKeeping["checkpoints"], "late" | "verify"> };
  findings: Pick<Findings, "reconcile">;
  clock?: Clock;
}

/** Entries are signed within a minute, and sent at once: after so long something is wrong. */
const lateMs = 10 * 60_000;
const [subject, subjectName] = ["trail:main", "the audit trail"];

/** For every few minutes. */
export async function watchAudit({ database, keeping, findings, clock = systemClock }: WatchParts): Promise<void> {
  const { unsigned, unsent } = await keeping.checkpoints.late();
  const isLate = (since: Date): boolean => clock.now() - since.getTime() > lateMs;
  const holds: Hold[] = [];
  if (unsigned && isLate(unsigned))
    holds.push({
      kind: "audit_unsigned",
      subject,
      key: "unsigned",
      subjectName,
      severity: "high",
      title: "New entries of the audit trail are not signed",
      detail: `No checkpoint covers entries since ${unsigned.toISOString()}. Look into the log for audit.checkpoint, and at the space and rights of the directory audit in the home.`,
      evidence: { since: unsigned.toISOString() },
    });
  if (unsent && isLate(unsent.since))
    holds.push({
      kind: "audit_unsent",
      subject,
      key: "unsent",
      subjectName,
      severity: "high",
      title: "The syslog server does not take checkpoints of the audit trail",
      detail: `Checkpoints since ${unsent.since.toISOString()} wait for the server of HOLDFAST_AUDIT_SYSLOG; the log says why. They are sent when it takes them.`,
      evidence: { since: unsent.since.toISOString() },
    });
  await inTransaction(database.db, (tx) => findings.reconcile(tx, "audit.keeping", "audit", holds));
}

/** Recomputes the whole chain; for once a day. */
export async function verifyAudit({ database, keeping, findings }: WatchParts): Promise<void> {
  const { ok, brokenAt, say } = await keeping.checkpoints.verify();
  const broken: Hold = {
    kind: "audit_broken",
    subject,
    key: "broken",
    subjectName,
    severity: "critical",
    title: "The audit trail does not hold together",
    detail: `${say} Stop changing things, copy the database and the checkpoints, and run \`holdfast audit verify\`.`,
    evidence: { brokenAt },
  };
  await inTransaction(database.db, (tx) => findings.reconcile(tx, "audit.chain", "audit", ok ? [] : [broken]));
}
