import type { Clock } from "@holdfast/kit";
import { createAudit } from "#core/audit";
import { createFindings } from "#core/findings";
import { testDatabase, type TestDatabase } from "#test/database";
import { testSecrets } from "#test/secrets";
import { afterAll, beforeAll, expect, test } from "vitest";
import { watchSecrets } from "./watch-secrets.ts";

let database: TestDatabase;
let nowMs = Date.UTC(2026, 0, 1);
const clock: Clock = { now: () => nowMs, sleep: () => Promise.resolve() };
const ada = { actor: "user:ada" };

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test("a secret that is to be replaced is told of at 30, 7 and 1 days and when it is overdue, as one finding, until it is replaced", async () => {
  const { db } = database;
  const audit = createAudit({ db, clock });
  const secrets = await testSecrets({ db, audit, clock });
  const findings = createFindings({ db, audit, clock });
  const value = { kind: "password", username: "admin", password: "hunter2" } as const;
  await secrets.create({ name: "for-ever", value }, ada);
  const { id, etag } = await secrets.create({ name: "lab/ssh", value, expiresAt: "2026-04-11T00:00:00.000Z" }, ada);
  const watch = async (day: number): Promise<string[]> => {
    nowMs = Date.UTC(2026, 0, 1) + day * 86_400_000;
    await watchSecrets({ database, secrets, findings, clock });
    return (await findings.list({}, { access: "unlimited" })).items.map(({ severity, state, title }) => `${severity} ${state} ${title}`);
  };
  expect(await watch(60)).toEqual([]);
  expect(await watch(71)).toEqual(["low open The secret lab/ssh is to be replaced soon"]);
  expect(await watch(94)).toEqual(["medium open The secret lab/ssh is to be replaced soon"]);
  expect(await watch(99.5)).toEqual(["high open The secret lab/ssh is to be replaced soon"]);
  expect(await watch(101)).toEqual(["high open The secret lab/ssh is overdue"]);
  await secrets.replace({ id, etag, value, expiresAt: "2027-01-01T00:00:00.000Z" }, ada);
  expect(await watch(101)).toEqual(["high resolved The secret lab/ssh is overdue"]);
});
