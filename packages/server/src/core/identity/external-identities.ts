/**
 * From who somebody is at a provider to a user here. A link is made by the signed-in person, by an administrator, or with the user that the
 * first sign-in makes; never because a name or a mail address is the same.
 */
import type { ExternalIdentity, Grant } from "@holdfast/contract";
import { newId, Problem } from "@holdfast/kit";
import { inTransaction, type Tx } from "#platform/db";
import type { Caller } from "./authenticate.ts";
import { proceed, type SignInAnswer } from "./challenges.ts";
import type { Parts } from "./deps.ts";
import { checkName, foldName } from "./names.ts";
import { enabledProvider } from "./providers.ts";
import { entryBy, heldGrants, mustCover, type Granter } from "./roles.ts";
import type { From } from "./sessions.ts";
import * as store from "./store.ts";
import { passkeysOf } from "./store-factors.ts";
import { rightsChanges } from "./rights-changes.ts";
import * as links from "./store-providers.ts";

/** Whom a provider proved. */
export interface Proved {
  provider: links.ProviderRow;
  subject: string;
  /** As the provider names the person. */
  name: string;
  groups: readonly string[];
  /** What the provider calls the session. */
  session?: string | undefined;
  /** How it was proved there, in the provider's words. */
  contexts?: readonly string[];
  /** When it was proved there, if the provider tells: milliseconds since 1970. */
  provedAt?: number | undefined;
  /** What the provider wants to see again when the person signs out there. */
  hint?: string | undefined;
}

/** Whether the provider asked for two factors, in words that the administrator trusts. */
export function secondFactorThere({ provider, contexts = [] }: Proved): boolean {
  return contexts.some((context) => provider.trusted_contexts.includes(context));
}

export function createExternalIdentities(parts: Parts) {
  return { ...createArrival(parts), ...createLinks(parts), ...createUnlinks(parts) };
}

function createArrival(parts: Parts) {
  const { db, audit, clock } = parts;

  /** Signs in whom the provider proved. @throws Problem `identity_not_linked`, `identity_no_group`, `identity_name_taken`, `identity_sign_in_refused` */
  async function arrive(proved: Proved, from: From): Promise<SignInAnswer> {
    const answer = await inTransaction(db, async (tx) => {
      const user = await userFor(tx, proved, from);
      if (user instanceof Problem) return user; // what it took away stays taken
      const provider = { id: proved.provider.id, session: proved.session, hint: sealedHint(proved, parts.secrets) };
      const secondFactor = secondFactorThere(proved);
      return proceed(tx, { user, from, methods: [proved.provider.kind], secondFactor, provider }, parts);
    });
    if (!(answer instanceof Problem)) return answer;
    parts.counted("failed");
    await refuse(proved, { from, problem: answer });
    throw answer;
  }

  async function userFor(tx: Tx, proved: Proved, from: From): Promise<store.UserRow | Problem> {
    const { provider, subject, name } = proved;
    await store.lockAdmins(tx);
    if (!(await links.lockProvider(tx, provider.id))?.enabled) return notLinked(provider.name);
    const grants = grantsFor(proved);
    const now = new Date(clock.now());
    const known = await links.findIdentity(tx, provider.id, subject);
    if (!known) return makeUser(tx, { proved, grants, from, audit, now });
    const before = await store.lockUser(tx, known.user_id);
    if (!before || before.disabled) return disabled();
    await links.touchIdentity(tx, { ...known, name: shownName(name) }, now);
    return known.manages_grants ? follow(tx, { before, grants, proved, from, audit }) : before;
  }

  async function refuse({ provider }: Proved, { from, problem }: { from: From; problem: Problem }): Promise<void> {
    const facts = { action: "identity.session.refuse", subject: `provider:${provider.id}`, after: { address: from.address } };
    const entry = { actor: "anonymous", reason: problem.message, requestId: from.requestId, ...facts };
    await inTransaction(db, (tx) => audit.record(tx, entry));
  }

  return { arrive };
}

const hintPlace = (providerId: string) => ({ table: "identity.session", row: providerId, column: "provider_hint", version: 1 });

/** Only where it will be asked for: it says much about a person. */
function sealedHint({ provider, hint }: Proved, secrets: Parts["secrets"]): Buffer | undefined {
  return hint === undefined || !provider.sign_out_there ? undefined : secrets.seal(hintPlace(provider.id), hint);
}

/** Undefined for what was sealed with a key that is gone: the provider then asks the person. */
export function openedHint(providerId: string, sealed: Buffer | null, secrets: Parts["secrets"]): string | undefined {
  try {
    return sealed === null ? undefined : secrets.open(hintPlace(providerId), sealed).toString("utf8");
  } catch {
    return undefined;
  }
}

/** What the groups say now counts from now on. */
async function follow(tx: Tx, { before, grants, proved, from, audit }: Following): Promise<store.UserRow | Problem> {
  if (sameGrants(before.grants, grants)) return grants.length === 0 ? noGroup() : before;
  await heldGrants(tx, grants);
  await store.replaceGrants(tx, before.id, grants);
  const gaveUpAdmin = before.grants.some(isAdmin) && !grants.some(isAdmin);
  if (gaveUpAdmin && (await store.countAdmins(tx)) === 0) throw lastAdmin(before.name);
  const facts = { before: { grants: before.grants.map(naked) }, after: { grants } };
  const entry = { actor: `system:provider:${proved.provider.id}`, subject: `user:${before.name}`, ...facts };
  const { disabled } = before;
  for (const action of rightsChanges({ disabled, ...facts.before }, { disabled, ...facts.after }))
    await audit.record(tx, { ...entry, action, requestId: from.requestId });
  return grants.length === 0 ? noGroup() : ((await store.findUser(tx, before.id)) ?? before);
}

async function makeUser(
  tx: Tx,
  { proved, grants, from, audit, now }: Omit<Following, "before"> & { now: Date },
): Promise<store.UserRow | Problem> {
  const { provider, subject } = proved;
  if (!provider.create_users) return notLinked(provider.name);
  if (grants.length === 0) return noGroup();
  const name = checkName(proved.name);
  await heldGrants(tx, grants);
  const row = {
    id: newId("usr", now.getTime()),
    name,
    name_key: foldName(name),
    grants,
    password_hash: null,
    created_at: now,
    updated_at: now,
  };
  const user = await store.insertUser(tx, row);
  if (!user) return nameTaken(name, provider.name);
  await links.insertIdentity(tx, linkOf(proved, { userId: user.id, managesGrants: true, now }));
  const facts = { subject: `user:${name}`, after: { grants, provider: provider.id, subject } };
  await audit.record(tx, {
    actor: `system:provider:${provider.id}`,
    action: "identity.user.create",
    ...facts,
    requestId: from.requestId,
  });
  return user;
}

function createLinks(parts: Parts) {
  const { db, audit, clock } = parts;

  /** The signed-in person links themselves to whom the provider proved. @throws Problem `identity_link_taken` */
  async function linkSelf(proved: Proved, caller: Caller, requestId?: string): Promise<ExternalIdentity> {
    return inTransaction(db, (tx) =>
      insertLink(tx, {
        row: linkOf(proved, { userId: caller.userId, managesGrants: false, now: new Date(clock.now()) }),
        by: { actor: caller.actor, requestId },
        name: caller.name,
      }),
    );
  }

  async function linkUser(
    { id, provider, subject }: { id: string; provider: string; subject: string },
    by: Granter,
  ): Promise<ExternalIdentity> {
    return inTransaction(db, async (tx) => {
      const user = await mustHold(tx, id, by);
      const row = await enabledProvider(tx, provider);
      const proved = { provider: row, subject, name: user.name, groups: [] };
      return insertLink(tx, {
        row: linkOf(proved, { userId: id, managesGrants: false, now: new Date(clock.now()) }),
        by: entryBy(by),
        name: user.name,
      });
    });
  }

  async function insertLink(
    tx: Tx,
    { row, by, name }: { row: links.IdentityRow; by: { actor: string; requestId?: string | undefined }; name: string },
  ) {
    if (!(await links.insertIdentity(tx, row))) throw linkTaken();
    const after = { provider: row.provider_id, subject: row.subject };
    await audit.record(tx, { ...by, action: "identity.link.create", subject: `user:${name}`, after });
    return identityOf(row);
  }

  return { linkSelf, linkUser };
}

function createUnlinks({ db, audit }: Parts) {
  async function unlinkUser({ id, provider }: { id: string; provider: string }, by: Granter): Promise<void> {
    await inTransaction(db, async (tx) => {
      const user = await mustHold(tx, id, by);
      const ended = (await links.deleteSessionsFrom(tx, { providerId: provider, userId: id })).length;
      if ((await links.deleteIdentities(tx, { providerId: provider, userId: id })) === 0) throw linkMissing(provider);
      const facts = { before: { provider }, after: { endedSessions: ended } };
      await audit.record(tx, { ...entryBy(by), action: "identity.link.remove", subject: `user:${user.name}`, ...facts });
    });
  }

  /** Not the last way in: neither who acts nor anybody who finds the session open may lock them out. @throws Problem `identity_link_last` */
  async function unlinkSelf(provider: string, caller: Caller, requestId?: string): Promise<void> {
    await inTransaction(db, async (tx) => {
      const user = await store.lockUser(tx, caller.userId);
      const others = (await links.identitiesOf(tx, caller.userId)).filter(({ provider_id: id }) => id !== provider);
      const passkeys = await passkeysOf(tx, caller.userId);
      if (user?.password_hash == null && others.length === 0 && passkeys.length === 0) throw lastWayIn();
      const ended = (await links.deleteSessionsFrom(tx, { providerId: provider, userId: caller.userId })).length;
      if ((await links.deleteIdentities(tx, { providerId: provider, userId: caller.userId })) === 0) throw linkMissing(provider);
      const facts = { before: { provider }, after: { endedSessions: ended } };
      const entry = { actor: caller.actor, action: "identity.link.remove", subject: caller.actor, requestId };
      await audit.record(tx, { ...entry, ...facts });
    });
  }

  async function listIdentities(userId: string): Promise<{ items: ExternalIdentity[] }> {
    return { items: (await links.identitiesOf(db, userId)).map(identityOf) };
  }

  return { unlinkUser, unlinkSelf, listIdentities };
}

/** The user, whose rights must not go beyond those of who acts. */
async function mustHold(tx: Tx, id: string, by: Granter): Promise<store.UserRow> {
  const user = await store.lockUser(tx, id);
  if (!user || user.kind !== "person")
    throw new Problem("identity_user_missing", { kind: "missing", say: `There is no person with the id "${id}".` });
  mustCover(by, ...user.grants);
  return user;
}

interface Following {
  audit: Parts["audit"];
  before: store.UserRow;
  grants: Grant[];
  proved: Proved;
  from: From;
}

function grantsFor({ provider, groups }: Proved): Grant[] {
  const mine = new Set(groups);
  return provider.group_grants.filter(({ group }) => mine.has(group)).map(naked);
}

const naked = ({ role, selector }: Grant): Grant => ({ role, ...(selector === undefined || selector === "" ? {} : { selector }) });
const isAdmin = ({ role, selector = "" }: Grant): boolean => role === "admin" && selector === "";

function sameGrants(a: readonly Grant[], b: readonly Grant[]): boolean {
  const written = (grants: readonly Grant[]) =>
    [...new Set(grants.map(({ role, selector = "" }) => `${role} ${selector}`))].sort().join("\n");
  return written(a) === written(b);
}

/** For people to read only, so nothing is refused for it. */
const shownName = (name: string): string => name.replaceAll("\0", "").slice(0, 200);

function linkOf(proved: Proved, { userId, managesGrants, now }: { userId: string; managesGrants: boolean; now: Date }): links.IdentityRow {
  const whose = { provider_id: proved.provider.id, subject: proved.subject, name: shownName(proved.name) };
  return { ...whose, user_id: userId, manages_grants: managesGrants, created_at: now, last_seen_at: null };
}

function identityOf(row: links.IdentityRow): ExternalIdentity {
  const { provider_id: provider, subject, name, created_at: at, last_seen_at: seen } = row;
  return { provider, subject, name, createdAt: at.toISOString(), ...(seen === null ? {} : { lastSeenAt: seen.toISOString() }) };
}

function notLinked(provider: string): Problem {
  return new Problem("identity_not_linked", {
    kind: "unauthenticated",
    say: `Nobody here is linked to who you are at ${provider}; sign in as yourself and link it, or ask an administrator.`,
  });
}

function noGroup(): Problem {
  return new Problem("identity_no_group", {
    kind: "unauthenticated",
    say: "None of your groups may do anything here; ask an administrator.",
  });
}

function nameTaken(name: string, provider: string): Problem {
  return new Problem("identity_name_taken", {
    kind: "conflict",
    say: `There is a user named "${name}" here already, who is not linked to ${provider}; if that is you, sign in as before and link it.`,
  });
}

function disabled(): Problem {
  return new Problem("identity_sign_in_refused", { kind: "unauthenticated", say: "You may not sign in here." });
}

function lastAdmin(name: string): Problem {
  return new Problem("identity_last_admin", {
    kind: "conflict",
    say: `"${name}" is the last administrator, and is in no group of administrators any more; make another one first.`,
  });
}

function linkTaken(): Problem {
  return new Problem("identity_link_taken", { kind: "conflict", say: "Who that is at the provider is linked already." });
}

function lastWayIn(): Problem {
  return new Problem("identity_link_last", {
    kind: "conflict",
    say: "That is your only way in; choose a password or add a passkey first.",
  });
}

function linkMissing(provider: string): Problem {
  return new Problem("identity_link_missing", { kind: "missing", say: `The user is not linked to "${provider}".` });
}
