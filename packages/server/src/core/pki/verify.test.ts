import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { makeCrl, makeIntermediate, makeLeaf, makeRoot, type Issuer, type LeafParts } from "./make.ts";
import { createVerifier, type Trust, type Verdict, type Wanted } from "./verify.ts";
import * as x509 from "./x509.ts";

const nowMs = Date.UTC(2026, 5, 1);
const dayMs = 86_400_000;
const years = { notBefore: new Date(nowMs - 100 * dayMs), notAfter: new Date(nowMs + 1000 * dayMs) };
const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

interface Authority {
  root: Buffer;
  middle: Buffer;
  rootIssuer: Issuer;
  issuer: Issuer;
}

let ours: Authority;
let theirs: Authority;
let leafKey: KeyObject;

async function authority(): Promise<Authority> {
  const [rootKey, middleKey] = [newKey(), newKey()];
  const parts = { organization: "holdfast.test", ...years };
  const root = await makeRoot({ ...parts, name: "Test root", publicKey: x509.spkiOf(rootKey) }, x509.signingKey(rootKey));
  const rootIssuer = { certificate: root, signing: x509.signingKey(rootKey) };
  const middle = await makeIntermediate({ ...parts, name: "Test intermediate", publicKey: x509.spkiOf(middleKey) }, rootIssuer);
  return { root, middle, rootIssuer, issuer: { certificate: middle, signing: x509.signingKey(middleKey) } };
}

beforeAll(async () => {
  [ours, theirs] = [await authority(), await authority()];
  leafKey = newKey();
});

const leaf = (change: Partial<LeafParts> = {}, issuer = ours.issuer): Promise<Buffer> =>
  makeLeaf(
    {
      name: "lyon",
      publicKey: x509.spkiOf(leafKey),
      serial: x509.newSerial(),
      spiffeId: "spiffe://holdfast.test/agent/lyon",
      dnsNames: [],
      addresses: [],
      usages: ["client"],
      rsa: false,
      ...years,
      ...change,
    },
    issuer,
  );

function judge(chain: Buffer[], wanted: Partial<Wanted> = {}, trust: Partial<Trust> = {}): Verdict {
  const roots = [x509.pemOf("CERTIFICATE", ours.root)];
  const whole = { trustDomain: "holdfast.test", roots, intermediates: [], crls: [], crlsComplete: false, ...trust };
  return createVerifier(whole).verify(chain, { nowMs, ...wanted });
}

const refusal = (verdict: Verdict): string => (verdict.ok ? "ok" : verdict.refusal);
const list = (issuer: Issuer, revoked: string[] = [], nextUpdate = years.notAfter): Promise<Buffer> =>
  makeCrl(
    {
      number: 1,
      thisUpdate: years.notBefore,
      nextUpdate,
      revoked: revoked.map((serial) => ({ serial, at: new Date(nowMs), reason: "key_compromise" })),
    },
    issuer,
  );

describe("a chain", () => {
  test("of ours is taken, for its use and by its name, whoever sends the intermediate", async () => {
    const chain = [await leaf(), ours.middle];
    const accept = ({ kind, name }: { kind: string; name: string }): boolean => kind === "agent" && name === "lyon";
    expect(judge(chain, { usage: "client", accept })).toEqual({
      ok: true,
      identity: { trustDomain: "holdfast.test", kind: "agent", name: "lyon" },
      spiffeId: "spiffe://holdfast.test/agent/lyon",
    });
    expect(refusal(judge([await leaf()], {}, { intermediates: [ours.middle] }))).toBe("ok");
    expect(refusal(judge([await leaf(), ours.root, theirs.middle, ours.middle]))).toBe("ok");
  });

  test.each<[refusal: string, chain: () => Promise<Buffer[]>, wanted?: Partial<Wanted>]>([
    ["none", async () => []],
    ["malformed", async () => [Buffer.from("no certificate")]],
    ["malformed", async () => [await leaf(), Buffer.from("no certificate")]],
    ["unknown_authority", async () => [await leaf()]],
    ["unknown_authority", async () => [await leaf({}, theirs.issuer), theirs.middle, theirs.root]],
    ["unknown_authority", async () => [await leaf({}, theirs.issuer), ours.middle]],
    ["self_signed", async () => [theirs.root]],
    ["not_yet_valid", async () => [await leaf({ notBefore: new Date(nowMs + 1000) }), ours.middle]],
    ["expired", async () => [await leaf({ notAfter: new Date(nowMs - 1000) }), ours.middle]],
    ["wrong_usage", async () => [await leaf(), ours.middle], { usage: "server" }],
    ["wrong_usage", async () => [ours.middle]],
    ["wrong_name", async () => [await leaf(), ours.middle], { accept: ({ name }) => name === "paris" }],
    ["wrong_name", async () => [await leaf({ spiffeId: "spiffe://other.test/agent/lyon" }), ours.middle], { accept: () => true }],
    ["wrong_name", async () => [await leaf({ spiffeId: "spiffe://holdfast.test/agent/lyon/x" }), ours.middle], { accept: () => true }],
    ["wrong_name", async () => [await leaf({ spiffeId: undefined, dnsNames: ["lyon.example"] }), ours.middle], { accept: () => true }],
  ])("is refused: %s", async (why, chain, wanted) => {
    expect(refusal(judge(await chain(), wanted))).toBe(why);
  });

  test("that a certificate of no authority has lengthened is refused", async () => {
    const between = await leaf({ name: "between" });
    const forged = await leaf({ name: "admin" }, { certificate: between, signing: x509.signingKey(leafKey) });
    expect(refusal(judge([forged, between, ours.middle]))).toMatch(/not_an_authority|unknown_authority/);
    const below = await makeIntermediate(
      { name: "Below", organization: "holdfast.test", publicKey: x509.spkiOf(leafKey), ...years },
      ours.issuer,
    );
    const deep = await leaf({}, { certificate: below, signing: x509.signingKey(leafKey) });
    expect(refusal(judge([deep, below, ours.middle]))).toBe("not_an_authority");
  });

  test("of which one bit was changed is refused, wherever it is", async () => {
    const good = await leaf();
    expect(refusal(judge([good, ours.middle]))).toBe("ok");
    const trust = { trustDomain: "holdfast.test", roots: [x509.pemOf("CERTIFICATE", ours.root)], intermediates: [ours.middle], crls: [] };
    const verifier = createVerifier({ ...trust, crlsComplete: false });
    for (let bit = 0; bit < good.length * 8; bit++) {
      const changed = Buffer.from(good);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect([bit, verifier.verify([changed], { nowMs }).ok]).toEqual([bit, false]);
    }
  });
});

describe("revocation lists", () => {
  test("name what does not count any more: a leaf, and an intermediate", async () => {
    const one = await leaf({ serial: "00ff01" });
    const crls = [await list(ours.issuer, ["ff01"])];
    expect(refusal(judge([one, ours.middle], {}, { crls }))).toBe("revoked");
    expect(refusal(judge([await leaf(), ours.middle], {}, { crls }))).toBe("ok");
    const serial = new x509.X509Certificate(ours.middle).serialNumber;
    expect(refusal(judge([await leaf(), ours.middle], {}, { crls: [await list(ours.rootIssuer, [serial])] }))).toBe("revoked");
  });

  test("that are out of date refuse everybody", async () => {
    const crls = [await list(ours.issuer, [], new Date(nowMs - 1000))];
    expect(refusal(judge([await leaf(), ours.middle], {}, { crls }))).toBe("crl_stale");
  });

  test("of another authority of the same name say nothing of ours", async () => {
    const one = await leaf({ serial: "0abc" });
    expect(refusal(judge([one, ours.middle], {}, { crls: [await list(theirs.issuer, ["0abc"]), await list(ours.issuer)] }))).toBe("ok");
  });
});
