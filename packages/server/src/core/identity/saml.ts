/**
 * SAML 2.0, as the side that people sign in to. A response comes by a form that the provider's page posts from another site, so it comes without
 * our cookies: it is judged, kept as a row that counts once, and taken up by the browser's next call, which has them.
 */
import type { SamlSettings } from "@holdfast/contract";
import { inTransaction, type Db, type Tx } from "#platform/db";
import type { Parts } from "./deps.ts";
import type { Proved } from "./external-identities.ts";
import { samlUrls } from "./provider-view.ts";
import { enabledProvider, providerMissing, secretOf } from "./providers.ts";
import { reserveAddress } from "./proofs.ts";
import { loginRequest, type Speaker } from "./saml-messages.ts";
import { checkEnvelope, judgeAssertion, type Asserted, type Expected } from "./saml-response.ts";
import { decrypted, signedText } from "./saml-signature.ts";
import { childOf, childrenOf, countOf, isNamed, readXml, refuse, SamlRefusal, textOf, textOfBase64, type Xml } from "./saml-xml.ts";
import type { From } from "./sessions.ts";
import * as links from "./store-providers.ts";
import type { ArrivalDocument } from "./tables.ts";
import { hashToken, isToken, newToken } from "./tokens.ts";

export type SamlRow = links.ProviderRow & { settings: SamlSettings };

/** What a browser brought back, taken up. */
export interface Arrived {
  proved: Proved;
  /** The request that it answers; null when the provider began. */
  answers: string | null;
}

const takeUpMs = 2 * 60_000;

/** @throws Problem `identity_provider_missing` */
export async function samlRow(db: Db | Tx, id: string): Promise<SamlRow> {
  const row = await enabledProvider(db, id);
  if (!isSaml(row)) throw providerMissing(id);
  return row;
}

export function isSaml(row: links.ProviderRow): row is SamlRow {
  return row.settings.kind === "saml";
}

/** With our key for this provider. */
export function speakerOf(row: SamlRow, parts: Pick<Parts, "publicUrl" | "secrets" | "clock">): Speaker {
  const privateKey = secretOf(row, parts);
  if (privateKey === undefined) throw new Error(`the provider ${row.id} has no key of ours`);
  return { settings: row.settings, ...samlUrls(parts, row.id), privateKey, nowMs: parts.clock.now() };
}

export function createSaml(parts: Parts) {
  const { db, clock } = parts;

  function begin(row: SamlRow, { again }: { again: boolean }): { url: string; request: string } {
    const { id, url } = loginRequest(speakerOf(row, parts), { again });
    return { url, request: id };
  }

  /** A token that takes up what came; undefined for what proves nobody, which is in the audit trail. @throws Problem `identity_provider_missing`, `identity_too_many_tries` */
  async function receiveResponse(id: string, response: string, from: From): Promise<string | undefined> {
    const row = await samlRow(db, id);
    const giveBack = await reserveAddress(from, parts);
    try {
      const token = await keep(row, await readResponse(row, response, parts));
      await giveBack();
      return token;
    } catch (thrown) {
      if (!(thrown instanceof SamlRefusal)) throw thrown;
      await recordRefusal(row.id, { from, reason: `SAML response refused: ${thrown.message}` }, parts);
      return undefined;
    }
  }

  async function keep(row: SamlRow, asserted: Asserted): Promise<string> {
    const token = newToken();
    const { assertionId, answers, endsAt, ...proved } = asserted;
    await inTransaction(db, async (tx) => {
      const once = { providerId: row.id, hash: hashToken(`assertion ${assertionId}`), until: new Date(endsAt) };
      if (!(await links.spendOnce(tx, once))) refuse("an assertion that came before");
      await links.insertArrival(tx, {
        hash: hashToken(token),
        provider_id: row.id,
        proved: JSON.stringify(proved satisfies ArrivalDocument),
        answers: answers ?? null,
        expires_at: new Date(clock.now() + takeUpMs),
      });
    });
    return token;
  }

  /** Undefined when there is nothing to take up. */
  async function takeUp(row: SamlRow, token: string | undefined): Promise<Arrived | undefined> {
    if (token === undefined || !isToken(token)) return undefined;
    const found = await links.takeArrival(db, { hash: hashToken(token), providerId: row.id, now: new Date(clock.now()) });
    if (!found || (found.answers === null && !row.settings.allowUnasked)) return undefined;
    return { proved: { provider: row, ...found.proved }, answers: found.answers };
  }

  return { begin, receiveResponse, takeUp };
}

/** Whom a response proves. @throws SamlRefusal */
export async function readResponse(row: SamlRow, base64: string, parts: Pick<Parts, "publicUrl" | "secrets" | "clock">): Promise<Asserted> {
  const { settings, entityId, acsUrl, privateKey, nowMs } = speakerOf(row, parts);
  const { certificates, signed } = settings;
  const expected: Expected = { settings, entityId, acsUrl, nowMs };
  const came = await readEnvelope(textOf(textOfBase64(base64)));
  const whole = signedText(came, certificates);
  const response = whole === undefined ? came : await readEnvelope(whole);
  checkEnvelope(response.element, expected, { signed: whole !== undefined });
  const inner = await assertionOf(response, came, privateKey);
  const part = signedText(inner, certificates);
  if (part === undefined && signed !== "response") refuse("an assertion without a signature");
  if (whole === undefined && signed !== "assertion") refuse("a response without a signature");
  const assertion = part === undefined ? inner.element : await readXml(part);
  if (!isNamed(assertion, ["assertion", "Assertion"])) refuse("a signature over something else");
  return judgeAssertion(assertion, response.element, expected);
}

interface Read {
  text: string;
  element: Xml;
}

/** One response with one assertion in it, and signatures where they belong: whatever is hidden elsewhere is refused, not passed over. */
async function readEnvelope(text: string): Promise<Read> {
  const element = await readXml(text);
  if (!isNamed(element, ["protocol", "Response"])) refuse("no response");
  const plain = childrenOf(element, "assertion", "Assertion").length;
  const closed = childrenOf(element, "assertion", "EncryptedAssertion").length;
  if (plain + closed !== 1) refuse(`${plain + closed} assertions`);
  if (countOf(element, "assertion", "Assertion") !== plain) refuse("an assertion that is hidden");
  if (countOf(element, "protocol", "Response") !== 1) refuse("a response that is hidden");
  const inPlace = [element, ...childrenOf(element, "assertion", "Assertion")].map(
    (one) => childrenOf(one, "signature", "Signature").length,
  );
  if (countOf(element, "signature", "Signature") !== inPlace.reduce((sum, count) => sum + count, 0)) refuse("a signature that is hidden");
  return { text, element };
}

/** The assertion with the text that its signature is looked for in: as it came, or as it was encrypted. */
async function assertionOf(response: Read, came: Read, privateKey: string): Promise<Read> {
  const plain = childOf(came.element, "assertion", "Assertion");
  // Within a signed response, what was signed; its own signature is of the text that came.
  if (plain) {
    const own = childOf(plain, "signature", "Signature");
    return own
      ? { text: came.text, element: plain }
      : { text: response.text, element: childOf(response.element, "assertion", "Assertion") ?? plain };
  }
  const closed = childOf(response.element, "assertion", "EncryptedAssertion") ?? refuse("no assertion");
  const text = await decrypted(closed, privateKey);
  const element = await readXml(text);
  if (!isNamed(element, ["assertion", "Assertion"])) refuse("something else that is encrypted");
  if (countOf(element, "assertion", "Assertion") !== 1) refuse("an assertion that is hidden");
  return { text, element };
}

/** The reason is for the trail; outside there is one answer for all. */
export async function recordRefusal(
  providerId: string,
  { from, reason }: { from: From; reason: string },
  { db, audit }: Pick<Parts, "db" | "audit">,
): Promise<void> {
  const facts = { action: "identity.session.refuse", subject: `provider:${providerId}`, after: { address: from.address } };
  await inTransaction(db, (tx) => audit.record(tx, { actor: "anonymous", reason, requestId: from.requestId, ...facts }));
}
