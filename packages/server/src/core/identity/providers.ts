/** Identity providers as administrators keep them. Who says who people are could become anybody, so only who may do everything may say it. */
import type { Provider, ProviderSettings, GroupGrant } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { Resealer } from "#core/secrets";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { preconditionFailed } from "#platform/http/request";
import type { Parts } from "./deps.ts";
import { entryBy, heldGrants, mustCover, type Granter } from "./roles.ts";
import * as store from "./store-providers.ts";

export interface ProviderRequest {
  id: string;
  name: string;
  settings: ProviderSettings;
  createUsers: boolean;
  groupGrants: readonly GroupGrant[];
  enabled: boolean;
  /** Client secret or bind password; without it the one that is there stays. */
  secret?: string | undefined;
}

const place = (id: string) => ({ table: "identity.provider", row: id, column: "sealed_secret", version: 1 });

export function createProviders({ db, audit, clock, secrets }: Parts) {
  async function listProviders(): Promise<{ items: Provider[] }> {
    return { items: (await store.listProviders(db)).map(providerOf) };
  }

  async function createProvider(wanted: ProviderRequest, by: Granter): Promise<Provider> {
    return inTransaction(db, async (tx) => {
      await mustGrantAll(tx, wanted, by);
      const now = new Date(clock.now());
      const row = { ...rowOf(wanted, secrets), version: 1, created_at: now, updated_at: now };
      if (!(await store.insertProvider(tx, row))) throw idTaken(wanted.id);
      return record(audit, tx, { id: wanted.id, by, action: "identity.provider.create" });
    });
  }

  /** Sessions that began there go on; the provider says of each person anew who they are at the next sign-in. */
  async function updateProvider({ etag, ...wanted }: ProviderRequest & { etag: string }, by: Granter): Promise<Provider> {
    return inTransaction(db, async (tx) => {
      const before = await lock(tx, { id: wanted.id, etag });
      await mustGrantAll(tx, wanted, by);
      if (!sameWhere(before.settings, wanted.settings)) throw placeFixed();
      if (before.sealed_secret !== null && wanted.secret === undefined && meansElsewhere(before.settings, wanted.settings))
        throw secretNeeded();
      const kept = wanted.secret === undefined ? { sealed_secret: before.sealed_secret } : {};
      const now = new Date(clock.now());
      await store.updateProvider(tx, {
        ...rowOf(wanted, secrets),
        ...kept,
        version: before.version + 1,
        created_at: before.created_at,
        updated_at: now,
      });
      return record(audit, tx, { id: wanted.id, by, action: "identity.provider.update", before: shown(before) });
    });
  }

  async function removeProvider(gone: { id: string; etag: string }, by: Granter): Promise<void> {
    await inTransaction(db, async (tx) => {
      const before = await lock(tx, gone);
      mustCover(by, everything);
      const endedSessions = (await store.deleteSessionsFrom(tx, { providerId: gone.id })).length;
      await store.deleteProvider(tx, gone.id);
      const facts = { before: shown(before), after: { endedSessions } };
      await audit.record(tx, { ...entryBy(by), action: "identity.provider.remove", subject: `provider:${gone.id}`, ...facts });
    });
  }

  return { listProviders, createProvider, updateProvider, removeProvider };
}

interface Recording {
  id: string;
  by: Granter;
  action: string;
  before?: ReturnType<typeof shown>;
}

async function record(audit: Parts["audit"], tx: Tx, { id, by, action, before }: Recording): Promise<Provider> {
  const row = await store.findProvider(tx, id);
  if (!row) throw providerMissing(id);
  const facts = { subject: `provider:${id}`, after: shown(row), ...(before ? { before } : {}) };
  await audit.record(tx, { ...entryBy(by), action, ...facts });
  return providerOf(row);
}

async function lock(tx: Tx, { id, etag }: { id: string; etag: string }): Promise<store.ProviderRow> {
  const row = await store.lockProvider(tx, id);
  if (!row) throw providerMissing(id);
  if (etagOf(row) !== etag) throw preconditionFailed(`the identity provider "${id}"`);
  return row;
}

function rowOf(wanted: ProviderRequest, secrets: Parts["secrets"]) {
  const { id, name, settings, createUsers, groupGrants, enabled, secret } = wanted;
  const sealed_secret = secret === undefined ? null : secrets.seal(place(id), secret);
  return { id, kind: settings.kind, name, settings, sealed_secret, create_users: createUsers, group_grants: groupGrants, enabled };
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
  return before.kind === after.kind && (before.kind !== "oidc" || after.kind !== "oidc" || before.issuer === after.issuer);
}

/** Whether the secret would be shown to somebody else than before. */
function meansElsewhere(before: ProviderSettings, after: ProviderSettings): boolean {
  const to = (settings: ProviderSettings) => (settings.kind === "oidc" ? settings.issuer : settings.url);
  return to(before) !== to(after);
}

function shown({ name, settings, create_users: createUsers, group_grants: groupGrants, enabled }: store.ProviderRow) {
  return { name, settings, createUsers, groupGrants, enabled };
}

function providerOf(row: store.ProviderRow): Provider {
  return { id: row.id, ...shown(row), hasSecret: row.sealed_secret !== null, createdAt: row.created_at.toISOString(), etag: etagOf(row) };
}

const etagOf = ({ version }: { version: number }): string => `v${version}`;

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
