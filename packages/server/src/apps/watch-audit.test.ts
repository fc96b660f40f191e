import type { Clock } from "@holdfast/kit";
import { createAudit, type AuditKeeping } from "#core/audit";
import { createFindings } from "#core/findings";
import { testDatabase, type TestDatabase } from "#test/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { verifyAudit, watchAudit } from "./watch-audit.ts";

let database: TestDatabase;
let nowMs = Date.UTC(2026, 0, 1);
const clock: Clock = { now: () => nowMs, sleep: () => Promise.resolve() };
type Checkpoints = AuditKeeping["checkpoints"];

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test("what is late for ten minutes, and a chain that does not hold, are told as one finding each, until they are mended", async () => {
  const { db } = database;
  const audit = createAudit({ db, clock });
  const findings = createFindings({ db, audit, clock });
  const since = new Date(nowMs);
  let late: Awaited<ReturnType<Checkpoints["late"]>> = { unsigned: since, unsent: { count: 3, since } };
  let verdict: Awaited<ReturnType<Checkpoints["verify"]>> = { ok: false, entries: 6, head: "", brokenAt: 7, say: "Entry 7 is missing." };
  const keeping = { checkpoints: { late: () => Promise.resolve(late), verify: () => Promise.resolve(verdict) } };
  const parts = { database, keeping, findings, clock };
  const told = async (): Promise<string[]> => {
    await watchAudit(parts);
    await verifyAudit(parts);
    const { rows } = await database.pool.query<{ line: string }>(
      "select concat_ws(' ', severity, state, kind, left(detail, 19)) as line from findings.finding order by kind",
    );
    return rows.map(({ line }) => line);
  };
  expect(await told()).toEqual(["critical open audit_broken Entry 7 is missing."]);
  nowMs += 11 * 60_000;
  const open = [
    "critical open audit_broken Entry 7 is missing.",
    "high open audit_unsent Checkpoints since 2",
    "high open audit_unsigned No checkpoint cover",
  ];
  expect(await told()).toEqual(open);
  expect(await told()).toEqual(open);
  late = {};
  verdict = { ok: true, entries: 7, head: "", say: "" };
  expect(await told()).toEqual(open.map((line) => line.replace(" open ", " resolved ")));
});
