import { createPrivateKey } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@holdfast/kit";
import { createAudit, type Audit } from "#core/audit";
import { createPki, type Pki } from "#core/pki";
import { createSecrets, type Secrets } from "#core/secrets";
import { silentLog } from "#platform/log";
import { testDatabase, type TestDatabase } from "#test/database";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endpointKey } from "./drivers/bastions.ts";
import { createDevicePool } from "./platforms/index.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import type { DeviceRow } from "./store.ts";

let database: TestDatabase;
let directory: string;
let audit: Audit;
let secrets: Secrets;
let pki: Pki;
let sessions: Sessions;
const ada = { actor: "user:ada" };
const device = {
  id: "dev_1",
  name: "r1",
  platform: "frr",
  address: "192.0.2.1",
  port: 22,
  credential: "lab/certificate",
  bastion: null,
  host_key: null,
} as DeviceRow;

beforeAll(async () => {
  database = await testDatabase();
  directory = mkdtempSync(join(tmpdir(), "holdfast-sessions-"));
  const { db } = database;
  audit = createAudit({ db });
  secrets = await createSecrets({ db, audit, keys: { file: join(directory, "keys.json") }, log: silentLog });
  pki = createPki({ db, audit, secrets });
  sessions = createSessions({ db, secrets, ssh: pki.ssh, pool: createDevicePool(), clock: systemClock });
  await secrets.create({ name: "lab/certificate", value: { kind: "ssh_ca", username: "holdfast" } }, ada);
});
afterAll(async () => {
  await database.drop();
  rmSync(directory, { recursive: true });
});

describe("a credential of the SSH authority", () => {
  test("cannot sign in before there is one", async () => {
    const { credential } = await sessions.endpoint(device);
    if (credential.kind !== "ssh_certificate") throw new Error("another kind");
    await expect(credential.certify()).rejects.toMatchObject({ code: "pki_not_ready" });
  });

  test("makes a key and a certificate for each sign-in, for minutes, on record, and the way to the device stays the same", async () => {
    await pki.init({ trustDomain: "holdfast.test", name: "Test" }, ada);
    const [endpoint, again] = [await sessions.endpoint(device), await sessions.endpoint(device)];
    expect(endpointKey(endpoint)).toBe(endpointKey(again)); // so that an open session is used again
    const { credential } = endpoint;
    if (credential.kind !== "ssh_certificate") throw new Error("another kind");
    const [first, second] = [await credential.certify(), await credential.certify()];
    expect(createPrivateKey(first.privateKey).equals(createPrivateKey(second.privateKey))).toBe(false);
    const [entry] = (await audit.list({ action: "pki.ssh.sign", limit: 1 })).items;
    expect(entry).toMatchObject({ actor: "system:devices", after: { principals: ["holdfast"] } });
    const { validBefore = "" } = (entry?.after ?? {}) as { validBefore?: string };
    const until = Date.parse(validBefore);
    expect(until - Date.now()).toBeGreaterThan(4 * 60_000);
    expect(until - Date.now()).toBeLessThanOrEqual(5 * 60_000);
  });
});
