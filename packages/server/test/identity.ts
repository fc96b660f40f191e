/** Identity on a database of its own, with the clock in hand and the acts that its tests repeat. */
import type { BuiltInRole } from "@holdfast/contract";
import { createAudit } from "#core/audit";
import { createIdentity, sessionCookie, type Caller, type SignedIn, type SignInAnswer } from "#core/identity";
import { createMetrics } from "#platform/metrics";
import { expect } from "vitest";
import { testDatabase } from "./database.ts";
import { testSecrets } from "./secrets.ts";

export const password = "correct horse battery";
export const from = { address: "192.0.2.7", userAgent: "test", requestId: "req_1" };
/** Who makes users in tests. */
export const root = { actor: "system:test", access: "unlimited" } as const;

export type IdentityWorld = Awaited<ReturnType<typeof identityWorld>>;

/** What a test's identity is given beside the usual. */
type Given = Pick<Parameters<typeof createIdentity>[0], "egress" | "publicUrl">;

export async function identityWorld(given: Given = {}) {
  const database = await testDatabase();
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = { now: () => nowMs, sleep: () => Promise.resolve() };
  const audit = createAudit({ db: database.db, clock });
  const secrets = await testSecrets({ db: database.db, audit, clock });
  const metrics = createMetrics();
  const identity = createIdentity({ db: database.db, audit, secrets, clock, metrics, tokens: { apiKeysPerHour: 1000 }, ...given });
  const withCookie = (token: string) => identity.authenticate({ headers: {}, cookies: { [sessionCookie]: token } });
  return {
    database,
    db: database.db,
    audit,
    secrets,
    identity,
    metrics,
    clock,
    later: (ms: number) => void (nowMs += ms),
    /** No users, tokens or counts. */
    empty: () => database.pool.query("delete from identity.user; delete from identity.setup_token; delete from identity.attempt"),
    make: (name: string, role: BuiltInRole = "admin") => identity.createUser({ name, grants: [{ role }], password }, root),
    /** Of somebody without a second factor. */
    signIn: async (name = "ada", secret = password, address = from.address) =>
      opened(await identity.signIn({ name, password: secret }, { ...from, address })),
    withCookie,
    withKey: (key: string) => identity.authenticate({ headers: { authorization: `Bearer ${key}` }, cookies: {} }),
    async callerWith(token: string): Promise<Caller> {
      const caller = await withCookie(token);
      expect(caller).toBeDefined();
      return caller as Caller;
    },
    lastEntries: async (count: number) => (await audit.list({ limit: count })).items,
  };
}

/** The session of an answer that asks for nothing more. */
export function opened(answer: SignInAnswer): SignedIn {
  if ("challenge" in answer) throw new Error("a second factor is asked for");
  return answer;
}

/** How many of several tries at one moment succeeded. */
export function won(results: PromiseSettledResult<unknown>[]): number {
  return results.filter(({ status }) => status === "fulfilled").length;
}
