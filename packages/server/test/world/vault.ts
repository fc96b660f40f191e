/**
 * A server that speaks as much of the HTTP API of HashiCorp Vault and OpenBao as Holdfast uses, written from their published API documents: the
 * real ones could not be had where this was built. Tokens, policies, leases, wrapping, sealing and standby are carried out, not canned.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { randomBytes, randomUUID } from "node:crypto";
import { pki, ssh, type SimulatedPki } from "./vault/certificates.ts";
import { kvVersion1, kvVersion2, type Engine } from "./vault/kv.ts";
import { createWrapper, leaseAct, newSecretId, signIn, tokenAct, type Role, type SimulatedAuth } from "./vault/system.ts";
import { defaultPolicy, Lives, mayTouchMount, mustBeAllowed, type HeldToken, type Policy } from "./vault/tokens.ts";
import { transit } from "./vault/transit.ts";
import { denied, envelope, noRoute, Refusal, text, type VaultParts, type VaultRequest } from "./vault/wire.ts";

export type { Policy } from "./vault/tokens.ts";

/** How it is; what `sys/health` says of it, and what everything else does. */
export type Condition = "active" | "standby" | "performance_standby" | "dr_secondary" | "sealed" | "uninitialized" | "unreachable";

export interface SeenRequest {
  method: string;
  /** With its query. */
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  status: number;
}

export interface SimulatedVault {
  readonly address: string;
  readonly rootToken: string;
  /** All that was asked, oldest first. */
  readonly seen: SeenRequest[];
  condition: Condition;
  /** Where a standby that passes nothing on sends who asks. */
  activeAddress: string | undefined;
  /** The next requests get these statuses (0: the connection is cut before an answer), before anything is done. */
  readonly faults: number[];
  policies: Map<string, Policy>;
  lives: Lives;
  pki: SimulatedPki;
  sshCaLine: string;
  /** User names that exist in the simulated database. */
  readonly databaseUsers: Set<string>;
  token(wish: { policies: string[]; ttlS?: number; maxTtlS?: number; renewable?: boolean; namespace?: string }): string;
  appRole(name: string, role: Role): { roleId: string; secretId: string };
  kubernetesRole(name: string, role: Role): { jwt: string };
  /** As an operator at Vault's own command line would; @throws Refusal */
  operate(method: string, path: string, body?: Record<string, unknown>): Promise<VaultParts>;
  close(): Promise<void>;
}

export interface VaultWish {
  now?: () => number;
  /** PEM texts; plain HTTP without. */
  tls?: { key: string; cert: string };
  /** A namespace that has the same mounts as the root. */
  namespace?: string;
  /** Life of database credentials, in seconds. */
  databaseTtlS?: number;
  databaseMaxTtlS?: number;
}

const healthStatus: Record<Condition, number> = {
  active: 200,
  standby: 429,
  performance_standby: 473,
  dr_secondary: 472,
  sealed: 503,
  uninitialized: 501,
  unreachable: 0,
};

/** Mounts: `kv` (version 2), `secret` (version 1), `database`, `transit`, `pki`, `ssh`. */
export async function startVault(wish: VaultWish = {}): Promise<SimulatedVault> {
  const now = wish.now ?? Date.now;
  const lives = new Lives(now);
  const auth: SimulatedAuth = { appRoles: new Map(), kubernetes: new Map() };
  const made = { pki: await pki(now, ["example.net"]), ssh: ssh(now), users: new Set<string>() };
  const database = databaseEngine(lives, made.users, { ttlS: wish.databaseTtlS ?? 3600, maxTtlS: wish.databaseMaxTtlS ?? 86_400 });
  const spaces = new Map(
    ["", ...(wish.namespace === undefined ? [] : [wish.namespace])].map((name) => [name, mountsOf(now, database, made)]),
  );
  const root = lives.make({ policies: ["root"], ttlS: 0, namespace: "" });
  const state = { lives, auth, spaces, wrapper: createWrapper(now), policies: new Map([["default", defaultPolicy]]) };

  const vault = {
    condition: "active" as Condition,
    activeAddress: undefined as string | undefined,
    seen: [] as SeenRequest[],
    faults: [] as number[],
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => void serve({ request, response, vault, state });
  const server: Server = wish.tls ? createTlsServer(wish.tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return Object.assign(vault, {
    address: `${wish.tls ? "https" : "http"}://127.0.0.1:${port}`,
    rootToken: root.id,
    policies: state.policies,
    lives,
    pki: made.pki,
    sshCaLine: made.ssh.caLine,
    databaseUsers: made.users,
    token: ({ policies, ttlS = 3600, namespace = "", ...more }: Parameters<SimulatedVault["token"]>[0]) =>
      lives.make({ policies: ["default", ...policies], ttlS, namespace, ...more }).id,
    appRole(name: string, role: Role) {
      const parts = { roleId: randomUUID(), secretId: randomUUID() };
      auth.appRoles.set(name, { ...role, roleId: parts.roleId, secretIds: new Set([parts.secretId]) });
      return parts;
    },
    kubernetesRole(name: string, role: Role) {
      const jwt = `${randomBytes(12).toString("base64url")}.${randomBytes(24).toString("base64url")}.${randomBytes(24).toString("base64url")}`;
      auth.kubernetes.set(name, { ...role, jwts: new Set([jwt]) });
      return { jwt };
    },
    operate: async (method: string, path: string, body: Record<string, unknown> = {}) =>
      answer({ method, path, body, query: new URLSearchParams(), namespace: "", token: root.id, wrapForS: undefined }, state),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

interface State {
  lives: Lives;
  auth: SimulatedAuth;
  spaces: Map<string, Map<string, Mounted>>;
  wrapper: ReturnType<typeof createWrapper>;
  policies: Map<string, Policy>;
}

interface Mounted {
  type: string;
  options: Record<string, string> | null;
  engine: Engine;
}

function mountsOf(now: () => number, database: Engine, made: { pki: SimulatedPki; ssh: { engine: Engine } }): Map<string, Mounted> {
  return new Map<string, Mounted>([
    ["kv", { type: "kv", options: { version: "2" }, engine: kvVersion2(now) }],
    ["secret", { type: "kv", options: { version: "1" }, engine: kvVersion1() }],
    ["database", { type: "database", options: null, engine: database }],
    ["transit", { type: "transit", options: null, engine: transit() }],
    ["pki", { type: "pki", options: null, engine: made.pki.engine }],
    ["ssh", { type: "ssh", options: null, engine: made.ssh.engine }],
  ]);
}

/** Real user names with an end; `databaseUsers` says which exist. */
function databaseEngine(lives: Lives, users: Set<string>, life: { ttlS: number; maxTtlS: number }): Engine {
  return ({ method, token = "" }, rest) => {
    if (rest !== "creds/reader" || method !== "GET")
      throw rest.startsWith("creds/") ? new Refusal(400, [`unknown role: ${rest.slice(6)}`]) : noRoute(rest);
    const username = `v-approle-reader-${randomBytes(8).toString("hex")}`;
    users.add(username);
    const lease = lives.lease({ path: "database/creds/reader", token, ...life, onEnd: () => void users.delete(username) });
    return {
      data: { username, password: randomBytes(15).toString("base64url") },
      lease: { id: lease.id, ttlS: life.ttlS, renewable: true },
    };
  };
}

interface Serving {
  request: IncomingMessage;
  response: ServerResponse;
  vault: { condition: Condition; activeAddress: string | undefined; seen: SeenRequest[]; faults: number[] };
  state: State;
}

async function serve({ request, response, vault, state }: Serving): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const raw = Buffer.concat(chunks).toString("utf8");
  const { status, body, location } = await reply(request, raw, { vault, state });
  const url = request.url ?? "";
  vault.seen.push({ method: request.method ?? "", url, headers: request.headers, body: raw, status });
  if (status === 0) return void request.socket.destroy();
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...(location && { location }) });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

interface Sent {
  status: number;
  body?: unknown;
  location?: string;
}

async function reply(request: IncomingMessage, raw: string, { vault, state }: Pick<Serving, "vault" | "state">): Promise<Sent> {
  const url = new URL(request.url ?? "/", "http://vault");
  const path = url.pathname
    .replace(/^\/v1\//, "")
    .split("/")
    .map(decodeURIComponent)
    .join("/");
  const fault = vault.faults.shift();
  if (fault !== undefined)
    return { status: fault, body: { errors: fault === 429 ? ["request path rate limit quota exceeded"] : ["simulated"] } };
  if (vault.condition === "unreachable") return { status: 0 };
  if (path === "sys/health") return health(vault.condition);
  if (vault.condition === "sealed") return { status: 503, body: { errors: ["Vault is sealed"] } };
  if (vault.condition === "uninitialized") return { status: 501, body: { errors: ["Vault is not initialized"] } };
  if (vault.condition === "performance_standby" || vault.condition === "dr_secondary")
    return { status: healthStatus[vault.condition], body: { errors: [] } };
  if (vault.condition === "standby" && vault.activeAddress !== undefined)
    return { status: 307, location: `${vault.activeAddress}${request.url}` };
  try {
    const asked = readRequest(request, { path, query: url.searchParams, raw });
    return sent(asked, await answer(asked, state), state);
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    return { status: thrown.status, body: { errors: thrown.errors, ...(thrown.data === undefined ? {} : { data: thrown.data }) } };
  }
}

function sent({ path, wrapForS }: VaultRequest, parts: VaultParts, state: State): Sent {
  if (parts.bare !== undefined) return { status: parts.status ?? 200, body: parts.bare };
  if (wrapForS !== undefined) return { status: 200, body: state.wrapper.wrap(envelope(parts), path, wrapForS) };
  return parts.status === 204 ? { status: 204 } : { status: parts.status ?? 200, body: envelope(parts) };
}

function health(condition: Condition): Sent {
  const body = {
    initialized: condition !== "uninitialized",
    sealed: condition === "sealed",
    standby: condition === "standby",
    version: "0.0.0-simulated",
  };
  return { status: healthStatus[condition], body };
}

function readRequest(request: IncomingMessage, { path, query, raw }: { path: string; query: URLSearchParams; raw: string }): VaultRequest {
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return typeof value === "string" ? value : undefined;
  };
  const wrap = header("x-vault-wrap-ttl");
  return {
    method: query.get("list") === "true" ? "LIST" : (request.method ?? "GET"),
    path,
    query,
    body: raw === "" ? {} : (JSON.parse(raw) as Record<string, unknown>),
    namespace: (header("x-vault-namespace") ?? "").replace(/\/$/, ""),
    token: header("x-vault-token"),
    wrapForS: wrap === undefined ? undefined : Number.parseInt(wrap, 10),
  };
}

async function answer(request: VaultRequest, state: State): Promise<VaultParts> {
  const { path, token: given, namespace } = request;
  const { lives, auth, wrapper } = state;
  const mounts = state.spaces.get(namespace);
  if (!mounts) throw denied();
  const signedIn = signIn(request, auth, lives);
  if (signedIn) return signedIn;
  if (path === "sys/wrapping/lookup") return wrapper.lookUp(text(request.body, "token") || (given ?? ""));
  if (path === "sys/wrapping/unwrap") return wrapper.unwrap(text(request.body, "token") || (given ?? ""));
  const token = lives.find(given);
  if (!token || (token.namespace !== namespace && !token.policies.includes("root"))) throw denied();
  const policies = policiesOf(token, state);
  if (path.startsWith("sys/internal/ui/mounts/")) return mountInfo(path.slice(23), mounts, policies);
  mustBeAllowed(request.method, path, policies);
  if (path.startsWith("auth/token/")) return tokenAct(request, token, lives);
  if (path.startsWith("auth/approle/role/")) return newSecretId(request, auth);
  if (path.startsWith("sys/leases/")) return leaseAct(request, lives);
  const [name, mounted] = mountAt(path, mounts);
  return mounted.engine(request, path.slice(name.length + 1));
}

function policiesOf(token: HeldToken, { policies }: State): Policy[] {
  if (token.policies.includes("root")) return [{ "*": ["create", "read", "update", "delete", "list"] }];
  return token.policies.map((name) => policies.get(name) ?? {});
}

function mountAt(path: string, mounts: Map<string, Mounted>): [string, Mounted] {
  const found = [...mounts].find(([name]) => path === name || path.startsWith(`${name}/`));
  if (!found) throw noRoute(path);
  return found;
}

/** Vault tells of a mount whoever may do anything below it. */
function mountInfo(path: string, mounts: Map<string, Mounted>, policies: Policy[]): VaultParts {
  const found = [...mounts].find(([name]) => path === name || path.startsWith(`${name}/`));
  if (!found || !mayTouchMount(found[0], policies))
    throw new Refusal(403, [`preflight capability check returned 403, please ensure client's policies grant access to path "${path}/"`]);
  const [name, { type, options }] = found;
  return { data: { path: `${name}/`, type, options, uuid: "", accessor: `${type}_1`, local: false, seal_wrap: false } };
}
