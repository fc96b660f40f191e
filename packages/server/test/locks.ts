/** For tests of who waits for whom. */
import type pg from "pg";

/** Until a transaction of this database stands before a lock. */
export async function untilSomebodyWaits(pool: pg.Pool): Promise<void> {
  const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  while ((await pool.query(waiting)).rowCount === 0);
}
