/** Identity providers as administrators keep them. Who says who people are could become anybody, so only who may do everything may say it. */
import type { Provider, ProviderMetadata, ProviderSettings, GroupGrant } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { Resealer } from "#core/secrets";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { preconditionFailed } from "#platform/http/request";
import type { Parts } from "./deps.ts";
import { makeOwnKey } from "./saml-keys.ts";
import { readMetadata } from "./saml-metadata.ts";
import { certificateOf } from "./saml-signature.ts";
import { etagOf, providerOf, shownProvider, whereOf } from "./provider-view.ts";
import { entryBy, heldGrants, mustCover, type Granter } from "./roles.ts";
import * as store from "./store-providers.ts";

export interface ProviderRequest {
  id: string;
  name: string;
  settings: ProviderSettings;
  createUsers: boolean;
  groupGrants: readonly GroupGrant[];
  enabled: boolean;
  /** What the provider calls a sign-in with two factors. */
  trustedContexts?: readonly string[];
  signOutThere?: boolean;
  /** Client secret or bind password; without it the one that is there stays. A SAML provider has a key instead, which is made here. */
  secret?: string | undefined;
}

const place = (id: string) => ({ table: "identity.provider", row: id, column: "sealed_secret", version: 1 });

export function createProviders(parts: Parts) {
  return { ...createReading(parts), ...createKeeping(parts), ...createOwnKeys(parts) };
}

function createReading(parts: Parts) {
  async function listProviders(): Promise<{ items: Provider[] }> {
    return { items: (await store.listProviders(parts.db)).map((row) => providerOf(row, parts)) };
  }

  /** What to keep of a SAML provider's metadata, given or fetched. @throws Problem `identity_metadata_invalid`, `identity_metadata_unreachable`, `egress_*` */
  async function readProviderMetadata(
    { xml, url }: { xml?: string | undefined; url?: string | undefined },
    by: Granter,
  ): Promise<ProviderMetadata> {
    mustCover(by, everything);
    if (url === undefined) return readMetadata(xml ?? "");
    const answer = await parts.egress.fetch(url, { headers: { accept: "application/samlmetadata+xml, application/xml, text/xml" } });
    if (!answer.ok) throw metadataUnreachable(answer.status);
    return readMetadata(await answer.text());
  }

  return { listProviders, readProviderMetadata };
}

function createKeeping(parts: Parts) {
  const { db, clock, audit } = parts;

  async function createProvider(asked: ProviderRequest, by: Granter): Promise<Provider> {
    const wanted = checked(asked);
    const key = wanted.settings.kind === "saml" ? await makeOwnKey(wanted.id, clock.now()) : undefined;
    return inTransaction(db, async (tx) => {
      await mustGrantAll(tx, wanted, by);
      const now = new Date(clock.now());
      const held = keptSecret(wanted.id, key?.privateKey ?? wanted.secret, parts);
      const row = { ...rowOf(wanted), ...held, own_certificate: key?.certificate ?? null, version: 1, created_at: now, updated_at: now };
      if (!(await store.insertProvider(tx, row))) throw idTaken(wanted.id);
      return record(parts, tx, { id: wanted.id, by, action: "identity.provider.create" });
    });
  }

  /** Sessions that began there go on, unless it is turned off; the provider says of each person anew who they are at the next sign-in. */
  async function updateProvider({ etag, ...asked }: ProviderRequest & { etag: string }, by: Granter): Promise<Provider> {
    const wanted = checked(asked);
    return inTransaction(db, async (tx) => {
      const before = await lock(tx, { id: wanted.id, etag });
      await mustGrantAll(tx, wanted, by);
      if (!sameWhere(before.settings, wanted.settings)) throw placeFixed();
      if (before.sealed_secret !== null && wanted.secret === undefined && meansElsewhere(before.settings, wanted.settings))
        throw secretNeeded();
      const { sealed_secret, own_certificate, created_at } = before;
      const held = wanted.secret === undefined ? { sealed_secret } : keptSecret(wanted.id, wanted.secret, parts);
      const moved = { own_certificate, version: before.version + 1, created_at, updated_at: new Date(clock.now()) };
      await store.updateProvider(tx, { ...rowOf(wanted), ...held, ...moved });
      const ended = before.enabled && !wanted.enabled ? await store.deleteSessionsFrom(tx, { providerId: wanted.id }) : [];
      const facts = ended.length === 0 ? {} : { endedSessions: ended.length };
      return record(parts, tx, { id: wanted.id, by, action: "identity.provider.update", before: shownProvider(before), facts });
    });
  }

  async function removeProvider(gone: { id: string; etag: string }, by: Granter): Promise<void> {
    await inTransaction(db, async (tx) => {
      const before = await lock(tx, gone);
      mustCover(by, everything);
      const endedSessions = (await store.deleteSessionsFrom(tx, { providerId: gone.id })).length;
      await store.deleteProvider(tx, gone.id);
      const facts = { before: shownProvider(before), after: { endedSessions } };
      await audit.record(tx, { ...entryBy(by), action: "identity.provider.remove", subject: `provider:${gone.id}`, ...facts });
    });
  }

  return { createProvider, updateProvider, removeProvider };
}

function createOwnKeys(parts: Parts) {
  const { db, clock } = parts;

  /** Our new key for a SAML provider signs from now on, and the old one opens nothing any more. @throws Problem `identity_provider_kind` */
  async function renewProviderKey({ id, etag }: { id: string; etag: string }, by: Granter): Promise<Provider> {
    const key = await makeOwnKey(id, clock.now());
    return inTransaction(db, async (tx) => {
      const before = await lock(tx, { id, etag });
      mustCover(by, everything);
      if (before.settings.kind !== "saml") throw wrongKind(id);
      const held = keptSecret(id, key.privateKey, parts);
      const moved = { own_certificate: key.certificate, version: before.version + 1, updated_at: new Date(clock.now()) };
      await store.updateProvider(tx, { ...before, ...held, ...moved });
      return record(parts, tx, { id, by, action: "identity.provider.key_renew" });
    });
  }

  return { renewProviderKey };
}

interface Recording {
  id: string;
  by: Granter;
  action: string;
  before?: ReturnType<typeof shownProvider>;
  facts?: object;
}

async function record(parts: Parts, tx: Tx, { id, by, action, before, facts }: Recording): Promise<Provider> {
  const row = await store.findProvider(tx, id);
  if (!row) throw providerMissing(id);
  const entry = { subject: `provider:${id}`, after: { ...shownProvider(row), ...facts }, ...(before ? { before } : {}) };
  await parts.audit.record(tx, { ...entryBy(by), action, ...entry });
  return providerOf(row, parts);
}

async function lock(tx: Tx, { id, etag }: { id: string; etag: string }): Promise<store.ProviderRow> {
  const row = await store.lockProvider(tx, id);
  if (!row) throw providerMissing(id);
  if (etagOf(row) !== etag) throw preconditionFailed(`the identity provider "${id}"`);
  return row;
}

/** With certificates in one form. @throws Problem `identity_certificate_invalid`, `identity_provider_secret` */
function checked(wanted: ProviderRequest): ProviderRequest {
  const { settings } = wanted;
  if (settings.kind !== "saml") return wanted;
  if (wanted.secret !== undefined) throw keyMadeHere();
  const certificates = settings.certificates.map((text, at) => certificateOf(text)?.pem ?? certificateInvalid(at));
  return { ...wanted, settings: { ...settings, certificates } };
}

function rowOf(wanted: ProviderRequest) {
  const { id, name, settings, createUsers, groupGrants, enabled, trustedContexts = [], signOutThere = false } = wanted;
  const trust = { trusted_contexts: trustedContexts, sign_out_there: signOutThere };
  return { id, kind: settings.kind, name, settings, create_users: createUsers, group_grants: groupGrants, enabled, ...trust };
}

function keptSecret(id: string, secret: string | undefined, { secrets }: Pick<Parts, "secrets">) {
  return { sealed_secret: secret === undefined ? null : secrets.seal(place(id), secret) };
}

/** @throws Problem `identity_provider_missing`, also for one that is off */
export async function enabledProvider(db: Db | Tx, id: string): Promise<store.ProviderRow> {
  const row = await store.findProvider(db, id);
  if (!row?.enabled) throw providerMissing(id);
  return row;
}

export function secretOf(row: store.ProviderRow, { secrets }: Pick<Parts, "secrets">): string | undefined {
  return row.sealed_secret === null ? undefined : secrets.open(place(row.id), row.sealed_secret).toString("utf8");
}

/** Secrets of providers follow a rotation of keys. */
export function providersResealer(db: Db): Resealer {
  return {
    table: "identity.provider",
    countStale: (activePrefix) => store.countStaleSecrets(db, activePrefix),
    async nextBatch(tx, { activePrefix, limit, reseal }) {
      const rows = await store.lockStaleSecrets(tx, activePrefix, limit);
      for (const { id, sealed_secret: sealed } of rows) if (sealed) await store.resealSecret(tx, id, reseal(place(id), sealed));
      return rows.length;
    },
  };
}

const everything = { role: "admin", selector: "", permissions: null };

async function mustGrantAll(tx: Tx, { groupGrants }: ProviderRequest, by: Granter): Promise<void> {
  mustCover(by, everything, ...(await heldGrants(tx, groupGrants)));
}

/** What an issuer calls a person is worth nothing at another. */
function sameWhere(before: ProviderSettings, after: ProviderSettings): boolean {
  return before.kind === after.kind && (before.kind === "ldap" || whereOf(before) === whereOf(after));
}

/** Whether the secret would be shown to somebody else than before. */
function meansElsewhere(before: ProviderSettings, after: ProviderSettings): boolean {
  return before.kind !== "saml" && whereOf(before) !== whereOf(after);
}

export function providerMissing(id: string): Problem {
  return new Problem("identity_provider_missing", { kind: "missing", say: `There is no identity provider "${id}", or it is off.` });
}

function idTaken(id: string): Problem {
  return new Problem("identity_provider_taken", { kind: "conflict", say: `There is an identity provider "${id}" already.` });
}

function placeFixed(): Problem {
  return new Problem("identity_provider_fixed", {
    kind: "conflict",
    say: "The kind and the issuer of an identity provider do not change, because people are linked to who they are there; add another one.",
  });
}

function secretNeeded(): Problem {
  return new Problem("identity_provider_secret", {
    kind: "invalid",
    say: "The provider is elsewhere now; give its secret too, so that the old one is not shown to a new place.",
    places: [{ at: "secret", say: "is missing" }],
  });
}

export function wrongKind(id: string): Problem {
  return new Problem("identity_provider_kind", { kind: "invalid", say: `"${id}" is another kind of identity provider.` });
}

function keyMadeHere(): Problem {
  return new Problem("identity_provider_secret", {
    kind: "invalid",
    say: "A SAML provider has no secret: our key for it is made here; tell the provider the certificate.",
    places: [{ at: "secret", say: "has no meaning with SAML" }],
  });
}

function certificateInvalid(at: number): never {
  const place = `settings.certificates.${at}`;
  throw new Problem("identity_certificate_invalid", {
    kind: "invalid",
    say: `Certificate ${at + 1} is none (PEM, or its base64), or its key is no RSA key of 2048 bits or more.`,
    places: [{ at: place, say: "is no certificate that can be used" }],
  });
}

function metadataUnreachable(status: number): Problem {
  return new Problem("identity_metadata_unreachable", {
    kind: "invalid",
    say: `The address answered with status ${status}, not with metadata.`,
  });
}
