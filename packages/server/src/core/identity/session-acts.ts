/** Looks at sessions and ends them: one's own, others', everybody's. */
import type { SessionSummary } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { By } from "#core/audit";
import { inTransaction, type Tx } from "#platform/db";
import type { Principal } from "#platform/http/request";
import type { Parts } from "./deps.ts";
import { entryBy, mustCover, type Granter } from "./roles.ts";
import { hasEnded } from "./sessions.ts";
import * as store from "./store.ts";
import * as tokens from "./store-tokens.ts";
import { deviceOf } from "./user-agent.ts";

/** What everybody lost. */
export interface AllRevoked {
  sessions: number;
  apiKeys: number;
  links: number;
}

export interface SessionActs {
  /** Newest first. */
  listSessions(caller: Pick<Principal, "userId" | "credentialId">): Promise<{ items: SessionSummary[] }>;
  /** @throws Problem `identity_session_missing` */
  revokeSession(id: string, caller: Principal, requestId?: string): Promise<void>;
  /** All of one's own but the one that the caller came with; how many. */
  revokeOtherSessions(caller: Principal, requestId?: string): Promise<number>;
  /** @throws Problem `identity_user_missing` */
  listSessionsOf(userId: string): Promise<{ items: SessionSummary[] }>;
  /** One session, or all of them; how many. @throws Problem `identity_user_missing`, `identity_session_missing`, `identity_grant_beyond` */
  revokeSessionsOf(which: { userId: string; session?: string }, by: Granter): Promise<number>;
  /**
   * Ends every session, sign-in link and device code of everybody, and every API key when told. `dryRun` only counts.
   * @throws Problem `identity_grant_beyond` for whoever is no administrator of everything
   */
  revokeAllTokens(wish: { apiKeys: boolean; dryRun: boolean; reason?: string | undefined }, by: Granter): Promise<AllRevoked>;
}

export function createSessionActs(parts: Parts): SessionActs {
  return { ...ownActs(parts), ...actsOnOthers(parts) };
}

async function summaries({ db, clock, times }: Parts, userId: string, current = ""): Promise<{ items: SessionSummary[] }> {
  const nowMs = clock.now();
  const rows = await tokens.sessionsOf(db, userId);
  return { items: rows.filter((row) => !hasEnded(row, { nowMs, times })).map((row) => summaryOf(row, current)) };
}

async function recordEnd({ audit }: Parts, tx: Tx, { by, ...row }: { id: string; user: string; by: By }): Promise<void> {
  await audit.record(tx, { ...entryBy(by), action: "identity.session.end", subject: `session:${row.id}`, before: { user: row.user } });
}

function ownActs(parts: Parts): Pick<SessionActs, "listSessions" | "revokeSession" | "revokeOtherSessions"> {
  const { db, audit } = parts;
  return {
    listSessions: ({ userId, credentialId }) => summaries(parts, userId, credentialId),

    async revokeSession(id, { userId, actor }, requestId) {
      await inTransaction(db, async (tx) => {
        if (!(await tokens.takeSession(tx, { id, userId }))) throw sessionMissing(id);
        await recordEnd(parts, tx, { id, user: actor, by: { actor, requestId } });
      });
    },

    async revokeOtherSessions({ userId, credentialId, actor }, requestId) {
      return inTransaction(db, async (tx) => {
        const ended = await tokens.deleteOtherSessions(tx, userId, credentialId);
        const facts = { subject: actor, after: { endedSessions: ended } };
        if (ended > 0) await audit.record(tx, { actor, requestId, action: "identity.session.end_others", ...facts });
        return ended;
      });
    },
  };
}

function actsOnOthers(parts: Parts): Pick<SessionActs, "listSessionsOf" | "revokeSessionsOf" | "revokeAllTokens"> {
  const { db, audit, clock } = parts;
  return {
    async listSessionsOf(userId) {
      if (!(await store.findUser(db, userId))) throw userMissing(userId);
      return summaries(parts, userId);
    },

    async revokeSessionsOf({ userId, session }, by) {
      return inTransaction(db, async (tx) => {
        const user = await store.lockUser(tx, userId);
        if (!user) throw userMissing(userId);
        // Otherwise an operator of one site could shut out an administrator.
        mustCover(by, ...user.grants);
        if (session !== undefined) {
          if (!(await tokens.takeSession(tx, { id: session, userId }))) throw sessionMissing(session);
          await recordEnd(parts, tx, { id: session, user: `user:${user.name}`, by });
          return 1;
        }
        const ended = await store.deleteSessionsOf(tx, userId);
        const facts = { subject: `user:${user.name}`, after: { endedSessions: ended } };
        await audit.record(tx, { ...entryBy(by), action: "identity.session.end_all", ...facts });
        return ended;
      });
    },

    async revokeAllTokens({ apiKeys, dryRun, reason }, by) {
      mustCover(by, { role: "admin", selector: "", permissions: null });
      const now = new Date(clock.now());
      return inTransaction(db, async (tx) => {
        if (dryRun) {
          const there = await tokens.countTokens(tx, now);
          return { sessions: there.sessions, apiKeys: apiKeys ? there.apiKeys : 0, links: there.links };
        }
        const ended = await tokens.deleteAllTokens(tx, { now, apiKeys });
        const after = { sessions: ended.sessions, keys: ended.apiKeys, links: ended.links };
        await audit.record(tx, { ...entryBy(by), action: "identity.token.revoke_all", subject: "token:all", after, reason });
        return ended;
      });
    },
  };
}

function summaryOf(row: tokens.SessionRow, current: string): SessionSummary {
  return {
    id: row.id,
    client: row.client,
    device: deviceOf(row.user_agent),
    methods: row.methods,
    ...(row.address === null ? {} : { address: row.address }),
    scopes: row.scopes,
    createdAt: row.created_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    current: row.id === current,
  };
}

function sessionMissing(id: string): Problem {
  return new Problem("identity_session_missing", { kind: "missing", say: `There is no session with the id "${id}"; it may have ended.` });
}

export function userMissing(id: string): Problem {
  return new Problem("identity_user_missing", { kind: "missing", say: `There is no user with the id "${id}".` });
}
