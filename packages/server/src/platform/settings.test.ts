import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { isProblem, type Problem } from "@holdfast/kit";
import { loadSettings } from "./settings.ts";

function failure(environment: Record<string, string>): Problem {
  try {
    loadSettings(environment, "/srv");
  } catch (thrown) {
    if (isProblem(thrown)) return thrown;
  }
  throw new Error("the settings were taken");
}

describe("settings", () => {
  test("an owner of the database without a user to work as is refused", () => {
    const { places } = failure({ DATABASE_OWNER_URL: "postgresql://owner@db/holdfast" });
    expect(places).toEqual([{ at: "DATABASE_OWNER_URL", say: expect.stringContaining("needs DATABASE_URL") }]);
  });

  test("nothing set gives a server for this machine alone, with everything in .holdfast", () => {
    expect(loadSettings({}, "/srv")).toEqual({
      home: "/srv/.holdfast",
      apiKeysPerHour: 3,
      tokenAlgorithm: "EdDSA",
      host: "127.0.0.1",
      port: 7450,
      logLevel: "info",
      passwordProfile: "default",
      rateLimits: { user: 1000, address: 100 },
      roles: new Set(["api", "worker", "gateway", "ingest"]),
      driftEveryMs: 60_000,
      backUpEveryMs: 86_400_000,
      gitProtocols: new Set(["https", "ssh"]),
      keyRingFile: "/srv/.holdfast/keys.json",
      secrets: { engine: "builtin" },
    });
  });

  test.each(["0s", "often", "-1h", "100d", "30", "1ms"])("%s is not how often anything is done", (text) => {
    const { places } = failure({ HOLDFAST_DRIFT_EVERY: text, HOLDFAST_BACKUP_EVERY: text });
    expect(places.map(({ at }) => at)).toEqual(["HOLDFAST_DRIFT_EVERY", "HOLDFAST_BACKUP_EVERY"]);
  });

  test("everything set is taken", () => {
    const settings = loadSettings(
      {
        HOLDFAST_HOME: "/data",
        DATABASE_URL: "postgresql://u:hunter2@db/holdfast",
        DATABASE_OWNER_URL: "postgresql://owner:hunter2@db/holdfast",
        HOLDFAST_HOST: "::",
        HOLDFAST_PORT: "0",
        HOLDFAST_LOG_LEVEL: "debug",
        HOLDFAST_ROLES: "api, worker",
        HOLDFAST_DRIFT_EVERY: "5m",
        HOLDFAST_BACKUP_EVERY: "6h",
        HOLDFAST_KEY_RING: "ring.json",
        HOLDFAST_KEYS: "{}",
        HOLDFAST_PUBLIC_URL: "https://holdfast.example.net/",
        HOLDFAST_TRUSTED_PROXIES: "192.0.2.1, 10.0.0.0/8,2001:db8::/32",
        HOLDFAST_EGRESS_ALLOW: "idp.example.net, 10.0.0.0/8",
        HOLDFAST_GIT_PROTOCOLS: "ssh, file",
      },
      "/srv",
    );
    expect(settings).toMatchObject({
      home: "/data",
      egressAllow: ["idp.example.net", "10.0.0.0/8"],
      host: "::",
      port: 0,
      logLevel: "debug",
      driftEveryMs: 300_000,
      backUpEveryMs: 21_600_000,
      keyRingFile: "/srv/ring.json",
      publicUrl: "https://holdfast.example.net",
      trustedProxies: ["192.0.2.1", "10.0.0.0/8", "2001:db8::/32"],
    });
    expect([...settings.roles]).toEqual(["api", "worker"]);
    expect(settings.gitProtocols).toEqual(new Set(["ssh", "file"]));
    expect(settings.databaseUrl?.reveal()).toBe("postgresql://u:hunter2@db/holdfast");
  });

  test("all faults are told at once, each with its setting", () => {
    const problem = failure({
      HOLDFAST_PORT: "70000",
      HOLDFAST_ROLES: "api,wroker",
      HOLDFAST_LOG_LEVEL: "loud",
      HOLDFAST_GIT_PROTOCOLS: "https,git",
      HOLDFAST_PUBLIC_URL: "holdfast.example.net",
      DATABASE_URL: "mysql://x",
    });
    expect(problem.code).toBe("settings_invalid");
    expect(problem.places.map(({ at }) => at).sort()).toEqual([
      "DATABASE_URL",
      "HOLDFAST_GIT_PROTOCOLS",
      "HOLDFAST_LOG_LEVEL",
      "HOLDFAST_PORT",
      "HOLDFAST_PUBLIC_URL",
      "HOLDFAST_ROLES",
    ]);
    expect(problem.message).toContain('"wroker" is neither');
  });

  test("a secret value is in no error and no printed form", () => {
    expect(failure({ DATABASE_URL: "hunter2 is not a url", HOLDFAST_PORT: "x" }).message).not.toContain("hunter2");
    const settings = loadSettings({ DATABASE_URL: "postgresql://u:hunter2@db/h", HOLDFAST_KEYS: "hunter2" }, "/srv");
    expect(JSON.stringify(settings) + inspect(settings)).not.toContain("hunter2");
  });

  test("a misspelt setting is an error that names the right one", () => {
    expect(failure({ HOLDFAST_PROT: "1" }).places).toEqual([{ at: "HOLDFAST_PROT", say: "is no setting; do you mean HOLDFAST_PORT?" }]);
    expect(loadSettings({ HOLDFAST_TOKEN: "of the CLI" }, "/srv").port).toBe(7450);
  });

  test.each(["proxy.example.net", "10.0.0.0/33", "10.0.0.0/8/8", "0.0.0.0/0", "::/0", "fe80::1%eth0", "10.0.0.1,", "loopback"])(
    "%j is no list of trusted proxies",
    (proxies) => expect(failure({ HOLDFAST_TRUSTED_PROXIES: proxies }).places).toMatchObject([{ at: "HOLDFAST_TRUSTED_PROXIES" }]),
  );

  test("authorities of Git servers are a file that can be read, and holds some; it is told at the start", () => {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-settings-"));
    try {
      writeFileSync(join(directory, "ca.pem"), "-----BEGIN CERTIFICATE-----\n");
      writeFileSync(join(directory, "empty.pem"), "");
      expect(loadSettings({ HOLDFAST_GIT_CA_FILE: "ca.pem" }, directory).gitCaFile).toBe(join(directory, "ca.pem"));
      for (const [file, say] of [
        ["none.pem", "must be a file that this process may read"],
        ["empty.pem", "empty.pem holds none"],
      ] as const)
        expect(failure({ HOLDFAST_GIT_CA_FILE: join(directory, file) }).message).toContain(say);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
