/** Signing in elsewhere, as the module shows it: begun here, proved there, finished here. What is begun is a sealed cookie of ten minutes that counts once. */
import type { ExternalIdentity, LdapSettings, OidcSettings } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { inTransaction, type Db } from "#platform/db";
import type { Egress } from "#platform/egress";
import { accountLimit, addressBucket, addressLimit } from "./attempts.ts";
import type { Caller } from "./authenticate.ts";
import type { SignInAnswer } from "./challenges.ts";
import type { Parts } from "./deps.ts";
import { createExternalIdentities, type Proved } from "./external-identities.ts";
import { proveByPassword } from "./ldap.ts";
import { foldName } from "./names.ts";
import { claimed, createOidc, refused, type Begun, type OidcClient } from "./oidc.ts";
import { createProviders, enabledProvider, providersResealer, secretOf } from "./providers.ts";
import { tooMany } from "./proofs.ts";
import type { From } from "./sessions.ts";
import * as store from "./store.ts";
import * as links from "./store-providers.ts";
import { hashToken } from "./tokens.ts";

/** Each act is documented where it is made. @throws Problem `identity_*`, `egress_*`, as said there */
export type FederationActs = ReturnType<typeof createFederation>;

/** What came back from a provider with the browser. */
export interface CameBack {
  provider: string;
  query: string;
  /** The cookie that was set when it began. */
  kept: string | undefined;
}

export interface Started {
  url: string;
  /** Goes into the cookie. */
  kept: string;
  maxAgeS: number;
}

const begunMs = 10 * 60_000;
const place = { table: "identity.provider_begun", row: "cookie", column: "value", version: 1 };

interface Kept extends Begun {
  provider: string;
  endsAt: number;
  /** Who links themselves; absent at a sign-in. */
  linksUser?: string;
}

type FederationParts = Parts & { egress: Egress };

export function createFederation(parts: FederationParts) {
  parts.secrets.addResealer(providersResealer(parts.db));
  const people = createExternalIdentities(parts);
  const oidc = createOidc(parts);
  const { linkUser, unlinkUser, listIdentities } = people;

  async function listDoors() {
    const open = (await links.listProviders(parts.db)).filter(({ enabled }) => enabled);
    return { items: open.map(({ id, name, kind }) => ({ id, name, kind })) };
  }

  return {
    ...createProviders(parts),
    ...createBrowserFlow(parts, { people, oidc }),
    ...createDirectorySignIn(parts, people),
    endFromProvider: createLogout(parts, oidc),
    listDoors,
    linkUser,
    unlinkUser,
    listIdentities,
  };
}

interface Acting {
  people: ReturnType<typeof createExternalIdentities>;
  oidc: ReturnType<typeof createOidc>;
}

function createBrowserFlow(parts: FederationParts, { people, oidc }: Acting) {
  const { db, clock, secrets } = parts;

  /** Begins a sign-in, or a link of the caller. */
  async function startAtProvider(id: string, caller?: Caller): Promise<Started> {
    const { url, ...begun } = await oidc.begin(await clientOf(parts, id), returnTo(parts, id));
    const kept: Kept = { ...begun, provider: id, endsAt: clock.now() + begunMs, ...(caller ? { linksUser: caller.userId } : {}) };
    return { url, kept: secrets.seal(place, JSON.stringify(kept)).toString("base64url"), maxAgeS: begunMs / 1000 };
  }

  async function finishAtProvider(came: CameBack, from: From): Promise<SignInAnswer> {
    parts.counted("tried");
    try {
      return await people.arrive(await prove(came, undefined), from);
    } catch (thrown) {
      parts.counted("failed");
      throw thrown;
    }
  }

  async function finishLink(came: CameBack, caller: Caller, requestId?: string): Promise<ExternalIdentity> {
    return people.linkSelf(await prove(came, caller.userId), caller, requestId);
  }

  /** The address that it came back to belongs to one provider, so that none can pass off another's answer as its own (RFC 9700, section 4.4). */
  async function prove({ provider, query, kept }: CameBack, linksUser: string | undefined): Promise<Proved> {
    const begun = read(kept);
    if (!begun || begun.provider !== provider || begun.endsAt <= clock.now() || begun.linksUser !== linksUser) throw refused();
    const client = await clientOf(parts, provider);
    const hash = hashToken(begun.state);
    if (!(await links.spendOnce(db, { providerId: provider, hash, until: new Date(begun.endsAt) }))) throw refused();
    return oidc.finish(client, { begun, cameTo: new URL(`${returnTo(parts, provider)}?${query}`) });
  }

  function read(kept: string | undefined): Kept | undefined {
    if (kept === undefined) return undefined;
    try {
      return JSON.parse(secrets.open(place, Buffer.from(kept, "base64url")).toString("utf8")) as Kept;
    } catch {
      return undefined; // not ours, or of a key that is gone: as if it had never begun
    }
  }

  return { startAtProvider, finishAtProvider, finishLink };
}

function createDirectorySignIn(parts: FederationParts, people: Acting["people"]) {
  const { db, clock } = parts;

  async function signInAtDirectory(asked: Asked, from: From): Promise<SignInAnswer> {
    parts.counted("tried");
    const proved = await proveCounted(asked, from);
    return people.arrive(proved, from);
  }

  async function linkAtDirectory(asked: Asked, caller: Caller, from: From): Promise<ExternalIdentity> {
    return people.linkSelf(await proveCounted(asked, from), caller, from.requestId);
  }

  /** Tries are counted here too, so that the directory's own lock-out is not in anybody's hands. */
  async function proveCounted({ id, name, password }: Asked, from: From): Promise<Proved> {
    const row = await enabledProvider(db, id);
    if (row.settings.kind !== "ldap") throw wrongKind(id);
    const bucket = `provider:${id}:${hashToken(foldName(name)).toString("base64url")}`;
    const counters = [
      ...(from.address === undefined ? [] : [{ bucket: addressBucket(from.address), limit: addressLimit }]),
      { bucket, limit: accountLimit },
    ];
    for (const counter of counters) await reserve(counter);
    const proved = await proveByPassword(
      { ...row, settings: row.settings as LdapSettings },
      { name, password, secret: secretOf(row, parts) },
      parts.egress,
    );
    if (proved) {
      for (const counter of counters) await store.giveTryBack(db, counter.bucket);
      return proved;
    }
    parts.counted("failed");
    const entry = { actor: "anonymous", action: "identity.session.refuse", subject: `provider:${id}`, after: { address: from.address } };
    await inTransaction(db, (tx) => parts.audit.record(tx, { ...entry, reason: "name or password wrong", requestId: from.requestId }));
    throw new Problem("identity_sign_in_refused", { kind: "unauthenticated", say: "The name or the password is wrong." });
  }

  async function reserve({ bucket, limit }: { bucket: string; limit: typeof accountLimit }): Promise<void> {
    const now = clock.now();
    const { tries, since } = await store.countTry(db, bucket, { limit, now: new Date(now) });
    if (tries > limit.tries) throw tooMany(Math.max(1, Math.ceil((since.getTime() + limit.windowMs - now) / 1000)));
  }

  return { signInAtDirectory, linkAtDirectory };
}

interface Asked {
  id: string;
  name: string;
  password: string;
}

/** Ends the sessions of whom a provider says they signed out there; how many. @throws Problem `identity_provider_refused` */
function createLogout(parts: FederationParts, oidc: Acting["oidc"]) {
  const { db, audit } = parts;
  return async (token: string, from: From): Promise<number> => {
    const row = await providerOfToken(db, token);
    const told = await oidc.readLogout({ row, secret: undefined }, token);
    return inTransaction(db, async (tx) => {
      const spent = { providerId: row.id, hash: hashToken(`logout ${told.id}`), until: new Date(told.expiresAt) };
      if (!(await links.spendOnce(tx, spent))) throw refused();
      const who = told.subject === undefined ? undefined : await links.findIdentity(tx, row.id, told.subject);
      if (told.subject !== undefined && !who) return 0;
      const ended = await links.deleteSessionsFrom(tx, { providerId: row.id, userId: who?.user_id, session: told.session });
      const facts = { action: "identity.session.provider_end", requestId: from.requestId };
      for (const id of ended) await audit.record(tx, { actor: `system:provider:${row.id}`, subject: `session:${id}`, ...facts });
      return ended.length;
    });
  };
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

async function clientOf(parts: Parts, id: string): Promise<OidcClient> {
  const row = await enabledProvider(parts.db, id);
  if (!isOidc(row)) throw wrongKind(id);
  return { row, secret: secretOf(row, parts) };
}

function isOidc(row: links.ProviderRow): row is links.ProviderRow & { settings: OidcSettings } {
  return row.settings.kind === "oidc";
}

/** Where the provider sends people back to; the console's page there passes it on. */
function returnTo({ publicUrl }: Pick<Parts, "publicUrl">, id: string): string {
  if (publicUrl !== undefined) return `${publicUrl}/sign-in/callback/${id}`;
  throw new Problem("identity_public_url_missing", {
    kind: "not_ready",
    say: "This server does not know where people reach it; set HOLDFAST_PUBLIC_URL.",
  });
}

function wrongKind(id: string): Problem {
  return new Problem("identity_provider_kind", { kind: "invalid", say: `"${id}" is another kind of identity provider.` });
}
