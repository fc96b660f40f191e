/** What time does to an authority: lists are signed anew, what ended long ago is forgotten, and people are told of what ends. */
import { inTransaction, type Db } from "#platform/db";
import type { Metrics } from "#platform/metrics";
import type { Resealer } from "#core/secrets";
import { crlIsDue, publishCrl } from "./crl.ts";
import { dayMs, type Parts } from "./deps.ts";
import * as store from "./store.ts";

/** A certificate that ended is kept this long for those who look into the past. */
const keptMs = 400 * dayMs;

/** Signs due revocation lists and forgets old certificates; how many of each. For a job, every few minutes. */
export async function maintain(parts: Parts): Promise<{ crls: number; forgotten: number }> {
  const nowMs = parts.clock.now();
  const due = (await store.authorities(parts.db)).filter((row) => crlIsDue(row, nowMs));
  let crls = 0;
  for (const { id } of due) {
    crls += await inTransaction(parts.db, async (tx) => {
      const row = (await store.lockAuthorities(tx)).find((one) => one.id === id);
      if (!row || !crlIsDue(row, nowMs)) return 0;
      await publishCrl(parts, tx, row);
      return 1;
    });
  }
  return { crls, forgotten: await store.forgetCertificates(parts.db, new Date(nowMs - keptMs)) };
}

/** So that the keys of authorities follow rotations of the key ring. */
export function keysResealer(db: Db): Resealer {
  return {
    table: "pki.authority",
    countStale: (activePrefix) => store.countStale(db, activePrefix),
    async nextBatch(tx, { activePrefix, limit, reseal }) {
      const rows = await store.lockStale(tx, activePrefix, limit);
      for (const { id, sealed_key } of rows) await store.updateAuthority(tx, id, { sealed_key: reseal(store.keyPlace(id), sealed_key) });
      return rows.length;
    },
  };
}

/** The least days left of each kind of thing; and how many certificates there are. */
export function measure({ db, clock }: Parts, metrics: Pick<Metrics, "gauge">): void {
  metrics.gauge({
    name: "holdfast_certificate_expiry_days",
    help: "Days until the first of its kind ends; negative when it has ended",
    labels: ["kind"],
    read: async (gauge) => {
      gauge.reset();
      const least = new Map<string, number>();
      const see = (kind: string, end: Date | null): void => {
        if (end) least.set(kind, Math.min(least.get(kind) ?? Infinity, (end.getTime() - clock.now()) / dayMs));
      };
      for (const row of await store.authorities(db)) {
        if (row.retired_at !== null || row.role === "ssh") continue;
        see(row.role, row.not_after);
        see("crl", row.crl_next_update);
      }
      for (const { kind, soonest } of await store.soonestOfKinds(db)) see(kind, soonest);
      for (const [kind, days] of least) gauge.set({ kind }, days);
    },
  });
  metrics.gauge({
    name: "holdfast_certificates",
    help: "Certificates that were issued, by what became of them",
    labels: ["state"],
    read: async (gauge) => {
      const counts = await store.countStates(db, new Date(clock.now()));
      for (const [state, count] of Object.entries(counts)) gauge.set({ state: state as keyof typeof counts }, count);
    },
  });
}
