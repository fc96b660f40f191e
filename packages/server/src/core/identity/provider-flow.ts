/**
 * Proving who one is at a provider's own pages: begun here, proved there, finished here. What is begun is a sealed cookie of ten minutes that
 * counts once, so whatever comes back counts in the browser where it began, for the purpose that it began with.
 */
import type { ExternalIdentity, OidcSettings } from "@holdfast/contract";
import { isProblem } from "@holdfast/kit";
import type { Caller } from "./authenticate.ts";
import type { SignInAnswer } from "./challenges.ts";
import type { Parts } from "./deps.ts";
import type { createExternalIdentities, Proved } from "./external-identities.ts";
import { createOidc, refused, type Begun, type OidcClient } from "./oidc.ts";
import { callbackPath, ownUrl } from "./provider-view.ts";
import { enabledProvider, secretOf, wrongKind } from "./providers.ts";
import { reserveAddress } from "./proofs.ts";
import { createSaml, isSaml, recordRefusal, type SamlRow } from "./saml.ts";
import type { From } from "./sessions.ts";
import * as links from "./store-providers.ts";
import { hashToken } from "./tokens.ts";

/** What came back from a provider with the browser. */
export interface CameBack {
  provider: string;
  query: string;
  /** The cookie that was set when it began. */
  kept: string | undefined;
  /** The cookie that was set when a SAML response came. */
  arrival?: string | undefined;
}

export interface Started {
  url: string;
  /** Goes into the cookie. */
  kept: string;
  maxAgeS: number;
}

/** What it began for: a sign-in, a link of a user, or a session's proving again who it is. */
export type Purpose = { signIn: true } | { linksUser: string } | { stepsUp: string };

/** With when it began: milliseconds since 1970. */
export interface Finished {
  proved: Proved;
  beganAt: number;
}

interface Kept {
  provider: string;
  purpose: Purpose;
  beganAt: number;
  endsAt: number;
  oidc?: Begun;
  saml?: { request: string };
}

const begunMs = 10 * 60_000;
const place = { table: "identity.provider_begun", row: "cookie", column: "value", version: 1 };

export type Protocols = ReturnType<typeof createProtocols>;

export function createProtocols(parts: Parts) {
  return { oidc: createOidc(parts), saml: createSaml(parts) };
}

/** The two halves of every way over a provider's pages. */
export function createWay(parts: Parts, { oidc, saml }: Protocols) {
  const { db, clock, secrets } = parts;

  async function begin(id: string, purpose: Purpose): Promise<Started> {
    const row = await enabledProvider(db, id);
    const again = "stepsUp" in purpose;
    const beganAt = clock.now();
    const kept = { provider: id, purpose, beganAt, endsAt: beganAt + begunMs };
    if (isSaml(row)) {
      const { url, request } = saml.begin(row, { again });
      return started(url, { ...kept, saml: { request } });
    }
    const { url, ...begun } = await oidc.begin(clientOf(row, parts), { redirectUri: ownUrl(parts, callbackPath(id)), again });
    return started(url, { ...kept, oidc: begun });
  }

  function started(url: string, kept: Kept): Started {
    return { url, kept: secrets.seal(place, JSON.stringify(kept)).toString("base64url"), maxAgeS: begunMs / 1000 };
  }

  /** The address that it came back to belongs to one provider, so that none can pass off another's answer as its own (RFC 9700, section 4.4). */
  async function finish(came: CameBack, purpose: Purpose): Promise<Finished> {
    const row = await enabledProvider(db, came.provider);
    const begun = read(came, purpose);
    if (isSaml(row)) return finishSaml(row, { came, begun, unasked: "signIn" in purpose });
    if (!begun?.oidc) throw refused();
    await spend(begun, begun.oidc.state);
    const cameTo = new URL(`${ownUrl(parts, callbackPath(row.id))}?${came.query}`);
    return { proved: await oidc.finish(clientOf(row, parts), { begun: begun.oidc, cameTo }), beganAt: begun.beganAt };
  }

  async function finishSaml(
    row: SamlRow,
    { came, begun, unasked }: { came: CameBack; begun: Kept | undefined; unasked: boolean },
  ): Promise<Finished> {
    const arrived = await saml.takeUp(row, came.arrival);
    if (!arrived) throw refused();
    if (arrived.answers === null && unasked) return { proved: arrived.proved, beganAt: clock.now() };
    if (begun?.saml === undefined || begun.saml.request !== arrived.answers) throw refused();
    await spend(begun, begun.saml.request);
    return { proved: arrived.proved, beganAt: begun.beganAt };
  }

  async function spend({ provider, endsAt }: Kept, what: string): Promise<void> {
    const once = { providerId: provider, hash: hashToken(what), until: new Date(endsAt) };
    if (!(await links.spendOnce(db, once))) throw refused();
  }

  function read({ kept, provider }: CameBack, purpose: Purpose): Kept | undefined {
    const begun = opened(kept);
    const fits = begun?.provider === provider && begun.endsAt > clock.now() && same(begun.purpose, purpose);
    return fits ? begun : undefined;
  }

  function opened(kept: string | undefined): Kept | undefined {
    if (kept === undefined) return undefined;
    try {
      return JSON.parse(secrets.open(place, Buffer.from(kept, "base64url")).toString("utf8")) as Kept;
    } catch {
      return undefined; // not ours, or of a key that is gone: as if it had never begun
    }
  }

  return { begin, finish };
}

function same(a: Purpose, b: Purpose): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** @throws Problem `identity_provider_kind` */
export function clientOf(row: links.ProviderRow, parts: Parts): OidcClient {
  if (!isOidc(row)) throw wrongKind(row.id);
  return { row, secret: secretOf(row, parts) };
}

export function isOidc(row: links.ProviderRow): row is links.ProviderRow & { settings: OidcSettings } {
  return row.settings.kind === "oidc";
}

/** Signing in and linking over a provider's pages. */
export function createBrowserFlow(
  parts: Parts,
  { people, way }: { people: ReturnType<typeof createExternalIdentities>; way: ReturnType<typeof createWay> },
) {
  /** Begins a sign-in, or a link of the caller. */
  async function startAtProvider(id: string, caller?: Caller): Promise<Started> {
    return way.begin(id, caller ? { linksUser: caller.userId } : { signIn: true });
  }

  async function finishAtProvider(came: CameBack, from: From): Promise<SignInAnswer> {
    parts.counted("tried");
    const giveBack = await reserveAddress(from, parts);
    try {
      const answer = await people.arrive((await way.finish(came, { signIn: true })).proved, from);
      await giveBack();
      return answer;
    } catch (thrown) {
      parts.counted("failed");
      if (isProblem(thrown) && thrown.code === "identity_provider_refused")
        await recordRefusal(
          came.provider,
          { from, reason: "what came back from the provider does not fit what began in this browser" },
          parts,
        );
      throw thrown;
    }
  }

  async function finishLink(came: CameBack, caller: Caller, requestId?: string): Promise<ExternalIdentity> {
    return people.linkSelf((await way.finish(came, { linksUser: caller.userId })).proved, caller, requestId);
  }

  return { startAtProvider, finishAtProvider, finishLink };
}
