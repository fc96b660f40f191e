/** Entries as people read them: with the names of those who are still known. */
import type { AuditEntry } from "@holdfast/contract";
import { readCanonical, type StoredEntry } from "./chain.ts";
import type { People } from "./people.ts";
import { unveil } from "./veil.ts";

export type Reading = ReturnType<typeof createReading>;

export function createReading(people: Pick<People, "behind">) {
  return {
    async entries(stored: StoredEntry[]): Promise<AuditEntry[]> {
      const known = await people.behind(stored.map(({ canonical }) => canonical));
      return stored.map((entry) => unveil(toWire(entry), known));
    },
  };
}

function toWire(entry: StoredEntry): AuditEntry {
  const { before, after, address } = readCanonical(entry.canonical);
  return {
    seq: entry.seq,
    at: entry.at.toISOString(),
    actor: entry.actor,
    action: entry.action,
    subject: entry.subject,
    severity: entry.severity,
    ...(entry.reason === null ? {} : { reason: entry.reason }),
    ...(entry.requestId === null ? {} : { requestId: entry.requestId }),
    ...(typeof address === "string" ? { address } : {}),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    hash: entry.hash,
  };
}
