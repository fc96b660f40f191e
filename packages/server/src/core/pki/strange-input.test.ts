import { isProblem } from "@holdfast/kit";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readChain } from "./chain-file.ts";
import { newLeafKey } from "./certificates.ts";
import { makeCrl, makeIntermediate, makeLeaf, makeRoot } from "./make.ts";
import { readSpiffeId, spiffeId } from "./names.ts";
import { checkAddresses, checkDnsNames, keyOfRequest } from "./request.ts";
import { openRoot } from "./sealed-root.ts";
import { parseSshLine } from "./ssh-certificate.ts";
import { createVerifier } from "./verify.ts";
import { newSerial, Pkcs10CertificateRequestGenerator, pemOf, signingKey, spkiOf } from "./x509.ts";

const nowMs = Date.UTC(2026, 5, 1);
const term = { notBefore: new Date(nowMs - 1000), notAfter: new Date(nowMs + 1e9) };
const rootKey = newLeafKey();
const root = await makeRoot({ name: "Root", organization: "x", publicKey: spkiOf(rootKey), ...term }, signingKey(rootKey));
const leafParts = { name: "x", publicKey: spkiOf(newLeafKey()), serial: newSerial(), dnsNames: ["x"], addresses: [], rsa: false, ...term };
const leaf = await makeLeaf({ ...leafParts, usages: ["client"] }, { certificate: root, signing: signingKey(rootKey) });
const subKey = newLeafKey();
const issuer = { certificate: root, signing: signingKey(rootKey) };
const sub = await makeIntermediate({ name: "Sub", organization: "x", publicKey: spkiOf(subKey), ...term }, issuer);
const revoked = [{ serial: "0a", at: new Date(nowMs), reason: "key_compromise" as const }];
const crl = await makeCrl({ number: 7, thisUpdate: term.notBefore, nextUpdate: term.notAfter, revoked }, issuer);
const p256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const keys = await crypto.subtle.generateKey(p256, true, ["sign", "verify"]);
const request = Buffer.from((await Pkcs10CertificateRequestGenerator.create({ name: "CN=x", keys, signingAlgorithm: p256 })).rawData);

/** Good bytes with some of them changed, cut off or doubled; or any bytes. */
const damaged = (good: Buffer) =>
  fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }).map((changes) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    }),
    fc.nat(good.length).map((end) => good.subarray(0, end)),
  );
const block = (label: string, der: Buffer): string => `-----BEGIN ${label}-----\n${der.toString("base64")}\n-----END ${label}-----\n`;

async function expectProblemOrNothing(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === "AssertionError") throw thrown;
    expect(isProblem(thrown), String(thrown)).toBe(true);
  }
}

describe("whatever somebody sends, the answer is a Problem and nothing breaks:", () => {
  test("signing requests", () =>
    fc.assert(
      fc.asyncProperty(damaged(request), (der) => expectProblemOrNothing(() => keyOfRequest(block("CERTIFICATE REQUEST", der)))),
      { numRuns: 200 },
    ));

  test("chains, keys and lists to be brought in", () =>
    fc.assert(
      fc.asyncProperty(damaged(root), fc.string({ maxLength: 100 }), (der, key) =>
        expectProblemOrNothing(() =>
          readChain({ chain: block("CERTIFICATE", der) + pemOf("CERTIFICATE", root), key, crls: block("X509 CRL", der) }, nowMs),
        ),
      ),
      { numRuns: 200 },
    ));

  test("lists beside a good chain, of which only the good one counts", async () => {
    const key = subKey.export({ format: "pem", type: "pkcs8" }) as string;
    const read = async (list: Buffer): Promise<boolean> => {
      const { links } = await readChain(
        { chain: pemOf("CERTIFICATE", sub) + pemOf("CERTIFICATE", root), key, crls: block("X509 CRL", list) },
        nowMs,
      );
      return links.some(({ crl }) => crl !== undefined);
    };
    expect(await read(crl)).toBe(true);
    await fc.assert(
      fc.asyncProperty(damaged(crl), async (list) => {
        fc.pre(!list.equals(crl));
        await expectProblemOrNothing(async () => expect(await read(list)).toBe(false));
      }),
      { numRuns: 200 },
    );
  });

  test("exported roots", () =>
    fc.assert(
      fc.asyncProperty(damaged(root), (der) =>
        expectProblemOrNothing(() => openRoot(block("CERTIFICATE", der) + block("ENCRYPTED PRIVATE KEY", der), "a passphrase")),
      ),
      { numRuns: 100 },
    ));

  test("SSH keys", () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), fc.string(), (bytes, text) =>
        expectProblemOrNothing(() => parseSshLine(`ssh-ed25519 ${Buffer.from(bytes).toString("base64")} ${text}`)),
      ),
    ));

  test("names", () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
        await expectProblemOrNothing(() => checkDnsNames([text]));
        await expectProblemOrNothing(() => checkAddresses([text]));
        await expectProblemOrNothing(() => spiffeId({ trustDomain: "x", kind: "agent", name: text }));
      }),
    ));
});

test("a verifier never throws, and never takes a damaged certificate", () => {
  const verifier = createVerifier({
    trustDomain: "x",
    roots: [pemOf("CERTIFICATE", root)],
    intermediates: [],
    crls: [],
    crlsComplete: false,
  });
  expect(verifier.verify([leaf], { nowMs }).ok).toBe(true);
  fc.assert(
    fc.property(damaged(leaf), damaged(root), (one, above) => {
      fc.pre(!one.equals(leaf));
      expect(verifier.verify([one, above], { nowMs }).ok).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test("a SPIFFE id reads as what it was made of", () => {
  const name = fc.stringMatching(/^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,20}[a-zA-Z0-9])?$/);
  const domain = fc.stringMatching(/^[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?$/);
  fc.assert(
    fc.property(domain, fc.constantFrom("process" as const, "agent" as const, "device" as const), name, (trustDomain, kind, name) => {
      expect(readSpiffeId(spiffeId({ trustDomain, kind, name }))).toEqual({ trustDomain, kind, name });
    }),
  );
});
