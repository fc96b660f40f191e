/** SQL of assets, and the condition by which every other module asks whether one is in reach. */
import type { Labels, SelectorTerm } from "@holdfast/kit";
import { sql, type RawBuilder } from "kysely";
import type { Db, Tx } from "#platform/db";
import { reachSql, termsSql, type Reach } from "#platform/reach";
import type { AssetsTables } from "./tables.ts";

const tables = (db: Db) => db.withTables<AssetsTables>();
const labels = sql`asset.labels`;

export async function putAsset(tx: Tx, { id, kind, labels: now }: { id: string; kind: string; labels: Labels }): Promise<void> {
  const row = { kind, labels: JSON.stringify(now), removed_at: null };
  await tables(tx)
    .insertInto("assets.asset")
    .values({ id, ...row })
    .onConflict((clash) => clash.column("id").doUpdateSet(row))
    .execute();
}

export async function removeAsset(tx: Tx, id: string, at: Date): Promise<void> {
  await tables(tx).updateTable("assets.asset").set({ removed_at: at }).where("id", "=", id).execute();
}

export function inReach(reach: Reach, id: RawBuilder<unknown>): RawBuilder<boolean> {
  return reach === "everywhere" ? sql<boolean>`true` : holding(reachSql(reach, labels), id);
}

export function fitting(terms: readonly SelectorTerm[], id: RawBuilder<unknown>): RawBuilder<boolean> {
  return terms.length === 0 ? sql<boolean>`true` : holding(termsSql(terms, labels), id);
}

function holding(condition: RawBuilder<boolean>, id: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`exists (select from assets.asset as asset where asset.id = ${id} and ${condition})`;
}

export async function reached(db: Db, reach: Reach, ids: readonly string[]): Promise<Set<string>> {
  if (reach === "everywhere" || ids.length === 0) return new Set(ids);
  const { rows } = await sql<{ id: string }>`
    select id from assets.asset as asset where id = any(${[...ids]}::text[]) and ${reachSql(reach, labels)}`.execute(db);
  return new Set(rows.map(({ id }) => id));
}
