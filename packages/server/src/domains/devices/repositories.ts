/** Repositories of intent: connected, fetched, read. What their inventory names becomes part of the inventory here. */
import type { Repository, RepositoryPatch, Revision } from "@holdfast/contract";
import { isProblem, mergePatch, newId, Problem, type Clock } from "@holdfast/kit";
import { inTransaction, isUniqueViolation, type Db } from "#platform/db";
import { publish } from "#platform/events";
import type { Git, Mirror } from "#platform/git";
import { preconditionFailed, versionOf } from "#platform/http";
import type { Log } from "#platform/log";
import { entryBy, reachOf, type Asker, type Permitted } from "#platform/reach";
import type { Audit } from "#core/audit";
import type { Findings } from "#core/findings";
import type { Secrets } from "#core/secrets";
import { bastionsFirst } from "./exchange.ts";
import { intentGlobs, readIntent, type Intent } from "./intent.ts";
import type { Inventory } from "./inventory.ts";
import {
  deleteRepository,
  findRepository,
  insertRepository,
  listRepositories,
  recordFetch,
  repositoriesUsing,
  updateRepository,
  type RepositoryRow,
} from "./store-repositories.ts";

export interface RepositoryDeps {
  db: Db;
  log: Log;
  clock: Clock;
  audit: Audit;
  secrets: Secrets;
  findings: Findings;
  git: Git;
  inventory: Inventory;
}

/** Changing what a repository is needs `repositories:write`, everywhere: the route has seen to that. */
const writer: Permitted = { access: "unlimited" };

export interface RepositorySpec {
  name: string;
  url: string;
  branch: string;
  secret?: string | undefined;
  pollMs: number;
}

export interface ReadRevision {
  repository: RepositoryRow;
  commit: string;
  subject: string;
  intent: Intent;
}

export interface Repositories {
  /** Who may read repositories for some labels only sees those whose inventory brought a device with such labels. */
  list(page: { after?: string | undefined; limit: number }, asker: Permitted): Promise<Repository[]>;
  /** @throws Problem `repositories_missing` */
  get(idOrName: string, asker: Permitted): Promise<Repository>;
  /** Connects and fetches at once; a repository that cannot be fetched is kept and says why. @throws Problem `repositories_name_taken`, `git_url_invalid` */
  create(spec: RepositorySpec, asker: Asker): Promise<Repository>;
  update(change: { id: string; etag: string; spec: RepositoryPatch }, asker: Asker): Promise<Repository>;
  remove(which: { id: string; etag: string }, asker: Asker): Promise<void>;
  /** Fetches; takes over the inventory when the head moved. Never throws for what is wrong with the repository: it is kept in `problem`. */
  sync(idOrName: string, asker: Asker): Promise<Repository>;
  revisions(idOrName: string, page: { skip: number; limit: number }, asker: Permitted): Promise<Revision[]>;
  /** The intent at a revision; at the followed branch's head unless told. @throws Problem `git_*`, `repositories_never_fetched` */
  intent(wanted: { repository: string; revision?: string | undefined }, asker: Permitted): Promise<ReadRevision>;
  /** Those whose poll is due. */
  due(): Promise<RepositoryRow[]>;
}

export function createRepositories(deps: RepositoryDeps): Repositories {
  const { db } = deps;
  deps.secrets.addUse(async (tx, name) => (await repositoriesUsing(tx, name)).map((repository) => `repository ${repository}`));
  const row = async (idOrName: string, asker: Permitted): Promise<RepositoryRow> => {
    const found = await findRepository(db, idOrName, reachOf(asker, "repositories:read"));
    if (found) return found;
    throw new Problem("repositories_missing", { kind: "missing", say: `There is no repository ${idOrName}.` });
  };
  const get = async (id: string, asker: Permitted): Promise<Repository> => repositoryView(await row(id, asker));
  const sync = async (id: string, asker: Asker): Promise<Repository> => {
    await fetchNow(deps, await row(id, asker), asker);
    return get(id, asker);
  };
  return {
    get,
    sync,
    list: async (page, asker) => {
      const reach = reachOf(asker, "repositories:read");
      return (await listRepositories(db, { ...page, reach })).map(repositoryView);
    },
    async create(spec, asker) {
      deps.git.checkUrl(spec.url);
      const id = await taken(spec.name, () => add(deps, spec, asker));
      // Who may connect one sees what came of it, also without the right to read.
      return sync(id, { ...asker, access: "unlimited" });
    },
    async update({ id, etag, spec }, asker) {
      const now = await row(id, writer);
      const next = mergePatch(specOf(now), spec);
      deps.git.checkUrl(next.url);
      await taken(next.name, () => change(deps, { now, next, version: versionOf(etag) }, asker));
      return get(now.id, writer);
    },
    async remove({ id, etag }, asker) {
      const now = await row(id, writer);
      await inTransaction(db, async (tx) => {
        if (!(await deleteRepository(tx, now.id, versionOf(etag)))) throw preconditionFailed(`repository ${now.name}`);
        await deps.audit.record(tx, {
          ...entryBy(asker),
          action: "devices.repository.delete",
          subject: `repository:${now.id}`,
          before: specOf(now),
        });
        await deps.findings.reconcile(tx, "devices.repository", `repository:${now.id}`, []);
        await publish(tx, { type: "devices.repository.removed", subject: `repository:${now.id}`, payload: { name: now.name } });
      });
      await deps.git.forget(now.id);
    },
    async revisions(id, { skip, limit }, asker) {
      const found = await row(id, asker);
      if (found.head === null) return [];
      return (await mirrorOf(deps, found)).log(found.head, { skip, limit });
    },
    intent: async ({ repository, revision }, asker) => readRevision(deps, await row(repository, asker), revision),
    async due() {
      const all = await listRepositories(db, { limit: 10_000, reach: "everywhere" });
      return all.filter((one) => one.fetched_at === null || one.fetched_at.getTime() + one.poll_ms <= deps.clock.now());
    },
  };
}

async function readRevision(deps: RepositoryDeps, repository: RepositoryRow, revision: string | undefined): Promise<ReadRevision> {
  const wanted = revision ?? repository.head;
  if (wanted === null) {
    const say = `${repository.name} was never fetched: ${repository.problem ?? "synchronise it first"}`;
    throw new Problem("repositories_never_fetched", { kind: "not_ready", say });
  }
  const mirror = await mirrorOf(deps, repository);
  const commit = await mirror.resolve(wanted);
  const [newest] = await mirror.log(commit, { skip: 0, limit: 1 });
  const intent = readIntent(await mirror.files(commit, intentGlobs));
  return { repository, commit, subject: newest?.subject ?? commit.slice(0, 12), intent };
}

async function change(
  deps: RepositoryDeps,
  { now, next, version }: { now: RepositoryRow; next: RepositorySpec; version: number },
  asker: Asker,
): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    if (next.secret !== undefined) await deps.secrets.mustExist(tx, next.secret);
    const set = { name: next.name, url: next.url, branch: next.branch, secret: next.secret ?? null, poll_ms: next.pollMs };
    if (!(await updateRepository(tx, now.id, set, version))) throw preconditionFailed(`repository ${now.name}`);
    await deps.audit.record(tx, {
      ...entryBy(asker),
      action: "devices.repository.update",
      subject: `repository:${now.id}`,
      before: specOf(now),
      after: next,
    });
    await publish(tx, { type: "devices.repository.changed", subject: `repository:${now.id}`, payload: { name: next.name } });
  });
}

async function taken<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!isUniqueViolation(thrown)) throw thrown;
    throw new Problem("repositories_name_taken", { kind: "conflict", say: `There is a repository ${name} already.`, because: thrown });
  }
}

async function add(deps: RepositoryDeps, spec: RepositorySpec, asker: Asker): Promise<string> {
  const at = new Date(deps.clock.now());
  const id = newId<"repository">("rep", at.getTime());
  const nothing = { head: null, head_subject: null, head_author: null, head_at: null, fetched_at: null, ...noProblem };
  await inTransaction(deps.db, async (tx) => {
    if (spec.secret !== undefined) await deps.secrets.mustExist(tx, spec.secret);
    await insertRepository(tx, {
      ...nothing,
      id,
      name: spec.name,
      url: spec.url,
      branch: spec.branch,
      secret: spec.secret ?? null,
      poll_ms: spec.pollMs,
      created_at: at,
    });
    await deps.audit.record(tx, { ...entryBy(asker), action: "devices.repository.create", subject: `repository:${id}`, after: spec });
    await publish(tx, { type: "devices.repository.added", subject: `repository:${id}`, payload: { name: spec.name } });
  });
  return id;
}

async function mirrorOf(deps: RepositoryDeps, row: RepositoryRow): Promise<Mirror> {
  const { id, url, branch } = row;
  if (row.secret === null) return deps.git.openMirror({ id, url, branch });
  const credential = await deps.secrets.reveal(row.secret, { actor: "system:devices", purpose: `fetch repository ${row.name}` });
  if (credential.kind !== "git_https" && credential.kind !== "git_ssh") {
    throw new Problem("repositories_secret_kind", {
      kind: "invalid",
      say: `The secret ${row.secret} is for devices, not for Git; give ${row.name} another.`,
    });
  }
  return deps.git.openMirror({ id, url, branch, credential });
}

async function fetchNow(deps: RepositoryDeps, row: RepositoryRow, asker: Asker): Promise<void> {
  const fetchedAt = new Date(deps.clock.now());
  try {
    const mirror = await mirrorOf(deps, row);
    const { head, rewritten } = await mirror.fetch();
    if (head !== row.head) await takeOver(deps, row, { mirror, head, asker });
    await fetched(deps, row, { at: fetchedAt, asker, ...noProblem });
    await tellFindings(
      deps,
      row,
      rewritten ? `Its branch ${row.branch} was rewritten (force-pushed): ${row.head?.slice(0, 12)} is no longer part of it.` : undefined,
      "repository_rewritten",
    );
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    await fetched(deps, row, { at: fetchedAt, asker, problem: thrown.message, missing_secret: missingSecretOf(thrown) });
    await tellFindings(deps, row, thrown.message, "repository_unreadable");
  }
}

type Outcome = Pick<RepositoryRow, "problem" | "missing_secret">;
const noProblem: Outcome = { problem: null, missing_secret: null };

function missingSecretOf({ code, facts }: Problem): string | null {
  const { secret } = facts;
  return code === "secrets_secret_missing" && typeof secret === "string" ? secret : null;
}

/** Told when somebody asked, or when it works again or no more; a poll that finds what was there is no news. */
async function fetched(
  deps: RepositoryDeps,
  row: RepositoryRow,
  { at, asker, ...outcome }: { at: Date; asker: Asker } & Outcome,
): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    await recordFetch(tx, row.id, { fetched_at: at, ...outcome });
    if (asker.actor.startsWith("system:") && outcome.problem === row.problem) return;
    const payload = { name: row.name, ok: outcome.problem === null };
    await publish(tx, { type: "devices.repository.fetched", subject: `repository:${row.id}`, payload });
  });
}

async function takeOver(deps: RepositoryDeps, row: RepositoryRow, seen: { mirror: Mirror; head: string; asker: Asker }): Promise<void> {
  const [newest] = await seen.mirror.log(seen.head, { skip: 0, limit: 1 });
  const intent = readIntent(await seen.mirror.files(seen.head, intentGlobs));
  await inTransaction(deps.db, async (tx) => {
    // What Git says counts for the whole inventory, whoever asked that it be fetched.
    const by = { ...seen.asker, access: "unlimited" as const, repositoryId: row.id };
    for (const { spec } of bastionsFirst(intent.devices)) await deps.inventory.put(tx, spec, by);
    const set = {
      head: seen.head,
      head_subject: newest?.subject ?? null,
      head_author: newest?.author ?? null,
      head_at: newest ? new Date(newest.at) : null,
    };
    await recordFetch(tx, row.id, set);
    await publish(tx, {
      type: "devices.repository.moved",
      subject: `repository:${row.id}`,
      payload: { name: row.name, head: seen.head, subject: newest?.subject },
    });
  });
}

/** A rewritten branch stays a finding until the next fetch that goes forward. */
async function tellFindings(deps: RepositoryDeps, row: RepositoryRow, say: string | undefined, kind: string): Promise<void> {
  const subject = { subject: `repository:${row.id}`, subjectName: row.name, labels: {}, source: "devices.repository" };
  await inTransaction(deps.db, (tx) =>
    deps.findings.reconcile(
      tx,
      "devices.repository",
      `repository:${row.id}`,
      say === undefined
        ? []
        : [{ ...subject, kind, severity: "medium", title: `Repository ${row.name} needs a look`, detail: say, evidence: {} }],
    ),
  );
}

function specOf(row: RepositoryRow): RepositorySpec {
  return { name: row.name, url: row.url, branch: row.branch, pollMs: row.poll_ms, ...(row.secret === null ? {} : { secret: row.secret }) };
}

function repositoryView(row: RepositoryRow): Repository {
  return {
    ...specOf(row),
    id: row.id,
    createdAt: row.created_at.toISOString(),
    etag: String(row.version),
    ...(row.head === null ? {} : { head: row.head }),
    ...(row.head_subject === null ? {} : { headSubject: row.head_subject }),
    ...(row.head_author === null ? {} : { headAuthor: row.head_author }),
    ...(row.head_at === null ? {} : { headAt: row.head_at.toISOString() }),
    ...(row.fetched_at === null ? {} : { fetchedAt: row.fetched_at.toISOString() }),
    ...(row.problem === null ? {} : { problem: row.problem }),
    ...(row.missing_secret === null ? {} : { missingSecret: row.missing_secret }),
  };
}
