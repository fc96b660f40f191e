import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProblemPlace } from "@holdfast/kit";
import { systemClock } from "@holdfast/kit";
import { createAudit } from "#core/audit";
import { createSecrets } from "#core/secrets";
import { silentLog } from "#platform/log";
import { testDatabase, type TestDatabase } from "#test/database";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readChain } from "./chain-file.ts";
import { createPki, type Pki } from "./index.ts";
import { makeCrl, makeIntermediate, makeLeaf, makeRoot, type Issuer, type Term } from "./make.ts";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  newSerial,
  pemOf,
  signingKey,
  spkiOf,
  X509CertificateGenerator,
} from "./x509.ts";

const dayMs = 86_400_000;
const nowMs = Date.now();
const years: Term = { notBefore: new Date(nowMs - dayMs), notAfter: new Date(nowMs + 1000 * dayMs) };
const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const pem = (...ders: Buffer[]): string => ders.map((der) => pemOf("CERTIFICATE", der)).join("");
const pemKey = (key: KeyObject): string => key.export({ format: "pem", type: "pkcs8" }) as string;

interface Made {
  root: Buffer;
  sub: Buffer;
  rootIssuer: Issuer;
  subKey: KeyObject;
}

/** Somebody's root and issuing authority. */
async function theirs(subTerm = years): Promise<Made> {
  const [rootKey, subKey] = [newKey(), newKey()];
  const root = await makeRoot({ name: "Example root", organization: "Example", publicKey: spkiOf(rootKey), ...years }, signingKey(rootKey));
  const rootIssuer = { certificate: root, signing: signingKey(rootKey) };
  const sub = await makeIntermediate(
    { name: "Example issuing", organization: "Example", publicKey: spkiOf(subKey), ...subTerm },
    rootIssuer,
  );
  return { root, sub, rootIssuer, subKey };
}

async function faultsOf(chain: string, key: string): Promise<ProblemPlace[]> {
  try {
    await readChain({ chain, key }, nowMs);
    return [];
  } catch (thrown) {
    return (thrown as { places: ProblemPlace[] }).places;
  }
}

describe("an authority of one's own is refused, with every fault at its place:", () => {
  test("a chain without its root, in the wrong order, or with a stranger in it", async () => {
    const [one, other] = [await theirs(), await theirs()];
    const key = pemKey(one.subKey);
    expect(await faultsOf(pem(one.sub), key)).toContainEqual({ at: "chain", say: expect.stringContaining("up to the root") });
    expect(await faultsOf(pem(one.root, one.sub), key)).toContainEqual({
      at: "chain[0]",
      say: expect.stringContaining("was not signed by the next"),
    });
    expect(await faultsOf(pem(one.sub, other.root), key)).toEqual([
      { at: "chain[0]", say: expect.stringContaining("was not signed by the next") },
    ]);
    expect(await faultsOf("", key)).toContainEqual(expect.objectContaining({ at: "chain" }));
    const cut = `-----BEGIN CERTIFICATE-----\n${one.sub.subarray(0, 100).toString("base64")}\n-----END CERTIFICATE-----`;
    await expect(
      readChain({ chain: pem(one.sub, one.root), key, crls: cut.replaceAll("CERTIFICATE", "X509 CRL") }, nowMs),
    ).rejects.toMatchObject({
      places: [{ at: "crls[0]", say: "is no revocation list" }],
    });
    expect(await faultsOf(cut, key)).toEqual([{ at: "chain[0]", say: "is no certificate that can be read" }]);
  });

  test("another key, no key, a locked key", async () => {
    const { sub, root } = await theirs();
    expect(await faultsOf(pem(sub, root), pemKey(newKey()))).toEqual([
      { at: "key", say: expect.stringContaining("not the key of the first") },
    ]);
    expect(await faultsOf(pem(sub, root), "nothing")).toEqual([{ at: "key", say: expect.stringContaining("no private key in PEM") }]);
    const locked = newKey().export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "a passphrase" }) as string;
    expect(await faultsOf(pem(sub, root), locked)).toEqual([{ at: "key", say: expect.stringContaining("passphrase") }]);
  });

  test("one that has ended, or is not valid yet", async () => {
    const ended = await theirs({ notBefore: new Date(nowMs - 9 * dayMs), notAfter: new Date(nowMs - dayMs) });
    expect(await faultsOf(pem(ended.sub, ended.root), pemKey(ended.subKey))).toEqual([
      { at: "chain[0]", say: expect.stringContaining("ended at") },
    ]);
    const early = await theirs({ notBefore: new Date(nowMs + dayMs), notAfter: new Date(nowMs + 9 * dayMs) });
    expect(await faultsOf(pem(early.sub, early.root), pemKey(early.subKey))).toEqual([
      { at: "chain[0]", say: expect.stringContaining("is not valid before") },
    ]);
  });

  test("a certificate that is no authority, and one whose authority allows none below", async () => {
    const { root, sub, rootIssuer, subKey } = await theirs();
    const key = newKey();
    const leafOf = (issuer: Issuer): Promise<Buffer> =>
      makeLeaf(
        {
          name: "x",
          publicKey: spkiOf(key),
          serial: newSerial(),
          dnsNames: ["x.example"],
          addresses: [],
          usages: ["server"],
          rsa: false,
          ...years,
        },
        issuer,
      );
    expect(await faultsOf(pem(await leafOf(rootIssuer), root), pemKey(key))).toEqual([
      { at: "chain[0]", say: expect.stringContaining("is no authority") },
      { at: "chain[0]", say: expect.stringContaining("may not sign certificates") },
      { at: "chain[0]", say: expect.stringContaining("extended key usage") },
    ]);
    const below = await makeIntermediate(
      { name: "Below", organization: "Example", publicKey: spkiOf(key), ...years },
      { certificate: sub, signing: signingKey(subKey) },
    );
    expect(await faultsOf(pem(below, sub, root), pemKey(key))).toEqual([{ at: "chain[1]", say: expect.stringContaining("path length") }]);
  });

  test("a broken hash, a short key, a narrow purpose, and rights that are not judged here", async () => {
    const rsa = { name: "RSASSA-PKCS1-v1_5", publicExponent: Uint8Array.of(1, 0, 1) };
    const made = async (hash: string, modulusLength: number, extensions: Extension[] = []) => {
      const algorithm = { ...rsa, hash, modulusLength };
      const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
      const constraints = new BasicConstraintsExtension(true, undefined, true);
      const root = await X509CertificateGenerator.createSelfSigned({
        name: "CN=Odd",
        ...years,
        keys,
        signingAlgorithm: algorithm,
        extensions: [constraints, ...extensions],
      });
      const key = newKey();
      const issuer = { certificate: Buffer.from(root.rawData), signing: { key: keys.privateKey, algorithm } };
      const sub = await makeIntermediate({ name: "Sub", organization: "Example", publicKey: spkiOf(key), ...years }, issuer);
      return faultsOf(pem(sub, issuer.certificate), pemKey(key));
    };
    const says = (what: string, at = "chain[1]") => expect.objectContaining({ at, say: expect.stringContaining(what) });
    expect(await made("SHA-256", 2048)).toEqual([]);
    expect(await made("SHA-1", 2048)).toEqual([says("hash that is broken", "chain[0]"), says("hash that is broken")]);
    expect(await made("SHA-256", 1024)).toEqual([says("below 2048 bits")]);
    expect(await made("SHA-256", 2048, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.emailProtection])])).toEqual([
      says("TLS clients and servers"),
    ]);
    const strange = new Extension("1.3.6.1.4.1.99999.1", true, Buffer.from("0500", "hex"));
    expect(await made("SHA-256", 2048, [strange])).toEqual([says("1.3.6.1.4.1.99999.1")]);
    expect(await made("SHA-256", 2048, [new Extension("2.5.29.30", true, Buffer.from("3000", "hex"))])).toEqual([says("name constraints")]);
  });

  test("a key that TLS peers do not take everywhere", async () => {
    const { rootIssuer, root } = await theirs();
    const { privateKey } = generateKeyPairSync("ed25519");
    const sub = await makeIntermediate({ name: "Odd", organization: "Example", publicKey: spkiOf(privateKey), ...years }, rootIssuer);
    await expect(readChain({ chain: pem(sub, root), key: pemKey(privateKey) }, nowMs)).rejects.toMatchObject({ code: "pki_key_unfit" });
  });
});

describe("an authority of one's own that is good", () => {
  let database: TestDatabase;
  let directory: string;
  let pki: Pki;
  const ada = { actor: "user:ada" };
  beforeAll(async () => {
    database = await testDatabase();
    directory = mkdtempSync(join(tmpdir(), "holdfast-chain-"));
    const audit = createAudit({ db: database.db });
    const secrets = await createSecrets({ db: database.db, audit, keys: { file: join(directory, "keys.json") }, log: silentLog });
    pki = createPki({ db: database.db, audit, secrets, clock: systemClock });
  });
  beforeEach(() => database.pool.query("delete from pki.certificate; delete from pki.authority"));
  afterAll(async () => {
    await database.drop();
    rmSync(directory, { recursive: true });
  });

  test("issues from then on, also from a locked key of RSA, and its root's list counts", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const { root, rootIssuer } = await theirs();
    const sub = await makeIntermediate(
      { name: "RSA issuing", organization: "Example", publicKey: spkiOf(privateKey), ...years },
      rootIssuer,
    );
    const list = await makeCrl({ number: 4, thisUpdate: new Date(nowMs), nextUpdate: years.notAfter, revoked: [] }, rootIssuer);
    const key = privateKey.export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "a passphrase" }) as string;
    const crls = pemOf("X509 CRL", list);
    await pki.importAuthority({ chain: pem(sub, root), key, passphrase: "a passphrase", crls, trustDomain: "example.net" }, ada);
    expect(await pki.trust()).toMatchObject({ trustDomain: "example.net", crlsComplete: true });
    const made = await pki.issue({ kind: "agent", name: "lyon" }, ada);
    expect(await pki.verifyChain({ chain: made.chain, usage: "client" })).toMatchObject({
      ok: true,
      spiffeId: "spiffe://example.net/agent/lyon",
    });
    await pki.revoke({ id: made.id, reason: "superseded" }, ada);
    expect(await pki.verifyChain({ chain: made.chain })).toMatchObject({ refusal: "revoked" });
    await expect(pki.rotateIntermediate(ada)).rejects.toMatchObject({ code: "pki_root_away" });
  });

  test("without lists of those above is known as such, and a list of somebody else does not count", async () => {
    const [one, other] = [await theirs(), await theirs()];
    const forged = await makeCrl({ number: 1, thisUpdate: new Date(nowMs), nextUpdate: years.notAfter, revoked: [] }, other.rootIssuer);
    const file = { chain: pem(one.sub, one.root), key: pemKey(one.subKey), crls: pemOf("X509 CRL", forged), trustDomain: "example.net" };
    await pki.importAuthority(file, ada);
    expect(await pki.trust()).toMatchObject({ crlsComplete: false });
  });

  test("takes over from ours, whose certificates stay good until its root is retired", async () => {
    await pki.init({ trustDomain: "holdfast.test", name: "Test" }, ada);
    const before = await pki.issue({ kind: "server", name: "www.example.net" }, ada);
    const root = (await pki.status()).authorities.find(({ role }) => role === "root");
    const { sub, root: top, subKey } = await theirs();
    await pki.importAuthority({ chain: pem(sub, top), key: pemKey(subKey), trustDomain: "holdfast.test" }, ada);
    const after = await pki.issue({ kind: "server", name: "www.example.net" }, ada);
    for (const { chain } of [before, after]) expect(await pki.verifyChain({ chain })).toMatchObject({ ok: true });
    await pki.retire(root?.id ?? "", ada);
    expect(await pki.verifyChain({ chain: before.chain })).toMatchObject({ ok: false, refusal: "unknown_authority" });
    expect(await pki.verifyChain({ chain: after.chain })).toMatchObject({ ok: true });
  });

  test("may come a second time, and is one authority still", async () => {
    const { sub, root, subKey } = await theirs();
    const file = { chain: pem(sub, root), key: pemKey(subKey), trustDomain: "example.net" };
    await pki.importAuthority(file, ada);
    await pki.importAuthority(file, ada);
    expect((await pki.status()).authorities.filter(({ role }) => role !== "ssh")).toHaveLength(2);
    const made = await pki.issue({ kind: "agent", name: "lyon" }, ada);
    expect(await pki.verifyChain({ chain: made.chain })).toMatchObject({ ok: true });
  });
});
