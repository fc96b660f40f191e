import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import type { Permission } from "@holdfast/contract";
import { sessionCookie, type Caller } from "#core/identity";
import { inTransaction } from "#platform/db";
import { silentLog } from "#platform/log";
import { loadSettings } from "#platform/settings";
import { compose, type Holdfast } from "../src/apps/compose.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "./database.ts";
import { holdfastProgram, runHoldfast, type Given } from "./holdfast-program.ts";

const root = { actor: "system:test", access: "unlimited" } as const;
const scopes: Permission[] = ["audit:read", "audit:write", "users:read", "users:write"];
let database: TestDatabase;
let home: string;
let holdfast: Holdfast;
let ada: Caller;

beforeAll(async () => {
  database = await testDatabase();
  home = mkdtempSync(join(tmpdir(), "holdfast-cli-audit-"));
  const settings = loadSettings({ DATABASE_URL: database.url, HOLDFAST_HOME: join(home, "server"), HOLDFAST_PORT: "0" });
  holdfast = await compose({ settings, log: silentLog });
  const url = await holdfast.start();
  await holdfast.identity.createUser({ name: "ada", grants: [{ role: "admin" }], password: "correct horse battery" }, root);
  await holdfast.identity.createUser({ name: "grace", grants: [{ role: "viewer" }] }, root);
  const { token } = (await holdfast.identity.signIn(
    { name: "ada", password: "correct horse battery" },
    { address: "192.0.2.7", userAgent: "test", requestId: "req_1" },
  )) as { token: string };
  ada = (await holdfast.identity.authenticate({ headers: {}, cookies: { [sessionCookie]: token } })) as Caller;
  const { key } = await holdfast.identity.createKey({ name: "cli", scopes, expiresInDays: 1 }, ada);
  writeFileSync(join(home, "ada.json"), JSON.stringify({ url, apiKey: key, ours: false }), { mode: 0o600 });
});
afterAll(async () => {
  await holdfast.stop();
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

const run = (line: string, given: Given = {}) => runHoldfast(home, line.split(" "), given);
const record = (count: number) =>
  inTransaction(database.db, async (tx) => {
    for (let i = 0; i < count; i++)
      await holdfast.audit.record(tx, {
        actor: "user:grace",
        action: "devices.device.update",
        subject: `device:dev_${i}`,
        reason: '=cmd|" /C calc"!A0',
      });
  });

describe("the trail on the command line", () => {
  test("is searched by words, severity, type and time", async () => {
    await record(3);
    const { out } = await run("audit search dev_2 -o json");
    expect(JSON.parse(out)).toMatchObject([{ actor: "user:grace", subject: "device:dev_2" }]);
    expect(
      JSON.parse((await run("audit list --type user_change --severity critical --since 1h --actor system:test -o json")).out),
    ).toHaveLength(2);
    expect(JSON.parse((await run("audit list --until 1h -o json")).out)).toEqual([]);
    expect(await run("audit list --since yesterday")).toMatchObject({ code: 4 });
  });

  test("is followed", async () => {
    const child = spawn(process.execPath, [holdfastProgram, "audit", "tail", "-n", "1"], {
      env: { PATH: process.env["PATH"], HOLDFAST_CONFIG: join(home, "ada.json") },
    });
    let out = "";
    const seen = Promise.withResolvers<void>();
    child.stdout.on("data", (bytes: Buffer) => {
      const before = out;
      out += bytes.toString();
      if (before === "")
        void inTransaction(database.db, (tx) =>
          holdfast.audit.record(tx, { actor: "user:grace", action: "secrets.secret.remove", subject: "secret:one" }),
        );
      if (out.includes("user:grace deleted a secret: secret:one")) seen.resolve();
    });
    await seen.promise;
    child.kill();
    expect(out).toContain("warning");
  });

  test("leaves as CSV that no spreadsheet runs, and the export is on record", async () => {
    const { code, out } = await run("audit export --format csv --action devices.device.update");
    expect(code).toBe(0);
    const [head, ...lines] = out.trimEnd().split("\r\n");
    expect(head).toMatch(/^seq,at,severity,actor/);
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toContain(`,"'=cmd|"" /C calc""!A0",`);
    const [entry] = JSON.parse((await run("audit list --action audit.trail.export -o json")).out) as object[];
    expect(entry).toMatchObject({ actor: "user:ada", address: "127.0.0.1", after: { format: "csv" } });
  });
});

test("who was not allowed to do something is on record, once a minute for each route", async () => {
  const { key } = await holdfast.identity.createKey({ name: "reader", scopes: ["audit:read"], expiresInDays: 1 }, ada);
  const { url } = JSON.parse(readFileSync(join(home, "ada.json"), "utf8")) as { url: string };
  const env = { HOLDFAST_URL: url, HOLDFAST_API_KEY: key };
  for (let i = 0; i < 2; i++) expect(await run("audit checkpoints --sign", { env })).toMatchObject({ code: 3 });
  // The entry follows the answer: nobody waits for it.
  const refused = async () => (await holdfast.audit.list({ type: "authorization_failed" })).items;
  await expect.poll(refused, { timeout: 10_000 }).toMatchObject([
    {
      actor: "user:ada",
      address: "127.0.0.1",
      severity: "warning",
      subject: "route:POST /api/v1/audit/checkpoints",
      after: { code: "forbidden" },
    },
  ]);
});

describe("without the server", () => {
  test("an export, the checkpoints and the public key are enough", async () => {
    expect(await run("audit checkpoints --sign")).toMatchObject({ code: 0 });
    expect(await run("audit export --to trail.jsonl --with-names")).toMatchObject({ code: 0 });
    expect(statSync(join(home, "trail.jsonl")).mode & 0o777).toBe(0o600);
    expect(await run("audit export --to trail.jsonl")).toMatchObject({ code: 4 });
    writeFileSync(join(home, "key.pem"), (await run("audit keys")).out);
    const offline = "audit verify --offline trail.jsonl --checkpoints server/audit/checkpoints.jsonl --public-key key.pem";
    const stranger = { as: "nobody" };
    const { code, out } = await run(`${offline} -o json`, stranger);
    expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 0, ok: true, signedUntil: expect.any(Number) });
    const text = readFileSync(join(home, "trail.jsonl"), "utf8");
    writeFileSync(join(home, "trail.jsonl"), text.replace("dev_1", "dev_9"));
    expect(await run(offline, stranger)).toMatchObject({ code: 1, err: expect.stringContaining("was changed") });
    const signed = JSON.parse(out).signedUntil as number;
    writeFileSync(join(home, "trail.jsonl"), text.slice(0, text.indexOf(`{"seq":${signed},`)));
    expect(await run(offline, stranger)).toMatchObject({ code: 1, err: expect.stringContaining("are missing") });
    expect(await run("audit verify --offline trail.jsonl --checkpoints server/audit/checkpoints.jsonl", stranger)).toMatchObject({
      code: 4,
    });
    expect(await run("audit verify --offline nowhere.jsonl", stranger)).toMatchObject({ code: 4 });
    expect(await run("audit verify")).toMatchObject({ code: 0 });
  });

  test("what is younger than 30 days is never archived", async () => {
    expect(await run("audit archive --older-than 90 --dry-run -o json")).toMatchObject({
      code: 0,
      out: expect.stringContaining('"entries": 0'),
    });
    expect(await run("audit archive --older-than 10")).toMatchObject({ code: 4 });
    expect((await run("audit archives")).err).toContain("Nothing was archived");
    expect(readdirSync(join(home, "server", "audit"))).toEqual(["checkpoints.jsonl"]);
  });
});

describe("what is known about a person", () => {
  test("is handed over, and erased when the name is said", async () => {
    const own = JSON.parse((await run("gdpr export")).out) as { person: { name: string } };
    expect(own.person.name).toBe("ada");
    expect(await run("gdpr export grace --to grace.json")).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(join(home, "grace.json"), "utf8"))).toMatchObject({
      person: { name: "grace" },
      known: { audit: { did: expect.any(Array) } },
    });
    expect(await run("gdpr erase grace --reason asked", { stdin: "grce\n" })).toMatchObject({ code: 4 });
    expect(await run("gdpr erase grace --reason asked --dry-run")).toMatchObject({ code: 0 });
    expect(await run("gdpr erase grace --reason asked", { stdin: "grace\n" })).toMatchObject({ code: 0 });
    expect(await run("gdpr export grace")).toMatchObject({ code: 5 });
    expect(await run("gdpr erase ada --reason asked --yes")).toMatchObject({ code: 6, err: expect.stringContaining("last administrator") });
    expect(await run("audit verify")).toMatchObject({ code: 0 });
    expect((await run("audit list -n 500")).out).not.toContain("user:grace");
  });
});
