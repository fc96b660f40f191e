/** Passkeys (WebAuthn level 3): as a second factor, and in place of a password. What signs is bound to this place's name by the browser. */
import { Problem } from "@holdfast/kit";
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { isIP } from "node:net";
import { z } from "zod";
import type { Db, Tx } from "#platform/db";
import type { Clock } from "@holdfast/kit";
import * as store from "./store-factors.ts";

/** Where browsers reach us, as WebAuthn sees it. */
export interface Site {
  /** The relying party: the host's name. Undefined where that is an address, which WebAuthn does not take. */
  rpId: string | undefined;
  isOurs(origin: string): boolean;
}

/** Without a public URL only a browser on this machine counts, by whatever port. */
export function siteOf(publicUrl: string | undefined): Site {
  if (publicUrl === undefined) return { rpId: "localhost", isOurs: (origin) => /^http:\/\/localhost(:\d{1,5})?$/.test(origin) };
  const { hostname, origin: ours } = new URL(publicUrl);
  return { rpId: isIP(hostname.replaceAll(/[[\]]/g, "")) === 0 ? hostname : undefined, isOurs: (origin) => origin === ours };
}

const text = z.string().max(16_384);
const registration = z.object({
  id: text,
  rawId: text,
  type: z.literal("public-key"),
  response: z.object({ clientDataJSON: text, attestationObject: text, transports: z.array(z.string().max(32)).max(16).optional() }),
});
const assertion = z.object({
  id: text,
  rawId: text,
  type: z.literal("public-key"),
  response: z.object({ clientDataJSON: text, authenticatorData: text, signature: text, userHandle: text.nullish() }),
});

/** What the browser's `navigator.credentials` gave, as JSON. */
export type Signed = Record<string, unknown>;
/** What goes into it. */
export type Options = Record<string, unknown>;

/** Options for a new passkey; `nonce` is what it has to sign. */
export async function optionsToEnrol(
  site: Site,
  user: { id: string; name: string },
  known: readonly store.PasskeyRow[],
): Promise<{ options: Options; nonce: string }> {
  const options = await generateRegistrationOptions({
    rpName: "Holdfast",
    rpID: relyingParty(site),
    userName: user.name,
    userID: new TextEncoder().encode(user.id),
    attestationType: "none",
    excludeCredentials: known.map(({ id, transports }) => ({ id, transports })),
    authenticatorSelection: { residentKey: "preferred", userVerification: "preferred" },
  });
  return { options: asJson(options), nonce: options.challenge };
}

/** Options to sign with one of these; with none named, with any that the authenticator holds for us. */
export async function optionsToSign(site: Site, known: readonly store.PasskeyRow[]): Promise<{ options: Options; nonce: string }> {
  const options = await generateAuthenticationOptions({
    rpID: relyingParty(site),
    allowCredentials: known.map(({ id, transports }) => ({ id, transports })),
    userVerification: known.length === 0 ? "required" : "preferred",
  });
  return { options: asJson(options), nonce: options.challenge };
}

/** Without the members that are undefined, which JSON does not know. */
function asJson(options: object): Options {
  return JSON.parse(JSON.stringify(options)) as Options;
}

/** The new passkey that was signed; undefined when it does not hold. */
export async function readEnrolled(site: Site, signed: Signed, nonce: string) {
  const parsed = registration.safeParse(signed);
  if (!parsed.success) return undefined;
  const { response } = parsed.data;
  const verified = await verifyRegistrationResponse({
    response: { ...parsed.data, clientExtensionResults: {}, response: { ...response, transports: response.transports ?? [] } },
    expectedChallenge: nonce,
    expectedOrigin: originOf(site, response.clientDataJSON),
    expectedRPID: relyingParty(site),
    requireUserVerification: false,
  }).catch(nothing);
  if (!verified?.verified) return undefined;
  const { credential, credentialBackedUp } = verified.registrationInfo;
  return {
    id: credential.id,
    public_key: Buffer.from(credential.publicKey),
    counter: credential.counter,
    transports: response.transports ?? [],
    backed_up: credentialBackedUp,
  };
}

interface Signing {
  site: Site;
  signed: Signed;
  nonce: string;
  clock: Clock;
  /** Its owner must be this one; undefined: whoever it is. */
  userId?: string | undefined;
  /** The authenticator must have asked for a finger or a PIN: then it is two factors in one. */
  verifyUser: boolean;
}

/** Whose passkey signed; undefined when it does not hold, or when its counter says that it was copied. */
export async function readSigned(
  db: Db | Tx,
  { site, signed, nonce, clock, userId, verifyUser }: Signing,
): Promise<store.PasskeyRow | undefined> {
  const parsed = assertion.safeParse(signed);
  const row = parsed.success ? await store.findPasskey(db, parsed.data.id) : undefined;
  if (!parsed.success || !row || (userId !== undefined && row.user_id !== userId)) return undefined;
  const { response } = parsed.data;
  const { clientDataJSON, authenticatorData, signature } = response;
  const verified = await verifyAuthenticationResponse({
    response: { ...parsed.data, clientExtensionResults: {}, response: { clientDataJSON, authenticatorData, signature } },
    expectedChallenge: nonce,
    expectedOrigin: originOf(site, clientDataJSON),
    expectedRPID: relyingParty(site),
    requireUserVerification: verifyUser,
    credential: { id: row.id, publicKey: new Uint8Array(row.public_key), counter: row.counter, transports: row.transports },
  }).catch(nothing);
  if (!verified?.verified) return undefined;
  const { newCounter: counter, credentialBackedUp: backedUp } = verified.authenticationInfo;
  const used = await store.usePasskey(db, { id: row.id, before: row.counter, counter, backedUp, now: new Date(clock.now()) });
  return used ? row : undefined;
}

/** The library throws for what does not hold, and for what it cannot read; both are no proof. */
const nothing = (): undefined => undefined;

/** The origin that was signed when it is ours; else one that it is not. */
function originOf(site: Site, clientDataJSON: string): string {
  try {
    const { origin } = JSON.parse(Buffer.from(clientDataJSON, "base64url").toString("utf8")) as { origin?: unknown };
    if (typeof origin === "string" && site.isOurs(origin)) return origin;
  } catch {
    // not JSON: then it is nobody's
  }
  return "null";
}

function relyingParty({ rpId }: Site): string {
  if (rpId !== undefined) return rpId;
  throw new Problem("identity_passkeys_unavailable", {
    kind: "not_ready",
    say: "Passkeys need a name: this server is reached by an address. Set HOLDFAST_PUBLIC_URL to a name with https.",
  });
}
