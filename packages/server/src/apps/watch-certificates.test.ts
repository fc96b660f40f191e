import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@holdfast/kit";
import { createAudit } from "#core/audit";
import { createFindings } from "#core/findings";
import { createPki } from "#core/pki";
import { createSecrets } from "#core/secrets";
import { silentLog } from "#platform/log";
import { testDatabase, type TestDatabase } from "#test/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { watchCertificates } from "./watch-certificates.ts";

let database: TestDatabase;
let directory: string;
let nowMs = Date.UTC(2026, 0, 1);
const clock: Clock = { now: () => nowMs, sleep: () => Promise.resolve() };
const ada = { actor: "user:ada" };
const dayMs = 86_400_000;

beforeAll(async () => {
  database = await testDatabase();
  directory = mkdtempSync(join(tmpdir(), "holdfast-expiry-"));
});
afterAll(async () => {
  await database.drop();
  rmSync(directory, { recursive: true });
});

test("a certificate is told of at 30, 7 and 1 days and when it has ended, as one finding, until it is renewed", async () => {
  const { db } = database;
  const audit = createAudit({ db, clock });
  const secrets = await createSecrets({ db, audit, keys: { file: join(directory, "keys.json") }, log: silentLog, clock });
  const pki = createPki({ db, audit, secrets, clock });
  const findings = createFindings({ db, audit, clock });
  await pki.init({ trustDomain: "holdfast.test", name: "Test" }, ada);
  const made = await pki.issue({ kind: "device", name: "r1", days: 100 }, ada);
  const watch = async (day: number): Promise<string[]> => {
    nowMs = Date.UTC(2026, 0, 1) + day * dayMs;
    await pki.maintain();
    await watchCertificates({ database, pki, findings });
    return (await findings.list({}, { access: "unlimited" })).items.map(({ severity, state, title }) => `${severity} ${state} ${title}`);
  };
  expect(await watch(60)).toEqual([]);
  expect(await watch(71)).toEqual(["low open The certificate of the device r1 ends soon"]);
  expect(await watch(94)).toEqual(["medium open The certificate of the device r1 ends soon"]);
  expect(await watch(99.5)).toEqual(["high open The certificate of the device r1 ends soon"]);
  expect(await watch(101)).toEqual(["critical open The certificate of the device r1 has expired"]);
  await pki.renew({ id: made.id }, ada);
  expect(await watch(101)).toEqual(["critical resolved The certificate of the device r1 has expired"]);
});
