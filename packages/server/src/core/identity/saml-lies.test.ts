/** SAML with a provider, or somebody in its place, that lies in every way that it can think of: nobody comes in. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { from, opened } from "#test/identity";
import { assertionOf, good, logoutXml, responseOf, signed, type Said } from "#test/saml-provider";
import { ours, refused, samlWorld, type SamlWorld } from "#test/saml-world";

let world: SamlWorld;
beforeAll(async () => {
  world = await samlWorld();
});
afterAll(() => world.database.drop());
beforeEach(() => world.empty());

const without = (xml: string, part: RegExp) => xml.replace(part, "");
const signatureIn = (xml: string): string => /<Signature .*?<\/Signature>/s.exec(xml)?.[0] ?? "";
const unsigned = (xml: string): string => without(xml, /<Signature .*?<\/Signature>/s);
const assertionIn = (xml: string): string => /<saml:Assertion .*<\/saml:Assertion>/s.exec(xml)?.[0] ?? "";
const evil = (xml: string): string =>
  unsigned(xml)
    .replace("ada-at-idp", "admin-at-idp")
    .replaceAll(/ ID="_/g, ' ID="_evil');
const wrongName = (xml: string): string => xml.replace("ada-at-idp", "admin-at-idp");

/** Where a signature over the truth is put beside a lie: variants 1 to 8 of signature wrapping ("On Breaking SAML", USENIX Security 2012). */
const wrapped: [string, (said: Said) => string][] = [
  ["1: the signed response within the signature of a forged one", (said) => ofResponse(said, (truth, lie) => intoSignature(truth, lie))],
  [
    "2: the signed response beside the signature, within a forged one",
    (said) => ofResponse(said, (truth, lie) => lie.replace("<samlp:Status>", `${signatureIn(truth)}${unsigned(truth)}<samlp:Status>`)),
  ],
  ["3: a forged assertion before the signed one", (said) => ofAssertion(said, (truth) => evil(truth) + truth)],
  [
    "4: the signed assertion within a forged one",
    (said) => ofAssertion(said, (truth) => evil(truth).replace("</saml:Assertion>", `${truth}</saml:Assertion>`)),
  ],
  [
    "5: the signature on a forged assertion, the true one behind it",
    (said) => ofAssertion(said, (truth) => wrongName(truth).replace(/ ID="_/, ' ID="_evil') + unsigned(truth)),
  ],
  [
    "6: the true assertion within the signature of a forged one",
    (said) =>
      ofAssertion(said, (truth) =>
        wrongName(truth)
          .replace(/ ID="_/, ' ID="_evil')
          .replace("</Signature>", `${unsigned(truth)}</Signature>`),
      ),
  ],
  [
    "7: a forged assertion among extensions",
    (said) => ofAssertion(said, (truth) => `<samlp:Extensions>${evil(truth)}</samlp:Extensions>${truth}`),
  ],
  [
    "8: the true assertion as an object of the signature",
    (said) =>
      ofAssertion(said, (truth) =>
        wrongName(truth)
          .replace(/ ID="_/, ' ID="_evil')
          .replace("</Signature>", `<Object>${unsigned(truth)}</Object></Signature>`),
      ),
  ],
  ["a forged assertion with the id of the signed one", (said) => ofAssertion(said, (truth) => wrongName(unsigned(truth)) + truth)],
  [
    "a forged assertion among extensions, with the id of the signed one",
    (said) => ofAssertion(said, (truth) => `<samlp:Extensions>${wrongName(unsigned(truth))}</samlp:Extensions>${truth}`),
  ],
  ["the signature moved to the envelope", (said) => ofAssertion(said, (truth) => signatureIn(truth) + wrongName(unsigned(truth)))],
];

function ofAssertion(said: Said, forge: (truth: string) => string): string {
  const xml = good(said, world.idp);
  return xml.replace(assertionIn(xml), forge(assertionIn(xml)));
}

function ofResponse(said: Said, forge: (truth: string, lie: string) => string): string {
  const truth = signed(responseOf(said, assertionOf(said)), world.idp, { part: "response" });
  return forge(truth, evil(truth));
}

function intoSignature(truth: string, lie: string): string {
  const signature = signatureIn(truth).replace("</Signature>", `${unsigned(truth)}</Signature>`);
  return lie.replace("<samlp:Status>", `${signature}<samlp:Status>`);
}

const minute = 60_000;
/** Each with the reason that the audit trail gives. */
const lies: [string, RegExp, (said: Said) => string][] = [
  ["unsigned", /without a signature/, (said) => responseOf(said, assertionOf(said))],
  ["signed by a stranger", /does not hold/, (said) => good(said, world.stranger)],
  ["altered after it was signed", /does not hold/, (said) => wrongName(good(said, world.idp))],
  ["with another group after it was signed", /does not hold/, (said) => good(said, world.idp).replace(">netops<", ">platform<")],
  [
    "with the signature of another assertion",
    /over something else/,
    (said) => {
      const truth = good(said, world.idp);
      return truth.replace(signatureIn(truth), signatureIn(good(said, world.idp)));
    },
  ],
  ["signed with SHA-1", /not allowed/, (said) => signed(responseOf(said, assertionOf(said)), world.idp, { algorithm: "sha1" })],
  [
    "with a signature of a shared secret",
    /not allowed/,
    (said) => good(said, world.idp).replace("2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#hmac-sha1"),
  ],
  [
    "with comments in what is signed",
    /not allowed/,
    (said) =>
      good(said, world.idp).replaceAll(
        '"http://www.w3.org/2001/10/xml-exc-c14n#"',
        '"http://www.w3.org/2001/10/xml-exc-c14n#WithComments"',
      ),
  ],
  [
    "with a transform of its own",
    /not allowed/,
    (said) =>
      good(said, world.idp).replace("<Transforms>", '<Transforms><Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>'),
  ],
  ["out of date", /out of date/, (said) => good({ ...said, fromMs: said.nowMs - 9 * minute, untilMs: said.nowMs - 2 * minute }, world.idp)],
  ["whose confirmation is out of date", /out of date/, (said) => good({ ...said, confirmedUntilMs: said.nowMs - 2 * minute }, world.idp)],
  ["not yet valid", /not yet/, (said) => good({ ...said, fromMs: said.nowMs + 2 * minute }, world.idp)],
  ["issued long ago", /another time/, (said) => good({ ...said, issuedMs: said.nowMs - 11 * minute }, world.idp)],
  ["issued in times to come", /another time/, (said) => good({ ...said, issuedMs: said.nowMs + 2 * minute }, world.idp)],
  ["proved in times to come", /times to come/, (said) => good({ ...said, provedMs: said.nowMs + 2 * minute }, world.idp)],
  ["good for a week", /too far away/, (said) => good({ ...said, confirmedUntilMs: said.nowMs + 7 * 1440 * minute }, world.idp)],
  ["for another audience", /another audience/, (said) => good({ ...said, audience: "https://wiki.example.net" }, world.idp)],
  ["for no audience", /another audience/, (said) => good({ ...said, conditions: "<saml:Conditions/>" }, world.idp)],
  ["without conditions", /no Conditions/, (said) => good({ ...said, conditions: "" }, world.idp)],
  [
    "with a condition of its own",
    /do not know/,
    (said) => good({ ...said, conditions: "<saml:Conditions><saml:Condition/></saml:Conditions>" }, world.idp),
  ],
  [
    "for another recipient",
    /another recipient/,
    (said) => good({ ...said, recipient: "https://holdfast.example.net/saml/other/acs" }, world.idp),
  ],
  ["for another destination", /another destination/, (said) => good({ ...said, destination: "https://wiki.example.net/acs" }, world.idp)],
  ["of another issuer", /another issuer/, (said) => good({ ...said, issuer: "https://evil.example.net" }, world.idp)],
  ["without a confirmation", /no bearer/, (said) => good({ ...said, confirmation: "" }, world.idp)],
  [
    "confirmed otherwise than by its bearer",
    /no bearer/,
    (said) =>
      good({ ...said, confirmation: '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"/>' }, world.idp),
  ],
  ["that nobody began", /nobody began/, (said) => good({ ...said, answers: undefined }, world.idp)],
  ["whose envelope answers another request", /another request/, (said) => good({ ...said, envelopeAnswers: "_another" }, world.idp)],
  ["that failed", /no success/, (said) => good({ ...said, status: "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed" }, world.idp)],
  [
    "with a name for one time",
    /one time only/,
    (said) => good({ ...said, nameFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient" }, world.idp),
  ],
  ["without a name", /no name/, (said) => good({ ...said, subject: " " }, world.idp)],
  ["with a comment in the name", /comment/, (said) => good({ ...said, subject: "admin<!-- -->-at-evil" }, world.idp)],
  ["with a comment put into the name afterwards", /comment/, (said) => good(said, world.idp).replace("ada-at", "ada<!---->-at")],
  [
    "with an instruction put into the name afterwards",
    /processing instruction/,
    (said) => good({ ...said, subject: "not-an-admin" }, world.idp).replace("not-an-admin", "<?p not-an-?>admin"),
  ],
  ["with character data", /character data/, (said) => good(said, world.idp).replace("ada-at-idp", "<![CDATA[ada-at-world.idp]]>")],
  ["with a document type", /document type/, (said) => `<!DOCTYPE samlp:Response [<!ENTITY who "admin">]>${good(said, world.idp)}`],
  ["with an entity", /an entity/, (said) => good(said, world.idp).replace("ada-at-idp", "&who;")],
  [
    "with two assertions",
    /2 assertions/,
    (said) =>
      signed(responseOf(said, assertionOf(said)), world.idp).replace(
        "</samlp:Response>",
        `${signed(assertionOf(said), world.idp)}</samlp:Response>`,
      ),
  ],
  ["with no assertion", /0 assertions/, (said) => signed(responseOf(said, ""), world.idp, { part: "response" })],
  ["with two names", /two of NameID/, (said) => good({ ...said, subject: "ada</saml:NameID><saml:NameID>admin" }, world.idp)],
  ["with elements within the name", /within NameID/, (said) => good({ ...said, subject: "<saml:b>ada</saml:b>" }, world.idp)],
  ["that is another message", /no response/, (said) => logoutXml({ nowMs: said.nowMs, destination: ours.acsUrl })],
  ["that is no XML", /no well-formed XML|no XML/, () => "<samlp:Response"],
  ["that is empty", /no message/, () => ""],
  ["that never ends", /without end/, () => `${"<a>".repeat(60)}${"</a>".repeat(60)}`],
  [
    "with more attributes than anybody needs",
    /too many attributes/,
    (said) =>
      good(said, world.idp).replace("<saml:Subject>", `<saml:Subject ${Array.from({ length: 60 }, (_, at) => `a${at}="1"`).join(" ")}>`),
  ],
  ["that is too long", /too long|too many/, () => `<a>${"<b/>".repeat(200_000)}</a>`],
  ...wrapped.map(([how, forge]): [string, RegExp, (said: Said) => string] => [
    `wrapped, ${how}`,
    /hidden|2 assertions|an id twice|over something else/,
    forge,
  ]),
];

describe("a response", () => {
  let begun: Awaited<ReturnType<SamlWorld["begun"]>>;
  beforeAll(async () => {
    begun = await world.begun();
  });

  test.each(lies)(
    "%s gives nothing that the browser could take up, and is in the audit trail with its reason",
    async (_what, reason, lie) => {
      expect(await world.arrive(lie(begun.said))).toBeUndefined();
      const [entry] = await world.lastEntries(1);
      const where = { action: "identity.session.refuse", actor: "anonymous", subject: "provider:idp", after: { address: from.address } };
      expect(entry).toMatchObject(where);
      expect(entry!.reason).toMatch(reason);
    },
  );

  test("that gave nothing lets nobody in, and the browser is told the same whatever the reason", async () => {
    const { kept } = await world.begun();
    await expect(world.finish(kept, undefined)).rejects.toMatchObject({ ...refused, message: expect.stringContaining("begin again") });
    expect((await world.identity.listUsers({})).items).toEqual([]);
  });

  test("that is no base64, or no UTF-8, is refused like any other", async () => {
    for (const text of ["%%%", Buffer.from([0x3c, 0xff, 0xfe]).toString("base64"), "PGE+".repeat(300_000)])
      expect(await world.identity.receiveResponse("idp", text, from)).toBeUndefined();
  });

  test("counts once, whoever brings it again", async () => {
    const { said, kept } = await world.begun();
    const xml = good(said, world.idp);
    const results = await Promise.all([1, 2, 3, 4].map(() => world.arrive(xml)));
    const [arrival, ...others] = results.filter((token) => token !== undefined);
    expect(others).toEqual([]);
    expect((await world.lastEntries(4)).map((entry) => entry.reason)).toContain("SAML response refused: an assertion that came before");
    const came = { provider: "idp", query: "", kept, arrival };
    expect(opened(await world.identity.finishAtProvider(came, from)).me.user.name).toBe("ada");
    await expect(world.identity.finishAtProvider(came, from)).rejects.toMatchObject(refused);
  });

  test("counts only in the browser that began, only for what it began, and not for long", async () => {
    const [mine, other] = [await world.begun(), await world.begun()];
    const arrive = (said: Said) => world.arrive(good(said, world.idp));
    for (const kept of [other.kept, undefined, "nonsense"]) {
      const arrival = await arrive(mine.said);
      await expect(world.finish(kept, arrival)).rejects.toMatchObject(refused);
    }
    expect((await world.lastEntries(1))[0]).toMatchObject({ reason: expect.stringContaining("does not fit what began in this browser") });
    const arrival = await arrive(mine.said);
    world.later(3 * minute);
    await expect(world.finish(mine.kept, arrival)).rejects.toMatchObject(refused);
    expect(await world.identity.sweep()).toBeGreaterThan(0);
  });

  test("that the provider began counts where it is allowed, and never for a link", async () => {
    await world.changeSettings({ allowUnasked: true });
    const said = world.said();
    const { me, token } = opened(await world.come(good(said, world.idp)));
    expect(me.user.name).toBe("ada");
    const caller = await world.callerWith(token);
    const arrival = await world.arrive(good({ ...said, subject: "eve" }, world.idp));
    await expect(world.identity.finishLink({ provider: "idp", query: "", kept: undefined, arrival }, caller)).rejects.toMatchObject(
      refused,
    );
    const late = await world.arrive(good(said, world.idp));
    await world.changeSettings({});
    await expect(world.finish(undefined, late)).rejects.toMatchObject(refused);
  });

  test("is looked at thirty times a minute from one address, if it does not count", async () => {
    for (let tries = 0; tries < 30; tries++) await world.identity.receiveResponse("idp", "AAAA", from);
    await expect(world.identity.receiveResponse("idp", "AAAA", from)).rejects.toMatchObject({ code: "identity_too_many_tries" });
  });
});
