/** Kysely's view of the schema `assets`. */
import type { Labels } from "@holdfast/kit";
import type { ColumnType } from "kysely";

export interface AssetTable {
  id: string;
  kind: string;
  labels: ColumnType<Labels, string, string>;
  removed_at: Date | null;
}

export type AssetsTables = {
  "assets.asset": AssetTable;
};
