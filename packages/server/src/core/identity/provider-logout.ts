/** Signing out at a provider, in both directions: what it tells us ends sessions here, and who signs out here may be sent there. */
import { isProblem } from "@holdfast/kit";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { mustBeSession } from "./step-up.ts";
import type { Caller } from "./authenticate.ts";
import type { Parts } from "./deps.ts";
import { openedHint } from "./external-identities.ts";
import { claimed, refused, type OidcClient } from "./oidc.ts";
import { clientOf, isOidc, type Protocols } from "./provider-flow.ts";
import { ownUrl } from "./provider-view.ts";
import { isSaml, recordRefusal, samlRow, speakerOf, type SamlRow } from "./saml.ts";
import { inflated, logoutRequest, logoutResponse } from "./saml-messages.ts";
import { logoutOf } from "./saml-response.ts";
import { signedQuery, signedText } from "./saml-signature.ts";
import { isNamed, readXml, refuse, SamlRefusal, textOf, textOfBase64, type Xml } from "./saml-xml.ts";
import type { From } from "./sessions.ts";
import * as links from "./store-providers.ts";
import { deleteSession } from "./store.ts";
import { findSession } from "./store-tokens.ts";
import { hashToken } from "./tokens.ts";

/** A logout request as the browser or the provider brought it: in the address, or in a form. */
export type LogoutMessage = { rawQuery: string } | { form: { request: string; relayState: string | undefined } };

export function createProviderLogout(parts: Parts, { oidc }: Protocols) {
  return { ...createOidcLogout(parts, oidc), ...createSamlLogout(parts), ...createSignOut(parts, oidc) };
}

/** Ends the sessions that a provider says are over; how many. */
async function endSessions(
  tx: Tx,
  told: { row: links.ProviderRow; userId?: string | undefined; session?: string | undefined; from: From },
  { audit }: Parts,
): Promise<number> {
  const ended = await links.deleteSessionsFrom(tx, { providerId: told.row.id, userId: told.userId, session: told.session });
  const facts = { action: "identity.session.provider_end", requestId: told.from.requestId };
  for (const id of ended) await audit.record(tx, { actor: `system:provider:${told.row.id}`, subject: `session:${id}`, ...facts });
  return ended.length;
}

function createOidcLogout(parts: Parts, oidc: Protocols["oidc"]) {
  const { db } = parts;

  /** Ends the sessions of whom a provider says they signed out there; how many. @throws Problem `identity_provider_refused` */
  async function endFromProvider(token: string, from: From): Promise<number> {
    const row = await providerOfToken(db, token);
    const told = await oidc.readLogout({ row, secret: undefined }, token);
    return inTransaction(db, async (tx) => {
      const spent = { providerId: row.id, hash: hashToken(`logout ${told.id}`), until: new Date(told.expiresAt) };
      if (!(await links.spendOnce(tx, spent))) throw refused();
      const who = told.subject === undefined ? undefined : await links.findIdentity(tx, row.id, told.subject);
      if (told.subject !== undefined && !who) return 0;
      return endSessions(tx, { row, userId: who?.user_id, session: told.session, from }, parts);
    });
  }

  return { endFromProvider };
}

async function providerOfToken(db: Db, token: string): Promise<OidcClient["row"]> {
  const whose = claimed(token);
  const rows = (await links.listProviders(db)).filter(isOidc);
  const found = rows.find(
    ({ enabled, settings }) => enabled && settings.issuer === whose?.issuer && whose.audiences.includes(settings.clientId),
  );
  if (!found) throw refused();
  return found;
}

function createSamlLogout(parts: Parts) {
  const { db } = parts;

  /** Ends what a signed logout request names. Where the answer goes, when the provider takes one. @throws Problem `identity_provider_missing`, `identity_provider_refused` */
  async function endFromSaml(id: string, message: LogoutMessage, from: From): Promise<{ ended: number; url: string | undefined }> {
    const row = await samlRow(db, id);
    try {
      const { request, relayState } = await readLogout(row, message);
      const speaker = speakerOf(row, parts);
      const told = logoutOf(request, speaker);
      const ended = await inTransaction(db, async (tx) => {
        const once = { providerId: id, hash: hashToken(`logout ${told.id}`), until: new Date(told.endsAt) };
        if (!(await links.spendOnce(tx, once))) refuse("a logout request that came before");
        return end(tx, { row, told, from });
      });
      const { sloUrl } = row.settings;
      return { ended, url: sloUrl === undefined ? undefined : logoutResponse(speaker, sloUrl, { id: told.id, relayState }) };
    } catch (thrown) {
      if (!(thrown instanceof SamlRefusal)) throw thrown;
      await recordRefusal(id, { from, reason: `SAML logout refused: ${thrown.message}` }, parts);
      throw refused(thrown);
    }
  }

  async function end(tx: Tx, { row, told, from }: { row: SamlRow; told: ReturnType<typeof logoutOf>; from: From }): Promise<number> {
    const who = await links.findIdentity(tx, row.id, told.subject);
    if (!who) return 0;
    const named: (string | undefined)[] = told.sessions.length === 0 ? [undefined] : told.sessions;
    let ended = 0;
    for (const session of named) ended += await endSessions(tx, { row, userId: who.user_id, session, from }, parts);
    return ended;
  }

  return { endFromSaml };
}

const longestState = 1000;

/** The request, whose signature held. @throws SamlRefusal */
async function readLogout(row: SamlRow, message: LogoutMessage): Promise<{ request: Xml; relayState: string | undefined }> {
  const { certificates } = row.settings;
  if ("rawQuery" in message) {
    const fields = signedQuery(message.rawQuery, "SAMLRequest", certificates);
    const text = textOf(inflated(textOfBase64(fields.get("SAMLRequest") ?? "")));
    return { request: await readRequest(text), relayState: fields.get("RelayState") };
  }
  const text = textOf(textOfBase64(message.form.request));
  const signed = signedText({ text, element: await readRequest(text) }, certificates) ?? refuse("no signature");
  const { relayState = "" } = message.form; // no signature is over it in a form, so it only goes back to where it came from
  return { request: await readRequest(signed), relayState: relayState === "" || relayState.length > longestState ? undefined : relayState };
}

async function readRequest(text: string): Promise<Xml> {
  const request = await readXml(text);
  return isNamed(request, ["protocol", "LogoutRequest"]) ? request : refuse("no logout request");
}

interface Leaving {
  userId: string;
  session: string | null;
  hint: string | undefined;
}

function createSignOut(parts: Parts, oidc: Protocols["oidc"]) {
  const { db, audit } = parts;

  /** Ends the caller's session, and says where the browser goes to sign out at the provider, too. @throws Problem `identity_session_needed` */
  async function signOutEverywhere(caller: Caller, from: From): Promise<{ url?: string }> {
    mustBeSession(caller);
    const found = await findSession(db, { id: caller.credentialId });
    const subject = `session:${caller.credentialId}`;
    await inTransaction(db, async (tx) => {
      if (!(await deleteSession(tx, caller.credentialId))) return;
      await audit.record(tx, { actor: caller.actor, action: "identity.session.end", subject, requestId: from.requestId });
    });
    const providerId = found?.session.provider_id ?? null;
    const row = providerId === null ? undefined : await links.findProvider(db, providerId);
    if (!row?.enabled || !row.sign_out_there) return {};
    const { provider_session: session = null, provider_hint: sealed = null } = found?.session ?? {};
    const url = await awayFrom(row, { userId: caller.userId, session, hint: openedHint(row.id, sealed, parts.secrets) });
    return url === undefined ? {} : { url };
  }

  /** The session here has ended whatever becomes of this, so a provider that does not answer is no reason to fail. */
  async function awayFrom(row: links.ProviderRow, who: Leaving): Promise<string | undefined> {
    if (isSaml(row)) {
      const { sloUrl } = row.settings;
      const subject = await newestSubject(row.id, who.userId);
      return sloUrl === undefined || subject === undefined
        ? undefined
        : logoutRequest(speakerOf(row, parts), sloUrl, { subject, session: who.session });
    }
    if (!isOidc(row)) return undefined;
    try {
      return await oidc.endSessionUrl(clientOf(row, parts), { backTo: ownUrl(parts, "/sign-in"), hint: who.hint });
    } catch (thrown) {
      if (isProblem(thrown)) return undefined;
      throw thrown;
    }
  }

  async function newestSubject(providerId: string, userId: string): Promise<string | undefined> {
    const mine = (await links.identitiesOf(db, userId)).filter(({ provider_id: id }) => id === providerId);
    const seen = ({ last_seen_at: at, created_at: since }: links.IdentityRow) => (at ?? since).getTime();
    return mine.toSorted((a, b) => seen(b) - seen(a))[0]?.subject;
  }

  return { signOutEverywhere };
}
