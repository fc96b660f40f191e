/** SQL of what is known here about authors of commits. */
import { sql } from "kysely";
import type { Db, Tx } from "#platform/db";

export async function writtenBy(db: Db, author: string): Promise<unknown[]> {
  const { rows } = await sql`
    select name as repository, head, head_subject, head_at from devices.repository
    where lower(head_author) = lower(${author}) order by name`.execute(db);
  return rows;
}

/** Returns how many repositories named the author. Their commits stay as they are: they are not ours. */
export async function forgetAuthor(tx: Tx, author: string, stands: string): Promise<number> {
  const { numAffectedRows } = await sql`
    update devices.repository set head_author = ${stands} where lower(head_author) = lower(${author})`.execute(tx);
  return Number(numAffectedRows ?? 0);
}
