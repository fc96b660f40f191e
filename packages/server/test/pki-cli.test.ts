import { X509Certificate, createPrivateKey, generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "#platform/log";
import { loadSettings } from "#platform/settings";
import { compose, type Holdfast } from "../src/apps/compose.ts";
import { testDatabase, type TestDatabase } from "./database.ts";
import { runHoldfast, type Given, type Ran } from "./holdfast-program.ts";

const password = "correct horse battery";
const root = { actor: "system:test", access: "unlimited" } as const;
const passphrase = "a long passphrase for the safe";

let database: TestDatabase;
let home: string;
let holdfast: Holdfast;

beforeAll(async () => {
  database = await testDatabase();
  home = mkdtempSync(join(tmpdir(), "holdfast-pki-cli-"));
  const settings = loadSettings({ DATABASE_URL: database.url, HOLDFAST_HOME: home, HOLDFAST_PORT: "0", HOLDFAST_ROLES: "api" });
  holdfast = await compose({ settings, log: silentLog });
  const url = (await holdfast.start()) ?? "";
  for (const [name, role] of [
    ["ada", "admin"],
    ["grace", "operator"],
    ["eve", "viewer"],
  ] as const) {
    await holdfast.identity.createUser({ name, grants: [{ role }], password }, root);
    expect(await run(["login", "--url", url, "--password"], { stdin: `${name}\n${password}\n`, as: name })).toMatchObject({ code: 0 });
  }
});
afterAll(async () => {
  await holdfast.stop();
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

const run = (args: string[], given: Given = {}): Promise<Ran> => runHoldfast(home, args, given);
const pki = (...args: string[]): Promise<Ran> => run(["pki", ...args]);
const json = async (...args: string[]): Promise<unknown> => JSON.parse((await pki(...args, "-o", "json")).out);

describe("holdfast pki", () => {
  test("makes an authority, once, and shows it", async () => {
    expect(await pki("issue", "server", "www.example.net")).toMatchObject({ code: 6, err: expect.stringContaining("holdfast pki init") });
    const made = await pki("init", "--trust-domain", "holdfast.test");
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/root.*yes\s+yes/) });
    expect(await pki("init", "--trust-domain", "holdfast.test")).toMatchObject({ code: 6 });
    expect(await json("status")).toMatchObject({ ready: true, trustDomain: "holdfast.test" });
  });

  test("is read by operators, changed by administrators, and hidden from others", async () => {
    expect(await run(["pki", "status"], { as: "grace" })).toMatchObject({ code: 0 });
    expect(await run(["pki", "issue", "agent", "lyon"], { as: "grace" })).toMatchObject({ code: 3 });
    expect(await run(["pki", "list"], { as: "eve" })).toMatchObject({ code: 3 });
  });

  test("issues a certificate with its key into files, the key for its owner alone, and never over another file", async () => {
    const args = [
      "issue",
      "server",
      "www",
      "--dns",
      "www.example.net",
      "example.net",
      "--address",
      "192.0.2.1",
      "--days",
      "30",
      "--out",
      "www",
    ];
    const made = await pki(...args);
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining("www.example.net, example.net") });
    const key = readFileSync(join(home, "www.key"), "utf8");
    expect(statSync(join(home, "www.key")).mode & 0o777).toBe(0o600);
    expect(made.out + made.err).not.toContain("PRIVATE KEY");
    expect(new X509Certificate(readFileSync(join(home, "www.pem"))).checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(await pki(...args)).toMatchObject({ code: 6, err: expect.stringContaining("www.pem is there already") });
    expect(await json("list", "--name", "www")).toHaveLength(1);
  });

  test("verifies, renews, shows and revokes it; a dry run does nothing", async () => {
    const [before] = (await json("list", "--name", "www")) as [{ id: string }];
    const chain = join(home, "www.pem");
    expect(await pki("verify", chain, "--usage", "server")).toMatchObject({ code: 0 });
    expect(await pki("verify", chain, "--usage", "client")).toMatchObject({ code: 6, out: expect.stringContaining("wrong_usage") });
    expect(await pki("renew", before.id, "--out", "renewed.pem")).toMatchObject({ code: 0 });
    expect(await pki("show", before.id)).toMatchObject({ code: 0, out: expect.stringContaining("-----BEGIN CERTIFICATE-----") });
    expect(await pki("revoke", before.id, "--dry-run")).toMatchObject({ code: 0 });
    expect(await pki("revoke", before.id)).toMatchObject({ code: 4 });
    expect((await holdfast.pki.get(before.id)).state).toBe("valid");
    expect(await pki("revoke", before.id, "--reason", "superseded", "--yes")).toMatchObject({
      code: 0,
      out: expect.stringContaining("revoked"),
    });
    expect(await pki("verify", chain)).toMatchObject({ code: 6, out: expect.stringContaining("revoked") });
    expect(await pki("crl", "--out", "all.crl")).toMatchObject({ code: 0, out: "" });
    const lists = await holdfast.pki.crls();
    expect(readFileSync(join(home, "all.crl"), "utf8")).toBe(lists.map(({ pem }) => pem).join(""));
  });

  test("rotates what is due, and tells what ends soon", async () => {
    await pki("issue", "device", "r1", "--out", "r1");
    expect(await json("rotate", "--dry-run")).toMatchObject({ rotated: 0, dryRun: true, certificates: [] });
    expect(await json("rotate", "--force", "--dry-run", "--kind", "device")).toMatchObject({ rotated: 0, certificates: [{ name: "r1" }] });
    expect(await pki("rotate", "--force", "--kind", "device")).toMatchObject({ code: 0, err: expect.stringContaining("1 are renewed") });
    expect(await pki("expiring", "--days", "60")).toMatchObject({ code: 0, err: expect.stringContaining("Nothing ends within 60 days") });
  });

  test("takes the root's key out into a file and brings it back; the passphrase is never an argument", async () => {
    const twice = { stdin: `${passphrase}\n${passphrase}\n` };
    expect(await run(["pki", "export-root", "--out", "root.pem"], { stdin: `${passphrase}\nanother passphrase\n` })).toMatchObject({
      code: 4,
    });
    expect(existsSync(join(home, "root.pem"))).toBe(false);
    const out = await run(["pki", "export-root", "--out", "root.pem", "--remove"], twice);
    expect(out).toMatchObject({ code: 0, out: expect.stringMatching(/root.*yes\s+no/) });
    expect(statSync(join(home, "root.pem")).mode & 0o777).toBe(0o600);
    expect(await pki("rotate-intermediate")).toMatchObject({ code: 6, err: expect.stringContaining("restore-root") });
    expect(await run(["pki", "restore-root", "root.pem"], { stdin: `${passphrase}\n` })).toMatchObject({ code: 0 });
    expect(await pki("rotate-intermediate")).toMatchObject({ code: 0 });
    const old = ((await json("status")) as { authorities: { id: string; role: string; issuing: boolean }[] }).authorities.find(
      ({ role, issuing }) => role === "intermediate" && !issuing,
    );
    expect(await pki("retire", old?.id ?? "")).toMatchObject({ code: 4 });
    expect(await pki("retire", old?.id ?? "", "--yes")).toMatchObject({ code: 0 });
  });

  test("signs an SSH key for minutes, beside it", async () => {
    const { x = "" } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
    const blob = Buffer.concat([Buffer.from("0000000b7373682d6564323535313900000020", "hex"), Buffer.from(x, "base64url")]);
    writeFileSync(join(home, "id.pub"), `ssh-ed25519 ${blob.toString("base64")} ada\n`);
    expect(await pki("ssh-sign", "id.pub", "--principal", "ops", "--minutes", "10")).toMatchObject({ code: 0, out: "" });
    expect(readFileSync(join(home, "id-cert.pub"), "utf8")).toMatch(/^ssh-ed25519-cert-v01@openssh\.com [A-Za-z0-9+/=]+ user:ada_\d+\n$/);
    expect(await pki("ssh-sign", "id.pub", "--principal", "a,b")).toMatchObject({ code: 4 });
    expect(await pki("ssh-sign", "root.pem", "--principal", "ops")).toMatchObject({ code: 4 });
  });

  test("takes over an authority of one's own, or says all that is wrong with it", async () => {
    const [before] = (await json("list", "--name", "r1")) as [{ id: string }];
    const { certificate } = (await json("show", before.id)) as { certificate: string };
    writeFileSync(join(home, "leaf.pem"), certificate);
    const args = ["import-ca", "--chain", "leaf.pem", "--key", "r1.key", "--trust-domain", "example.net"];
    const refused = await pki(...args);
    expect(refused).toMatchObject({ code: 4, err: expect.stringContaining("is no authority (basic constraints)") });
    expect(refused.err).toContain("up to the root");
    expect(refused.err).not.toContain("PRIVATE KEY");
  });

  test("leaves a trace of every act", async () => {
    const { items } = await holdfast.audit.list({ action: "pki.*", limit: 500 });
    const actions = new Set(items.map(({ action }) => action));
    for (const action of [
      "pki.authority.init",
      "pki.authority.rotate",
      "pki.authority.retire",
      "pki.certificate.issue",
      "pki.certificate.revoke",
      "pki.root.export",
      "pki.root.remove",
      "pki.root.restore",
      "pki.ssh.sign",
    ])
      expect(actions).toContain(action);
    expect(JSON.stringify(items)).not.toMatch(/PRIVATE KEY|a long passphrase/);
  });

  test("a token for a machine of a service account is made by whoever manages accounts, and printed once", async () => {
    await run(["accounts", "create", "collector", "--role", "viewer"]);
    expect(await run(["accounts", "enrol", "collector", "--dry-run"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Would make/),
    });
    const made = JSON.parse((await run(["accounts", "enrol", "collector", "--minutes", "5", "-o", "json"])).out) as Record<string, string>;
    expect(made["token"]).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(made["spiffeId"]).toMatch(/^spiffe:\/\/holdfast\.test\/agent\/usr_/);
    expect(await run(["accounts", "enrol", "collector"], { as: "grace" })).toMatchObject({ code: 3 });
    const machine = ["machine", "enrol", "--url", "http://127.0.0.1:1", "--out", join(home, "m")];
    expect(await run(machine, { stdin: "x\n" })).toMatchObject({ code: 4, err: expect.stringContaining("is no https address") });
  });
});
