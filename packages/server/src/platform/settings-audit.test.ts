import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadSettings } from "./settings.ts";

const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const tls = "tls://logs.example.net";

describe("the settings of the audit trail", () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "holdfast-settings-"));
    writeFileSync(join(directory, "ca.pem"), pem);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test("name a syslog server and the authority that its certificate is checked against", () => {
    const read = loadSettings({ HOLDFAST_AUDIT_SYSLOG: tls, HOLDFAST_AUDIT_SYSLOG_CA_FILE: "ca.pem" }, directory);
    expect(read.auditSyslog).toEqual({ transport: "tls", host: "logs.example.net", port: 6514, ca: pem });
    expect(read.auditSyslogCaFile).toBe(join(directory, "ca.pem"));
  });

  test.each([
    [{ HOLDFAST_AUDIT_SYSLOG: tls, HOLDFAST_AUDIT_SYSLOG_CA_FILE: "none.pem" }, "HOLDFAST_AUDIT_SYSLOG_CA_FILE"],
    [{ HOLDFAST_AUDIT_SYSLOG: "tcp://logs", HOLDFAST_AUDIT_SYSLOG_CA_FILE: "ca.pem" }, "HOLDFAST_AUDIT_SYSLOG_CA_FILE"],
    [{ HOLDFAST_AUDIT_SYSLOG_CA_FILE: "ca.pem" }, "HOLDFAST_AUDIT_SYSLOG_CA_FILE"],
    [{ HOLDFAST_AUDIT_SYSLOG: "http://logs" }, "HOLDFAST_AUDIT_SYSLOG"],
    [{ HOLDFAST_AUDIT_RETENTION_DAYS: "7" }, "HOLDFAST_AUDIT_RETENTION_DAYS"],
  ])("that make no sense are refused: %j", (given, at) => {
    let places: { at: string }[] = [];
    try {
      loadSettings(given, directory);
    } catch (thrown) {
      places = (thrown as { places: { at: string }[] }).places;
    }
    expect(places).toContainEqual(expect.objectContaining({ at }));
  });
});
