import { createPrivateKey, X509Certificate, type webcrypto } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@holdfast/kit";
import { createAudit, type Audit } from "#core/audit";
import { createSecrets, type Secrets } from "#core/secrets";
import { silentLog } from "#platform/log";
import { createMetrics } from "#platform/metrics";
import { testDatabase, type TestDatabase } from "#test/database";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createPki, type Pki } from "./index.ts";
import { Pkcs10CertificateRequestGenerator, type Pkcs10CertificateRequest } from "./x509.ts";

let database: TestDatabase;
let audit: Audit;
let secrets: Secrets;
let pki: Pki;
let directory: string;
const startMs = Date.now();
let nowMs = startMs;
const clock: Clock = { now: () => nowMs, sleep: () => Promise.resolve() };
const ada = { actor: "user:ada", requestId: "req_1" };
const dayMs = 86_400_000;

beforeAll(async () => {
  database = await testDatabase();
  directory = mkdtempSync(join(tmpdir(), "holdfast-pki-"));
  audit = createAudit({ db: database.db, clock });
  secrets = await createSecrets({ db: database.db, audit, keys: { file: join(directory, "keys.json") }, log: silentLog, clock });
});
afterAll(async () => {
  await database.drop();
  rmSync(directory, { recursive: true });
});
beforeEach(async () => {
  nowMs = startMs;
  await database.pool.query("delete from pki.certificate; delete from pki.authority");
  pki = createPki({ db: database.db, audit, secrets: { ...secrets, addResealer: () => undefined }, clock });
});

const init = () => pki.init({ trustDomain: "holdfast.test", name: "Test" }, ada);
const actions = async (count: number) => (await audit.list({ limit: count })).items.map(({ action }) => action).reverse();

const p256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
async function request(algorithm: webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams): Promise<Pkcs10CertificateRequest> {
  const keys = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
  return Pkcs10CertificateRequestGenerator.create({ name: "CN=x", keys, signingAlgorithm: algorithm });
}

describe("an authority", () => {
  test("is made once, with a root, an intermediate and an SSH authority", async () => {
    const status = await init();
    expect(status).toMatchObject({ ready: true, trustDomain: "holdfast.test", certificates: { valid: 0 } });
    expect(status.authorities.map(({ role, issuing, keyHere }) => [role, issuing, keyHere])).toEqual(
      expect.arrayContaining([
        ["root", true, true],
        ["intermediate", true, true],
        ["ssh", true, true],
      ]),
    );
    await expect(init()).rejects.toMatchObject({ code: "pki_there_already" });
    expect(await actions(1)).toEqual(["pki.authority.init"]);
  });

  test("keeps no key in the clear", async () => {
    await init();
    const { rows } = await database.pool.query("select sealed_key, id from pki.authority");
    for (const { sealed_key: sealed, id } of rows) {
      expect(() => createPrivateKey({ key: sealed as Buffer, format: "der", type: "pkcs8" })).toThrow(/asn1|unsupported|DECODER/i);
      const opened = secrets.open({ table: "pki.authority", row: String(id), column: "sealed_key", version: 0 }, sealed as Buffer);
      expect(createPrivateKey({ key: opened, format: "der", type: "pkcs8" }).type).toBe("private");
    }
  });

  test("goes on under a new key of the key ring, and needs the old one no more", async () => {
    pki = createPki({ db: database.db, audit, secrets, clock });
    await init();
    await secrets.rotate(ada);
    expect((await secrets.rotation()).stale).toContainEqual({ table: "pki.authority", rows: 3 });
    await secrets.reseal();
    expect((await secrets.rotation()).stale).toContainEqual({ table: "pki.authority", rows: 0 });
    expect(await pki.verifyChain({ chain: (await pki.issue({ kind: "agent", name: "lyon" }, ada)).chain })).toMatchObject({ ok: true });
  });

  test("that is not there issues nothing", async () => {
    await expect(pki.issue({ kind: "agent", name: "lyon" }, ada)).rejects.toMatchObject({ code: "pki_not_ready" });
    await expect(pki.trust()).rejects.toMatchObject({ code: "pki_not_ready" });
  });

  test("follows its trust domain's rules", async () => {
    await expect(pki.init({ trustDomain: "Not A Domain", name: "Test" }, ada)).rejects.toMatchObject({ code: "pki_trust_domain_invalid" });
  });

  test("gets a new intermediate, and what the old one issued stays good until it is retired", async () => {
    await init();
    const old = await pki.issue({ kind: "agent", name: "lyon" }, ada);
    const before = (await pki.status()).authorities.find(({ role, issuing }) => role === "intermediate" && issuing);
    await expect(pki.retire(before?.id ?? "", ada)).rejects.toMatchObject({ code: "pki_authority_issuing" });
    await pki.rotateIntermediate(ada);
    const fresh = await pki.issue({ kind: "agent", name: "lyon" }, ada);
    expect(await pki.verifyChain({ chain: old.chain })).toMatchObject({ ok: true });
    expect(await pki.verifyChain({ chain: old.chain })).toMatchObject({ ok: true });
    await pki.retire(before?.id ?? "", ada);
    expect(await pki.verifyChain({ chain: old.chain })).toMatchObject({ ok: false, refusal: "revoked" });
    expect(await pki.verifyChain({ chain: fresh.chain })).toMatchObject({ ok: true });
  });
});

describe("a certificate", () => {
  test("is one of our authority, for its names and no others, for every kind", async () => {
    await init();
    for (const kind of ["process", "agent", "device", "server"] as const) {
      const made = await pki.issue(
        { kind, name: "r1.example.net", dnsNames: ["r1.example.net"], addresses: ["192.0.2.1", "2001:db8::1"] },
        ada,
      );
      expect(await pki.verifyChain({ chain: made.chain })).toMatchObject({ ok: true });
      const leaf = new X509Certificate(made.certificate);
      expect(leaf.checkPrivateKey(createPrivateKey(made.privateKey ?? ""))).toBe(true);
      expect(leaf.ca).toBe(false);
      expect(leaf.checkHost("r1.example.net")).toBe("r1.example.net");
      expect(made.spiffeId).toBe(kind === "server" ? undefined : `spiffe://holdfast.test/${kind}/r1.example.net`);
      expect(made.serial).toMatch(/^[0-9a-f]{28,32}$/);
    }
  });

  test("made from a request has the request's key and none of its names", async () => {
    await init();
    const keys = await crypto.subtle.generateKey(p256, true, ["sign", "verify"]);
    const asked = await Pkcs10CertificateRequestGenerator.create({ name: "CN=admin", keys, signingAlgorithm: p256 });
    const made = await pki.issue({ kind: "device", name: "r1", csr: asked.toString("pem") }, ada);
    expect(made.privateKey).toBeUndefined();
    const leaf = new X509Certificate(made.certificate);
    expect(leaf.subject).toBe("CN=r1");
    expect(
      Buffer.from(await crypto.subtle.exportKey("spki", keys.publicKey)).equals(leaf.publicKey.export({ format: "der", type: "spki" })),
    ).toBe(true);
  });

  test("is not made from a request that somebody else's key signed, or a weak one", async () => {
    await init();
    const weakKey = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 1024, publicExponent: Uint8Array.of(1, 0, 1) };
    const weak = await request(weakKey);
    await expect(pki.issue({ kind: "device", name: "r1", csr: weak.toString("pem") }, ada)).rejects.toMatchObject({
      code: "pki_key_unfit",
    });
    const good = Buffer.from((await request(p256)).rawData);
    good[good.length - 3] = (good[good.length - 3] ?? 0) ^ 1;
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${good.toString("base64")}\n-----END CERTIFICATE REQUEST-----`;
    await expect(pki.issue({ kind: "device", name: "r1", csr: forged }, ada)).rejects.toMatchObject({ code: "pki_request_invalid" });
    await expect(pki.issue({ kind: "device", name: "r1", csr: "nothing" }, ada)).rejects.toMatchObject({ code: "pki_request_invalid" });
  });

  test.each([
    [{ kind: "agent", name: "a/b" }, "pki_name_invalid"],
    [{ kind: "agent", name: "../x" }, "pki_name_invalid"],
    [{ kind: "server", name: "x", dnsNames: ["a b"] }, "pki_dns_name_invalid"],
    [{ kind: "server", name: "x", dnsNames: ["*.com*"] }, "pki_dns_name_invalid"],
    [{ kind: "server", name: "x", addresses: ["300.1.1.1"] }, "pki_address_invalid"],
    [{ kind: "server", name: "x", usages: ["client"] }, "pki_usage_invalid"],
    [{ kind: "server", name: "x", days: 800 }, "pki_term_too_long"],
  ] as const)("of %j is refused", async (wish, code) => {
    await init();
    const copy = JSON.parse(JSON.stringify(wish)) as Parameters<Pki["issue"]>[0];
    await expect(pki.issue(copy, ada)).rejects.toMatchObject({ code });
    expect((await pki.list({})).items).toEqual([]);
  });

  test("never outlives the authority above it", async () => {
    await init();
    const intermediate = (await pki.status()).authorities.find(({ role }) => role === "intermediate");
    nowMs = Date.parse(intermediate?.notAfter ?? "") - 5 * dayMs;
    const made = await pki.issue({ kind: "device", name: "r1" }, ada);
    expect(Date.parse(made.notAfter)).toBeLessThanOrEqual(Date.parse(intermediate?.notAfter ?? ""));
  });

  test("is renewed with the same key and names, for the same term", async () => {
    await init();
    const first = await pki.issue({ kind: "device", name: "r1", dnsNames: ["r1.example.net"], days: 10 }, ada);
    nowMs += 7 * dayMs;
    const second = await pki.renew({ id: first.id }, ada);
    expect(new X509Certificate(second.certificate).checkPrivateKey(createPrivateKey(first.privateKey ?? ""))).toBe(true);
    expect(second).toMatchObject({ spiffeId: first.spiffeId, dnsNames: ["r1.example.net"], usages: first.usages });
    expect(Math.round((Date.parse(second.notAfter) - nowMs) / dayMs)).toBe(10);
    expect(second.serial).not.toBe(first.serial);
  });

  test("rotation renews what is due and tells how many; a dry run touches nothing", async () => {
    await init();
    for (const name of ["r1", "r2"]) await pki.issue({ kind: "device", name, days: 30 }, ada);
    nowMs += 21 * dayMs;
    await pki.issue({ kind: "device", name: "r3", days: 30 }, ada);
    const dry = await pki.rotate({ dryRun: true }, ada);
    expect(dry.certificates.map(({ name }) => name).toSorted()).toEqual(["r1", "r2"]);
    expect(dry.rotated).toBe(0);
    expect((await pki.list({})).items).toHaveLength(3);
    expect((await pki.rotate({}, ada)).rotated).toBe(2);
    expect((await pki.rotate({}, ada)).rotated).toBe(0);
    expect((await pki.rotate({ force: true, kind: "device" }, ada)).rotated).toBe(3);
    expect((await pki.rotate({ force: true, kind: "agent" }, ada)).rotated).toBe(0);
  });

  test("is listed in pages, newest first, by kind, name and state", async () => {
    await init();
    for (let i = 1; i <= 5; i++) {
      await pki.issue({ kind: i % 2 === 0 ? "agent" : "device", name: `n${i}` }, ada);
      nowMs += 10;
    }
    const first = await pki.list({ limit: 3 });
    expect(first.items.map(({ name }) => name)).toEqual(["n5", "n4", "n3"]);
    expect((await pki.list({ limit: 3, cursor: first.next })).items.map(({ name }) => name)).toEqual(["n2", "n1"]);
    expect((await pki.list({ kind: "agent" })).items.map(({ name }) => name)).toEqual(["n4", "n2"]);
    await pki.revoke({ id: first.items[0]?.id ?? "", reason: "superseded" }, ada);
    expect((await pki.list({ state: "revoked" })).items.map(({ name }) => name)).toEqual(["n5"]);
    expect(await pki.status()).toMatchObject({ certificates: { valid: 4, revoked: 1, expired: 0 } });
    await expect(pki.list({ cursor: "rubbish" })).rejects.toMatchObject({ code: "cursor_invalid" });
  });
});

describe("revocation", () => {
  test("is in the list at once", async () => {
    await init();
    const made = await pki.issue({ kind: "agent", name: "lyon" }, ada);
    const other = await pki.issue({ kind: "agent", name: "paris" }, ada);
    const number = (await pki.crls()).find(({ name }) => name.includes("intermediate"))?.number ?? 0;
    await pki.revoke({ id: made.id, reason: "key_compromise" }, ada);
    expect((await pki.crls()).find(({ name }) => name.includes("intermediate"))?.number).toBe(number + 1);
    expect(await pki.verifyChain({ chain: other.chain })).toMatchObject({ ok: true });
    expect(await pki.verifyChain({ chain: made.chain })).toMatchObject({ ok: false, refusal: "revoked" });
    expect(await actions(1)).toEqual(["pki.certificate.revoke"]);
  });

  test("is for good", async () => {
    await init();
    const made = await pki.issue({ kind: "agent", name: "lyon" }, ada);
    await pki.revoke({ id: made.id, reason: "unspecified" }, ada);
    await expect(pki.revoke({ id: made.id, reason: "unspecified" }, ada)).rejects.toMatchObject({ code: "pki_certificate_revoked" });
    await expect(pki.renew({ id: made.id }, ada)).rejects.toMatchObject({ code: "pki_certificate_revoked" });
    await expect(pki.revoke({ id: "crt_none", reason: "unspecified" }, ada)).rejects.toMatchObject({ code: "pki_certificate_missing" });
  });

  test("two at the same time are both in the list", async () => {
    await init();
    const made = await Promise.all(["a", "b", "c", "d"].map((name) => pki.issue({ kind: "agent", name }, ada)));
    await Promise.all(made.map(({ id }) => pki.revoke({ id, reason: "superseded" }, ada)));
    for (const { chain } of made) expect(await pki.verifyChain({ chain })).toMatchObject({ refusal: "revoked" });
  });

  test("lists are signed anew before they end", async () => {
    await init();
    expect((await pki.maintain()).crls).toBe(0);
    nowMs += 2 * dayMs;
    expect((await pki.maintain()).crls).toBe(1);
    const made = await pki.issue({ kind: "agent", name: "lyon" }, ada);
    nowMs += 2 * dayMs;
    expect(await pki.verifyChain({ chain: made.chain })).toMatchObject({ ok: true });
    nowMs += 4 * dayMs;
    expect(await pki.verifyChain({ chain: made.chain })).toMatchObject({ ok: false, refusal: "crl_stale" });
  });
});

describe("the root's key", () => {
  const passphrase = "a long passphrase for the safe";

  test("is exported, taken out, and brought back for a new intermediate", async () => {
    await init();
    const { pem } = await pki.exportRoot({ passphrase }, ada);
    const status = await pki.removeRoot({ pem, passphrase }, ada);
    expect(status.authorities.find(({ role }) => role === "root")).toMatchObject({ keyHere: false, issuing: true });
    await expect(pki.rotateIntermediate(ada)).rejects.toMatchObject({ code: "pki_root_away" });
    await expect(pki.exportRoot({ passphrase }, ada)).rejects.toMatchObject({ code: "pki_root_away" });
    const made = await pki.issue({ kind: "agent", name: "lyon" }, ada);
    expect(await pki.verifyChain({ chain: made.chain })).toMatchObject({ ok: true });
    await pki.restoreRoot({ pem, passphrase }, ada);
    await pki.rotateIntermediate(ada);
    expect(await actions(5)).toEqual([
      "pki.root.export",
      "pki.root.remove",
      "pki.certificate.issue",
      "pki.root.restore",
      "pki.authority.rotate",
    ]);
  });

  test("is not taken out without an export that opens", async () => {
    await init();
    const { pem } = await pki.exportRoot({ passphrase }, ada);
    await expect(pki.removeRoot({ pem, passphrase: "not the passphrase" }, ada)).rejects.toMatchObject({ code: "pki_root_file_invalid" });
    await expect(pki.removeRoot({ pem: "nothing", passphrase }, ada)).rejects.toMatchObject({ code: "pki_root_file_invalid" });
    await database.pool.query("delete from pki.authority");
    await init();
    await expect(pki.removeRoot({ pem, passphrase }, ada)).rejects.toMatchObject({ code: "pki_root_file_strange" });
    expect((await pki.status()).authorities.every(({ keyHere }) => keyHere)).toBe(true);
  });
});

describe("the SSH authority's key", () => {
  const lines = async (): Promise<string[]> =>
    String((await pki.publicFile("ssh-users.pub"))?.body)
      .trim()
      .split("\n");
  const signer = async (): Promise<string> => {
    const { certificate } = await pki.ssh.signIn({ principals: ["ops"], minutes: 5 }, ada);
    const blob = Buffer.from(certificate.split(" ")[1] ?? "", "base64");
    const known = await lines();
    return known.find((line) => blob.includes(Buffer.from(line.split(" ")[1] ?? "", "base64"))) ?? "nobody";
  };

  test("is exchanged in steps: devices trust both before the new one signs", async () => {
    await init();
    const [first = ""] = await lines();
    expect(await signer()).toBe(first);
    await expect(pki.rotateSsh("use", ada)).rejects.toMatchObject({ code: "pki_ssh_unprepared" });
    nowMs += 1000;
    await pki.rotateSsh("prepare", ada);
    await expect(pki.rotateSsh("prepare", ada)).rejects.toMatchObject({ code: "pki_ssh_prepared" });
    const [, second = ""] = await lines();
    expect(await signer()).toBe(first);
    await pki.rotateSsh("use", ada);
    expect(await signer()).toBe(second);
    const old = (await pki.status()).authorities.find(({ role, issuing }) => role === "ssh" && !issuing);
    await pki.retire(old?.id ?? "", ada);
    expect(await lines()).toEqual([second]);
    expect(await signer()).toBe(second);
    expect(await actions(6)).toEqual(expect.arrayContaining(["pki.ssh.prepare", "pki.ssh.rotate", "pki.authority.retire"]));
  });
});

test("metrics tell the least days left of each kind, and name nobody", async () => {
  const metrics = createMetrics();
  pki = createPki({ db: database.db, audit, secrets: { ...secrets, addResealer: () => undefined }, clock, metrics });
  await init();
  for (const [name, days] of [
    ["r1", 20],
    ["r2", 10],
  ] as const)
    await pki.issue({ kind: "device", name, days }, ada);
  const { text } = await metrics.page();
  const value = (line: string): number =>
    Number(
      text
        .split("\n")
        .find((one) => one.startsWith(line))
        ?.split(" ")[1],
    );
  expect(value('holdfast_certificate_expiry_days{kind="device"}')).toBeCloseTo(10, 2);
  expect(value('holdfast_certificate_expiry_days{kind="root"}')).toBeCloseTo(3650, 2);
  expect(value('holdfast_certificate_expiry_days{kind="crl"}')).toBeCloseTo(3, 2);
  expect(value('holdfast_certificates{state="valid"}')).toBe(2);
  expect(text).not.toMatch(/r1|holdfast\.test/);
});

describe("what ends soon", () => {
  test("is told once it is due, the first first, and not when somebody renewed it", async () => {
    await init();
    const short = await pki.issue({ kind: "device", name: "r1", days: 10 }, ada);
    await pki.issue({ kind: "device", name: "r2", days: 90 }, ada);
    expect(await pki.expiring(30)).toEqual([]);
    nowMs += 8 * dayMs;
    await pki.maintain();
    expect(await pki.expiring(30)).toMatchObject([{ what: "device", name: "r1", daysLeft: 2 }]);
    await pki.renew({ id: short.id }, ada);
    expect(await pki.expiring(30)).toEqual([]);
    nowMs += 80 * dayMs;
    await pki.maintain();
    expect(await pki.expiring(30)).toMatchObject([
      { name: "r1", what: "device" },
      { name: "r2", what: "device", daysLeft: 2 },
    ]);
  });

  test("a process that renews by itself is left out; a root's list that nobody can sign is not", async () => {
    await init();
    await pki.tlsSource({ kind: "process", name: "api" }).obtain();
    const passphrase = "a long passphrase for the safe";
    await pki.removeRoot({ ...(await pki.exportRoot({ passphrase }, ada)), passphrase }, ada);
    nowMs += 340 * dayMs;
    await pki.maintain();
    expect(await pki.expiring(30)).toMatchObject([{ what: "crl", daysLeft: 25 }]);
  });
});
