/** SAML with a provider that tells the truth: signing in and out, proving again, and how a provider is kept. */
import "reflect-metadata";
import { createVerify, webcrypto } from "node:crypto";
import { X509CertificateGenerator } from "@peculiar/x509";
import type { SamlSettings } from "@holdfast/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { everywhere } from "#platform/http/request";
import { from, opened, root } from "#test/identity";
import {
  assertionOf,
  base64,
  encryptedFor,
  good,
  inQuery,
  issuer,
  logoutXml,
  requestIn,
  responseOf,
  signed,
  sloUrl,
  type Said,
} from "#test/saml-provider";
import { ours, refused, samlWorld, type SamlWorld } from "#test/saml-world";

const minute = 60_000;

let world: SamlWorld;
beforeAll(async () => {
  world = await samlWorld();
});
afterAll(() => world.database.drop());
beforeEach(() => world.empty());

describe("a provider that tells the truth", () => {
  test("signs people in, with a user of their own and what their groups may do; the second time the same one", async () => {
    const { me } = await world.signIn();
    expect(me.user).toMatchObject({ name: "ada", grants: [{ role: "operator" }] });
    expect((await world.signIn()).me.user.id).toBe(me.user.id);
    expect((await world.identity.listIdentities(me.user.id)).items).toMatchObject([
      { provider: "idp", subject: "ada-at-idp", name: "ada" },
    ]);
  });

  test("is asked by a request that our key signed", async () => {
    const { url } = await world.begun();
    const { xml, query } = requestIn(url);
    const [said = "", signature = ""] = query.replace("tenant=1&", "").split("&Signature=");
    const [known] = (await world.identity.listProviders()).items;
    const holds = createVerify("RSA-SHA256")
      .update(said)
      .verify(known!.ours!.certificate!, Buffer.from(decodeURIComponent(signature), "base64"));
    expect(holds).toBe(true);
    expect(xml).toContain(`AssertionConsumerServiceURL="${ours.acsUrl}"`);
    expect(xml).not.toContain("ForceAuthn");
    expect(JSON.stringify(known)).not.toContain("PRIVATE");
  });

  test("may sign the response, or both, where that is what we ask for", async () => {
    const whole = async (mode: SamlSettings["signed"], write: (said: Said) => string) => {
      await world.changeSettings({ signed: mode });
      const { said, kept } = await world.begun();
      return world.come(write(said), kept);
    };
    const response = (said: Said) => signed(responseOf(said, assertionOf(said)), world.idp, { part: "response" });
    const both = (said: Said) => signed(good(said, world.idp), world.idp, { part: "response" });
    expect(opened(await whole("response", response)).me.user.name).toBe("ada");
    for (const mode of ["assertion", "response", "both"] as const) expect(opened(await whole(mode, both)).me.user.name).toBe("ada");
    await expect(whole("both", response)).rejects.toMatchObject(refused);
    await expect(whole("both", (said) => good(said, world.idp))).rejects.toMatchObject(refused);
    await expect(whole("response", (said) => good(said, world.idp))).rejects.toMatchObject(refused);
    await expect(whole("assertion", response)).rejects.toMatchObject(refused);
    await world.changeSettings({});
  });

  test("may encrypt the assertion for us, with what is not broken", async () => {
    const [known] = (await world.identity.listProviders()).items;
    const own = known!.ours!.certificate!;
    const one = await world.begun();
    const inner = (said: Said) => signed(assertionOf(said), world.idp);
    expect(opened(await world.come(responseOf(one.said, encryptedFor(own, inner(one.said))), one.kept)).me.user.name).toBe("ada");
    await world.changeSettings({ signed: "response" });
    const two = await world.begun();
    const whole = signed(responseOf(two.said, encryptedFor(own, assertionOf(two.said))), world.idp, { part: "response" });
    expect(opened(await world.come(whole, two.kept)).me.user.name).toBe("ada");
    await world.changeSettings({});
    const lies: ((said: Said) => string)[] = [
      (said) => encryptedFor(own, inner(said), { cipher: "aes256-cbc" }),
      (said) => encryptedFor(world.stranger.certificate, inner(said)),
      (said) => encryptedFor(own, assertionOf(said)),
      (said) => encryptedFor(own, signed(assertionOf(said), world.stranger)),
      (said) => encryptedFor(own, inner(said)) + inner(said),
    ];
    for (const lie of lies) {
      const { said, kept } = await world.begun();
      await expect(world.come(responseOf(said, lie(said)), kept)).rejects.toMatchObject(refused);
    }
  });

  test("changes its key while both certificates are listed, and is refused with the old one afterwards", async () => {
    const next = world.stranger;
    await world.changeSettings({ certificates: [world.idp.certificate, next.certificate] });
    const [one, two] = [await world.begun(), await world.begun()];
    await world.come(good(one.said, world.idp), one.kept);
    await world.come(good(two.said, next), two.kept);
    await world.changeSettings({ certificates: [next.certificate] });
    const three = await world.begun();
    await expect(world.come(good(three.said, world.idp), three.kept)).rejects.toMatchObject(refused);
    await world.changeSettings({});
  });

  test("finds nobody by name: a user of that name is not linked, and says so", async () => {
    await world.signIn();
    await expect(world.signIn({ subject: "another-at-idp" })).rejects.toMatchObject({ code: "identity_name_taken" });
    await expect(world.signIn({ groups: ["guests"] })).rejects.toMatchObject({ code: "identity_no_group" });
  });

  test("whose clock is half a minute off signs people in all the same", async () => {
    const nowMs = world.clock.now();
    for (const off of [-30_000, 30_000]) expect((await world.signIn({ nowMs: nowMs + off })).me.user.name).toBe("ada");
  });
});

describe("signing out", () => {
  const request = (more: object = {}) => logoutXml({ nowMs: world.clock.now(), destination: ours.sloUrl, ...more });
  const byQuery = (rawQuery: string) => world.identity.endFromSaml("idp", { rawQuery }, from);
  const byForm = (xml: string) => world.identity.endFromSaml("idp", { form: { request: base64(xml), relayState: undefined } }, from);

  test("at the provider ends what it names here, and is answered with a signature", async () => {
    const [one, two] = [await world.signIn({ session: "s1" }), await world.signIn({ session: "s2" })];
    const { ended, url } = await byQuery(inQuery(request({ session: "s1" }), world.idp, { relayState: "a b&c" }));
    expect(ended).toBe(1);
    expect(new URL(url!).searchParams.get("RelayState")).toBe("a b&c");
    expect(url!.startsWith(`${sloUrl}?SAMLResponse=`)).toBe(true);
    expect([await world.withCookie(one.token), (await world.withCookie(two.token)) !== undefined]).toEqual([undefined, true]);
    expect((await byForm(signed(request(), world.idp, { part: "response" }))).ended).toBe(1);
    expect(await world.withCookie(two.token)).toBeUndefined();
    expect((await byQuery(inQuery(request({ subject: "nobody" }), world.idp))).ended).toBe(0);
  });

  test("of somebody by whoever is not the provider ends nothing", async () => {
    const { token } = await world.signIn();
    const once = inQuery(request({ session: "another" }), world.idp);
    await byQuery(once);
    const lost = inQuery(request(), world.idp).replace(/&SigAlg.*/, "");
    const bad = [
      () => byQuery(once),
      () => byQuery(lost),
      () => byQuery(""),
      () => byQuery(inQuery(request(), world.stranger)),
      () => byQuery(inQuery(request(), world.idp, { hash: "SHA1" })),
      () => byQuery(inQuery(request(), world.idp).replace("SAMLRequest=", "SAMLRequest=AAAA&SAMLRequest=")),
      () => byQuery(`${inQuery(request(), world.idp)}&RelayState=more`),
      () => byQuery(inQuery(request({ issuer: "https://evil.example.net" }), world.idp)),
      () => byQuery(inQuery(request({ destination: ours.acsUrl }), world.idp)),
      () => byQuery(inQuery(request({ issuedMs: world.clock.now() - 11 * minute }), world.idp)),
      () => byQuery(inQuery("<a/>", world.idp)),
      () => byForm(request()),
      () => byForm(signed(request(), world.stranger, { part: "response" })),
      () => byForm(signed(request({ subject: "eve" }), world.idp, { part: "response" }).replace("eve", "ada-at-idp")),
    ];
    for (const act of bad) await expect(act()).rejects.toMatchObject(refused);
    expect((await world.lastEntries(1))[0]).toMatchObject({ reason: expect.stringContaining("SAML logout refused") });
    expect(await world.withCookie(token)).toBeDefined();
  });

  test("here sends the browser to the provider where that is wanted, with who and which session", async () => {
    const first = await world.signIn({ session: "s7" });
    expect(await world.identity.signOutEverywhere(await world.callerWith(first.token), from)).toEqual({});
    await world.change({ signOutThere: true });
    const { token } = await world.signIn({ session: "s8" });
    const { url } = await world.identity.signOutEverywhere(await world.callerWith(token), from);
    expect(requestIn(url!).xml).toMatch(/<saml:NameID [^>]*>ada-at-idp<\/saml:NameID><samlp:SessionIndex>s8</);
    expect(await world.withCookie(token)).toBeUndefined();
    await world.change({});
  });

  test("happens to everybody of a provider that is turned off", async () => {
    const { token } = await world.signIn();
    await world.change({ enabled: false });
    expect(await world.withCookie(token)).toBeUndefined();
    await expect(world.begun()).rejects.toMatchObject({ code: "identity_provider_missing" });
    await world.change({});
  });
});

describe("somebody who has nothing but the provider", () => {
  async function stepUp(token: string, more: Partial<Said>) {
    const caller = await world.callerWith(token);
    const { url, kept } = await world.identity.startStepUp(caller);
    expect(requestIn(url).xml).toContain('ForceAuthn="true"');
    const said = { nowMs: world.clock.now(), ...ours, answers: requestIn(url).id, ...more };
    const arrival = await world.arrive(good(said, world.idp));
    return world.identity.finishStepUp({ provider: "idp", query: "", kept, arrival }, caller);
  }

  test("proves again there who they are: anew, as the same person, in the same session", async () => {
    const { token } = await world.signIn();
    const caller = await world.callerWith(token);
    expect(await world.identity.stepUpWays(caller)).toEqual({ ways: ["provider"], provider: { id: "idp", name: "Corp" } });
    world.later(11 * minute);
    expect((await world.callerWith(token)).steppedUp).toBe(false);
    await expect(stepUp(token, { provedMs: world.clock.now() - 11 * minute }), "the provider did not ask").rejects.toMatchObject(refused);
    expect((await world.lastEntries(1))[0]).toMatchObject({
      action: "identity.session.step_up_refuse",
      reason: "the provider did not ask anew",
    });
    await expect(stepUp(token, { subject: "eve" }), "another person").rejects.toMatchObject(refused);
    expect((await world.callerWith(token)).steppedUp).toBe(false);
    await stepUp(token, {});
    expect((await world.callerWith(token)).steppedUp).toBe(true);
    const { said, kept } = await world.begun();
    const arrival = await world.arrive(good(said, world.idp));
    await expect(
      world.identity.finishStepUp({ provider: "idp", query: "", kept, arrival }, caller),
      "begun as a sign-in",
    ).rejects.toMatchObject(refused);
  });

  test("may not leave it, and may once there is a password", async () => {
    const { token, me } = await world.signIn();
    await expect(world.identity.unlinkSelf("idp", await world.callerWith(token))).rejects.toMatchObject({ code: "identity_link_last" });
    await world.database.pool.query("update identity.user set password_hash = 'x' where id = $1", [me.user.id]);
    await world.identity.unlinkSelf("idp", await world.callerWith(token));
    expect((await world.identity.listIdentities(me.user.id)).items).toEqual([]);
    expect(await world.withCookie(token)).toBeUndefined();
  });

  test("meets a role's demand for two factors with those of a provider that is trusted for it", async () => {
    const twoFactors = "https://refeds.org/profile/mfa";
    const need = "update identity.role set second_factor = $1 where name = 'operator'";
    await world.database.pool.query(need, [true]);
    expect((await world.signIn({ context: twoFactors })).me.must).toEqual(["second-factor"]);
    await world.change({ trustedContexts: [twoFactors] });
    expect((await world.signIn()).me.must).toEqual(["second-factor"]);
    expect((await world.signIn({ context: twoFactors })).me.must).toBeUndefined();
    await world.database.pool.query(need, [false]);
    await world.change({});
  });
});

describe("a program that such a person lets in", () => {
  test("is out with them when the provider says so", async () => {
    const { token } = await world.signIn({ session: "s9" });
    const asked = await world.identity.startDeviceLogin({ clientName: "cli", scopes: [] }, from);
    await world.identity.answerDeviceLogin({ userCode: asked.userCode, approve: true }, await world.callerWith(token), from);
    const polled = await world.identity.pollDeviceLogin(asked.deviceCode, from);
    expect(polled).toHaveProperty("pair");
    const xml = logoutXml({ nowMs: world.clock.now(), destination: ours.sloUrl, session: "s9" });
    expect((await world.identity.endFromSaml("idp", { rawQuery: inQuery(xml, world.idp) }, from)).ended).toBe(2);
  });
});

async function certificateBy(
  signingAlgorithm: webcrypto.RsaHashedKeyGenParams | (webcrypto.EcKeyGenParams & webcrypto.EcdsaParams),
): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ["sign", "verify"]);
  return (await X509CertificateGenerator.createSelfSigned({ name: "CN=idp", keys, signingAlgorithm })).toString("pem");
}

describe("a provider as it is kept", () => {
  test("has a key of ours, certificates that can be used, and an entity that stays", async () => {
    const { id, settings: _settings, ...rest } = world.plan();
    const wrong = (more: Partial<SamlSettings>) =>
      world.identity.createProvider({ id: "wrong", ...rest, settings: { ...world.settings(), ...more } }, root);
    const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", publicExponent: new Uint8Array([1, 0, 1]) };
    const short = await certificateBy({ ...rsa, modulusLength: 1024 });
    const curve = await certificateBy({ name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" });
    for (const text of [short, curve, "x".repeat(200)])
      await expect(wrong({ certificates: [text] })).rejects.toMatchObject({ code: "identity_certificate_invalid" });
    await expect(world.identity.createProvider({ ...world.plan(), id: "wrong", secret: "x" }, root)).rejects.toMatchObject({
      code: "identity_provider_secret",
    });
    await expect(world.changeSettings({ entityId: "https://evil.example.net" })).rejects.toMatchObject({ code: "identity_provider_fixed" });
    const [before] = (await world.identity.listProviders()).items;
    expect(before).toMatchObject({
      id,
      hasSecret: true,
      ours,
      certificates: [{ subject: "CN=Holdfast to test" }],
    });
    const after = await world.identity.renewProviderKey({ id, etag: before!.etag }, root);
    expect(after.ours!.certificate).not.toBe(before!.ours!.certificate);
    expect((await world.signIn()).me.user.name).toBe("ada");
  });

  test("is told of us, and tells of itself, in metadata", async () => {
    const metadata = await world.identity.samlMetadata("idp");
    for (const part of [ours.entityId, ours.acsUrl, ours.sloUrl, 'AuthnRequestsSigned="true"', 'WantAssertionsSigned="true"'])
      expect(metadata).toContain(part);
    const body = world.idp.certificate.replaceAll(/-----[^-]+-----|\s/g, "");
    const theirs = (more = "", about = "IDPSSODescriptor") =>
      `<?xml version="1.0" encoding="UTF-8"?>${more}<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="${issuer}"><md:${about}><md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${sloUrl}"/><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://world.idp.example.net/sso"/></md:${about}></md:EntityDescriptor>`;
    await world.identity.readProviderMetadata({ xml: `\uFEFF${theirs("<!-- of the provider -->")}` }, root);
    const read = await world.identity.readProviderMetadata({ xml: theirs() }, root);
    expect(read.settings).toEqual({
      entityId: issuer,
      ssoUrl: "https://world.idp.example.net/sso",
      sloUrl,
      certificates: [expect.stringContaining(world.idp.certificate.trim())],
    });
    expect(read.certificates[0]!.sha256).toMatch(/^[0-9a-f]{64}$/);
    for (const xml of [
      "",
      "<a/>",
      theirs("<!DOCTYPE a>"),
      theirs("", "SPSSODescriptor"),
      theirs().replace('HTTP-Redirect" Location="https://world.idp.example.net/sso', 'SOAP" Location="x'),
      theirs().replace(body, "AAAA"),
    ])
      await expect(world.identity.readProviderMetadata({ xml }, root)).rejects.toMatchObject({ code: "identity_metadata_invalid" });
    await expect(world.identity.readProviderMetadata({ url: "http://127.0.0.1:1/" }, root)).rejects.toMatchObject({
      code: "egress_refused",
    });
    const lesser = { actor: "user:bob", access: everywhere(["users:write"]) };
    await expect(world.identity.readProviderMetadata({ xml: theirs() }, lesser)).rejects.toMatchObject({ code: "identity_grant_beyond" });
  });
});
