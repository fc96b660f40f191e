/** Who was not allowed to do what: on record, so that somebody who tries doors is seen. */
import type { Clock } from "@holdfast/kit";
import type { Audit } from "#core/audit";
import { inTransaction, type Db } from "#platform/db";
import type { Refusal } from "#platform/http";
import type { Log } from "#platform/log";

/** One entry for the same caller at the same route within this time: a script that tries again does not flood the trail. */
const quietMs = 60_000;
const mostRemembered = 10_000;

export function recordRefusals({ db, audit, log, clock }: { db: Db; audit: Audit; log: Log; clock: Clock }): (refusal: Refusal) => void {
  const told = new Map<string, number>();
  const isNew = (key: string): boolean => {
    const now = clock.now();
    if ((told.get(key) ?? -quietMs) + quietMs > now) return false;
    if (told.size >= mostRemembered) told.clear();
    told.set(key, now);
    return true;
  };
  return ({ actor, address, requestId, route, code, say }) => {
    if (!isNew(`${actor} ${route}`)) return;
    const facts = { actor, requestId, address, action: "identity.access.refuse", subject: `route:${route}`, after: { code }, reason: say };
    inTransaction(db, (tx) => audit.record(tx, facts)).catch((err: unknown) =>
      log.error({ err, requestId }, "a refusal could not be put on record"),
    );
  };
}
