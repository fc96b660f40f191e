/** What is read of SAML, whatever is sent. */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { SamlSettings } from "@holdfast/contract";
import { good, issuer, newKey, type Key, type Said } from "#test/saml-provider";
import { readResponse, type SamlRow } from "./saml.ts";
import { readXml, SamlRefusal } from "./saml-xml.ts";

const nowMs = Date.UTC(2026, 0, 1);
const said: Said = {
  nowMs,
  acsUrl: "https://holdfast.example.net/saml/idp/acs",
  entityId: "https://holdfast.example.net/saml/idp/metadata",
  answers: "_1",
};
let key: Key;
let row: SamlRow;
beforeAll(async () => {
  key = await newKey(nowMs);
  const settings: SamlSettings = {
    kind: "saml",
    entityId: issuer,
    ssoUrl: "https://idp.example.net/sso",
    certificates: [key.certificate],
    signed: "assertion",
    nameIdFormat: "persistent",
    groupsAttribute: "groups",
    allowUnasked: false,
  };
  row = { id: "idp", settings, sealed_secret: Buffer.from("sealed") } as unknown as SamlRow;
});

/** Whom it proves; undefined where it is refused. Anything else that is thrown fails the test. */
async function proved(xml: Buffer): Promise<object | undefined> {
  const secrets = { seal: () => Buffer.alloc(0), open: () => Buffer.from(key.privateKey), addResealer: () => undefined };
  const parts = { publicUrl: "https://holdfast.example.net", secrets, clock: { now: () => nowMs, sleep: () => Promise.resolve() } };
  try {
    const { subject, groups, answers, assertionId } = await readResponse(row, xml.toString("base64"), parts);
    return { subject, groups, answers, assertionId };
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(SamlRefusal);
    return undefined;
  }
}

test("no change of a signed response proves anybody else", async () => {
  const truth = Buffer.from(good(said, key));
  const whole = await proved(truth);
  expect(whole).toMatchObject({ subject: "ada-at-idp", groups: ["netops"], answers: "_1" });
  const pieces = ["<!---->", "<?p x?>", "&amp;", "<saml:NameID>admin</saml:NameID>", "admin", "\0", "\u00e9", ">", "<", '"', " "];
  const change = fc.record({
    at: fc.nat(truth.length - 1),
    cut: fc.nat(12),
    put: fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ at, cut, put }) => {
      const changed = await proved(Buffer.concat([truth.subarray(0, at), Buffer.from(put), truth.subarray(at + cut)]));
      expect(changed === undefined || JSON.stringify(changed) === JSON.stringify(whole)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("whatever is sent is read or refused, and nothing else happens", async () => {
  const part = fc.constantFrom(
    "<a",
    ">",
    "</a>",
    "<",
    " b='",
    "'",
    "&#x0;",
    "&lt;",
    "<?xml version='1.0'?>",
    "xmlns:a='u'",
    "<a:b/>",
    "\uFEFF",
    "x",
    "]]>",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 12 }), async (parts) => {
      await readXml(parts.join("")).catch((thrown: unknown) => expect(thrown).toBeInstanceOf(SamlRefusal));
    }),
    { numRuns: 200 },
  );
});
