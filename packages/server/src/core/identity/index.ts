/**
 * Who calls, and what they may do: users with a role each, the first administrator by a one-time token, sessions for people,
 * API keys for programs. What is kept of a token, key or password proves it and does not give it away.
 */
import type { Grant, Permission, RoleSummary, User } from "@holdfast/contract";
import { Problem, systemClock, type Clock, type Labels } from "@holdfast/kit";
import type { Audit, By } from "#core/audit";
import { inTransaction, type Db } from "#platform/db";
import { createEgress, type Egress } from "#platform/egress";
import type { Credentials, Principal } from "#platform/http/request";
import type { LiveSource } from "#platform/live";
import type { Log } from "#platform/log";
import type { Mail } from "#platform/mail";
import type { Metrics } from "#platform/metrics";
import type { NewApiKey } from "./api-keys.ts";
import { createAuthenticate, ours, type Caller } from "./authenticate.ts";
import type { SignInAnswer } from "./challenges.ts";
import type { Parts, Sealing } from "./deps.ts";
import { createFederation, type FederationActs } from "./federation.ts";
import { forgetting } from "./forgetting.ts";
import { createFactorActs, sweepFactors, type FactorActs } from "./factor-acts.ts";
import { createMachines, type MachineAuthority, type Machines } from "./machines.ts";
import { siteOf } from "./passkeys.ts";
import { defaultRules, wordsOfHost, type PasswordRules } from "./password-rules.ts";
import { createPasswords, type Passwords } from "./passwords.ts";
import { createPeopleActs, type PeopleActs } from "./people-acts.ts";
import { sessionTimes, type From, type SessionTimes, type SignedIn } from "./sessions.ts";
import { createRoles, type Granter, type NewRole, type RoleChange } from "./roles.ts";
import { createSessionActs, type SessionActs } from "./session-acts.ts";
import { createSessionCache } from "./session-cache.ts";
import { createSetup, type SetupRequest } from "./setup.ts";
import { createSignIn } from "./sign-in.ts";
import { createSignInLinks } from "./sign-in-links.ts";
import { sweepMachineTokens } from "./store-machines.ts";
import { sweepOnce } from "./store-providers.ts";
import { countActiveUsers, deleteSession, findUser, sweepEnded } from "./store.ts";
import { createTokens, type TokenActs, type TokenSettings } from "./token-acts.ts";
import { createUsers, type NewUser, type UserChange } from "./users.ts";
import { meOf, type ApiKey, type Me } from "./view.ts";

export { createPersonKeeper } from "./person-keeper.ts";
export { createIdentityRoutes, createRoleRoutes } from "./routes.ts";
export { createFactorRoutes, createPeopleRoutes } from "./routes-factors.ts";
export { createFederationRoutes, createLogoutRoute } from "./routes-federation.ts";
export { createSamlRoutes } from "./routes-saml.ts";
export { createOAuthRoutes } from "./oauth.ts";
export { createServiceAccountRoutes, createSessionRoutes, createTokenRoutes } from "./routes-tokens.ts";
export { sessionCookie, type Caller } from "./authenticate.ts";
export { accessOf, type Access, type Reach } from "./permissions.ts";
export type { NewApiKey } from "./api-keys.ts";
export type { Challenged, SignInAnswer } from "./challenges.ts";
export type { PasswordProfile } from "./password-rules.ts";
export type { From, SessionTimes, SignedIn } from "./sessions.ts";
export type { Granter, NewRole, RoleChange } from "./roles.ts";
export type { SetupRequest } from "./setup.ts";
export type { NewUser, UserChange } from "./users.ts";
export type { TokenSettings } from "./token-acts.ts";
export type { ApiKey, Me } from "./view.ts";

export interface Identity extends SessionActs, TokenActs, FactorActs, PeopleActs, FederationActs, Machines {
  /** Finds the caller. Undefined: no credentials, or a session that ended. @throws Problem `unauthenticated` for an Authorization header that does not count */
  authenticate(credentials: Pick<Credentials, "headers" | "cookies" | "spiffeId" | "passive">): Promise<Caller | undefined>;
  me(caller: Principal): Promise<Me>;

  /** Whether there is no administrator yet. */
  setupNeeded(): Promise<boolean>;
  /** A one-time token for the first administrator, good for 24 hours, to be shown on the console of the process; undefined when there is one. */
  setupToken(): Promise<string | undefined>;
  /** @throws Problem `identity_setup_refused`, `identity_setup_done`, `identity_name_invalid`, `identity_name_taken`, `identity_busy` */
  redeemSetup(request: SetupRequest, from: From): Promise<SignedIn>;

  /** @throws Problem `identity_sign_in_refused` (unknown, wrong and disabled alike), `identity_too_many_tries` with `facts.retryAfterS`, `identity_busy` */
  signIn(request: { name: string; password: string }, from: From): Promise<SignInAnswer>;
  /** A one-time link's token, good for 15 minutes; the address is `<console>/link#token=<token>`, so that no log sees it. @throws Problem `identity_user_missing` */
  createSignInLink(userName: string, by: By): Promise<{ token: string; expiresAt: Date }>;
  /** @throws Problem `identity_link_refused` */
  redeemLink(token: string, from: From): Promise<SignInAnswer>;
  /** Ends the session that the caller came with. @throws Problem `identity_no_session` for an API key */
  signOut(caller: Principal, requestId?: string): Promise<void>;

  listUsers(page: { cursor?: string | undefined; limit?: number | undefined }): Promise<{ items: User[]; next?: string }>;
  /** @throws Problem `identity_name_invalid`, `identity_name_taken`, `identity_role_unknown`, `identity_grant_beyond`, `selector_invalid`, `identity_busy` */
  createUser(user: NewUser, by: Granter): Promise<User>;
  /** Disabling ends the user's sessions at once. @throws Problem `identity_user_missing`, `identity_last_admin`, `identity_role_unknown`, `identity_grant_beyond`, 412 when `etag` moved */
  updateUser(change: UserChange, by: Granter): Promise<User>;

  listRoles(): Promise<{ items: RoleSummary[] }>;
  /** @throws Problem `identity_role_taken`, `identity_grant_beyond` */
  createRole(role: NewRole, by: Granter): Promise<RoleSummary>;
  /** @throws Problem `identity_role_missing`, `identity_role_built_in`, `identity_grant_beyond`, 412 when `etag` moved */
  updateRole(change: RoleChange, by: Granter): Promise<RoleSummary>;
  /** @throws Problem `identity_role_missing`, `identity_role_built_in`, `identity_role_in_use`, 412 when `etag` moved */
  removeRole(role: { id: string; etag: string }, by: By): Promise<void>;
  /** What somebody with these grants may do, and to something with these labels. @throws Problem `identity_role_unknown`, `selector_invalid` */
  previewGrants(grants: readonly Grant[], labels?: Labels): Promise<{ items: GrantPreview[] }>;

  /** The caller's keys that still work. */
  listKeys(caller: Pick<Principal, "userId">): Promise<{ items: ApiKey[] }>;
  /** `key` is shown this once. @throws Problem `identity_scopes_beyond`, `identity_session_needed`, `identity_too_many_keys` */
  createKey(wanted: NewApiKey, caller: Principal, requestId?: string): Promise<ApiKey & { key: string }>;
  /** @throws Problem `identity_key_missing`, `identity_session_needed` */
  revokeKey(id: string, caller: Principal, requestId?: string): Promise<void>;

  /**
   * Keeps what was found of callers for five seconds at most, and hears at once whose rights have changed, until the signal aborts.
   * Before it, and whenever nothing is heard, each request is looked up.
   */
  follow(source: LiveSource, parts: { signal: AbortSignal; log: Log }): Promise<void>;

  /** Removes sessions, links, tokens and counters that have ended; how many rows. For a job, every hour or so. */
  sweep(): Promise<number>;
}

export interface GrantPreview {
  permission: Permission;
  /** Where it counts; empty: everywhere. */
  selectors: string[];
  allowed?: boolean;
}

interface IdentityDeps {
  db: Db;
  audit: Audit;
  secrets: Sealing;
  clock?: Clock;
  metrics?: Pick<Metrics, "counter" | "gauge">;
  times?: SessionTimes;
  passwords?: Passwords;
  tokens?: TokenSettings;
  /** What passwords must be, and the words of this place; the host's name is added. */
  rules?: Partial<PasswordRules>;
  /** Where people reach us, e.g. `https://holdfast.example.net`: passkeys and links belong to it. */
  publicUrl?: string | undefined;
  mail?: Mail | undefined;
  /** What certifies machines of service accounts; none are unless told. */
  authority?: MachineAuthority | undefined;
  /** The way out to identity providers; to public addresses alone unless told. */
  egress?: Egress | undefined;
}

const dayMs = 86_400_000;

export function createIdentity(deps: IdentityDeps): Identity {
  const { db, audit, secrets, clock = systemClock, times = sessionTimes } = deps;
  const { publicUrl, mail } = deps;
  const rules = { ...defaultRules, ...deps.rules, words: [...(deps.rules?.words ?? []), ...wordsOfHost(publicUrl)] };
  const means = { passwords: deps.passwords ?? createPasswords(), rules, site: siteOf(publicUrl), mail, publicUrl };
  const egress = deps.egress ?? createEgress();
  const parts: Parts = { db, audit, secrets, clock, times, ...means, egress, counted: countTries(deps) };
  const cache = createSessionCache();
  const tokens = createTokens(parts, deps.tokens);
  const { keys } = tokens;

  return forgetting(cache, {
    follow: (source, { signal, log }) => cache.follow(source, { signal, log, onChange: tokens.signing.changed }),
    authenticate: createAuthenticate({ ...parts, cache, accessTokens: tokens.accessTokens }),
    ...tokens.acts,
    ...createSessionActs(parts),
    ...createSetup(parts),
    ...createSignIn(parts),
    ...createSignInLinks(parts),
    ...createUsers(parts),
    ...createRoles(parts),
    ...createFactorActs(parts),
    ...createPeopleActs(parts),
    ...createFederation(parts),
    ...createMachines({ ...parts, authority: deps.authority }),
    listKeys: keys.listKeys,
    createKey: (wanted, caller, requestId) => keys.createKey(wanted, ours(caller), requestId),
    revokeKey: (id, caller, requestId) => keys.revokeKey(id, ours(caller), requestId),

    async me(caller) {
      const user = await findUser(db, caller.userId);
      if (!user) throw new Problem("identity_user_missing", { kind: "missing", say: "Your user is gone." });
      return meOf(user, { via: caller.via, must: caller.must, access: caller.access });
    },

    async signOut(caller, requestId) {
      const { via, credentialId, actor } = ours(caller);
      if (via === "api_key" || via === "certificate") throw noSession();
      await inTransaction(db, async (tx) => {
        if (!(await deleteSession(tx, credentialId))) return;
        await audit.record(tx, { actor, action: "identity.session.end", subject: `session:${credentialId}`, requestId });
      });
    },

    async sweep() {
      const nowMs = clock.now();
      const rows =
        (await tokens.sweep()) +
        (await tokens.signing.sweep()) +
        (await sweepFactors(db, new Date(nowMs))) +
        (await sweepOnce(db, new Date(nowMs))) +
        (await sweepMachineTokens(db, new Date(nowMs)));
      return (
        rows +
        (await sweepEnded(db, { now: new Date(nowMs), idleSince: new Date(nowMs - times.idleMs), triesSince: new Date(nowMs - dayMs) }))
      );
    },
  });
}

/** The metrics that the source systems name. */
function countTries({ db, metrics, clock = systemClock }: IdentityDeps): Parts["counted"] {
  const tried = metrics?.counter({ name: "auth_login_attempts_total", help: "Tries to sign in" });
  const failed = metrics?.counter({ name: "auth_login_failures_total", help: "Tries to sign in that were refused" });
  metrics?.gauge({
    name: "active_users_total",
    help: "Users seen in the last 15 minutes",
    read: async (gauge) => gauge.set(await countActiveUsers(db, new Date(clock.now() - 15 * 60_000))),
  });
  return (outcome) => (outcome === "tried" ? tried : failed)?.inc();
}

function noSession(): Problem {
  return new Problem("identity_no_session", {
    kind: "invalid",
    say: "You came with an API key, which has no session to end; revoke the key instead.",
  });
}
