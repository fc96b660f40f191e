/** The trail as text that leaves the house. */
import type { AuditEntry } from "@holdfast/contract";
import type { Db } from "#platform/db";
import type { People } from "./people.ts";
import { queryOf, type AuditFilter } from "./query.ts";
import type { Reading } from "./reading.ts";
import { personsAfter } from "./store-people.ts";
import { entriesAfter, search } from "./store.ts";

const batch = 1000;

/** JSON lines, each with its line end, some hundred to a piece; what a verifier needs, oldest first. */
export async function* jsonLines(db: Db, { withNames, until = Infinity }: { withNames: boolean; until?: number }): AsyncGenerator<string> {
  if (withNames) yield* personLines(db);
  for (let last = 0; ;) {
    const entries = await entriesAfter(db, last, batch);
    const wanted = entries.filter(({ seq }) => seq <= until);
    if (wanted.length > 0) yield wanted.map(({ seq, hash, canonical }) => `${JSON.stringify({ seq, hash, canonical })}\n`).join("");
    if (wanted.length < batch) return;
    last = wanted.at(-1)?.seq ?? last;
  }
}

async function* personLines(db: Db): AsyncGenerator<string> {
  for (let last = ""; ;) {
    const page = await personsAfter(db, last, batch);
    for (const { pseudonym, name, key } of page) yield `${JSON.stringify({ pseudonym, name, key: key.toString("base64") })}\n`;
    if (page.length < batch) return;
    last = page.at(-1)?.pseudonym ?? last;
  }
}

const csvColumns = [
  "seq",
  "at",
  "severity",
  "actor",
  "action",
  "subject",
  "reason",
  "address",
  "requestId",
  "before",
  "after",
  "hash",
] as const;

/** CSV (RFC 4180), newest first, with names; a cell that a spreadsheet would run is text. */
export async function* csvLines(deps: { db: Db; people: People; reading: Reading; filter: AuditFilter }): AsyncGenerator<string> {
  yield `${csvColumns.join(",")}\r\n`;
  const query = await queryOf(deps.filter, deps.people);
  for (let before: { at: Date; seq: number } | undefined; ;) {
    const found = await search(deps.db, { ...query, before, limit: batch });
    const entries = await deps.reading.entries(found);
    if (entries.length > 0) yield entries.map(csvLine).join("");
    if (found.length < batch) return;
    before = found.at(-1);
  }
}

function csvLine(entry: AuditEntry): string {
  return `${csvColumns.map((column) => csvCell(entry[column])).join(",")}\r\n`;
}

/** One cell. What begins like a formula gets an apostrophe, which spreadsheets take as "this is text" (OWASP, CSV injection). */
export function csvCell(value: unknown): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = typeof value === "string" && /^[\s]*[=+\-@\t\r＝＋－＠]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
