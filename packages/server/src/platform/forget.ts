/** Takes the name of somebody out of what the platform keeps for a while: events (a week) and answers for repetitions (a day). */
import { sql } from "kysely";
import type { Tx } from "./db.ts";

export interface Forgotten {
  /** Whose answers they are: `principal.userId`; and a part of whatever answer is about them. */
  principal: string;
  name: string;
  /** Regular expression of PostgreSQL for how events name them, and what stands there instead. */
  pattern: string;
  stands: string;
}

/** Returns how many of what. A repetition of a request whose answer is forgotten is told that it was carried out. */
export async function forget(tx: Tx, { principal, name, pattern, stands }: Forgotten): Promise<Record<string, number>> {
  const events = await sql`
    update platform.event set payload = regexp_replace(payload::text, ${pattern}, ${stands}, 'g')::jsonb where payload::text ~ ${pattern}`.execute(
    tx,
  );
  const refused = await sql`
    update platform.refused_event set payload = regexp_replace(payload::text, ${pattern}, ${stands}, 'g')::jsonb where payload::text ~ ${pattern}`.execute(
    tx,
  );
  const answers = await sql`
    update platform.idempotency_key set body = null, body_kept = false
    where body is not null and (principal = ${principal} or strpos(body, ${principal}) > 0 or strpos(body, ${name}) > 0)`.execute(tx);
  const count = ({ numAffectedRows }: { numAffectedRows?: bigint | undefined }): number => Number(numAffectedRows ?? 0);
  return { events: count(events) + count(refused), answers: count(answers) };
}
