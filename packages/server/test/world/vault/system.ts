/** `sys/*` and `auth/*` of the simulated Vault. API documents: `system/*`, `auth/token`, `auth/approle`, `auth/kubernetes`. */
import { randomBytes, randomUUID } from "node:crypto";
import type { HeldToken, Lives } from "./tokens.ts";
import { denied, noRoute, nothing, Refusal, seconds, text, type VaultParts, type VaultRequest } from "./wire.ts";

export interface Role {
  policies: string[];
  ttlS: number;
  maxTtlS: number;
}

export interface SimulatedAuth {
  /** AppRole: by role name. */
  appRoles: Map<string, Role & { roleId: string; secretIds: Set<string> }>;
  /** Kubernetes: by role name, with the service-account tokens that count. */
  kubernetes: Map<string, Role & { jwts: Set<string> }>;
}

/** What a single-use token holds. */
export interface Wrapped {
  answer: Record<string, unknown>;
  creationPath: string;
  createdMs: number;
  ttlS: number;
}

export function tokenAct({ path }: VaultRequest, token: HeldToken, lives: Lives): VaultParts {
  if (path === "auth/token/lookup-self") {
    const ttl = token.endsMs === Infinity ? 0 : Math.floor((token.endsMs - lives.now()) / 1000);
    return {
      data: {
        accessor: token.accessor,
        id: token.id,
        policies: token.policies,
        ttl,
        renewable: token.renewable,
        path: "auth/token/create",
      },
    };
  }
  if (path === "auth/token/renew-self") return { auth: authOf(token, lives.renewToken(token)) };
  if (path === "auth/token/revoke-self") {
    lives.revokeToken(token.id);
    return { status: 204 };
  }
  throw noRoute(path);
}

/** Signing in needs no token. Undefined: the path is none of these. */
export function signIn({ path, body, namespace }: VaultRequest, auth: SimulatedAuth, lives: Lives): VaultParts | undefined {
  if (path === "auth/approle/login") {
    const role = [...auth.appRoles.values()].find(({ roleId }) => roleId === text(body, "role_id"));
    if (!role) throw new Refusal(400, ["invalid role or secret ID"]);
    if (!role.secretIds.has(text(body, "secret_id"))) throw new Refusal(400, ["invalid role or secret ID"]);
    return signedIn(role, namespace, lives);
  }
  if (path === "auth/kubernetes/login") {
    const role = auth.kubernetes.get(text(body, "role"));
    if (!role) throw new Refusal(400, [`invalid role name "${text(body, "role")}"`]);
    if (!role.jwts.has(text(body, "jwt"))) throw denied();
    return signedIn(role, namespace, lives);
  }
  return undefined;
}

function signedIn({ policies, ttlS, maxTtlS }: Role, namespace: string, lives: Lives): VaultParts {
  const token = lives.make({ policies: ["default", ...policies], ttlS, maxTtlS, namespace });
  return { auth: authOf(token, ttlS) };
}

function authOf(token: HeldToken, ttlS: number): NonNullable<VaultParts["auth"]> {
  return { client_token: token.id, accessor: token.accessor, policies: token.policies, lease_duration: ttlS, renewable: token.renewable };
}

/** Who administers an AppRole asks for a new secret id. */
export function newSecretId({ path }: VaultRequest, auth: SimulatedAuth): VaultParts {
  const role = auth.appRoles.get(/^auth\/approle\/role\/([^/]+)\/secret-id$/.exec(path)?.[1] ?? "");
  if (!role) throw nothing();
  const secretId = randomUUID();
  role.secretIds.add(secretId);
  return { data: { secret_id: secretId, secret_id_accessor: randomUUID(), secret_id_ttl: 0 } };
}

export function leaseAct({ path, body }: VaultRequest, lives: Lives): VaultParts {
  const id = text(body, "lease_id");
  if (path === "sys/leases/renew") {
    const ttlS = lives.renewLease(id, seconds(body["increment"]) ?? 3600);
    return { lease: { id, ttlS, renewable: true } };
  }
  if (path === "sys/leases/revoke") {
    lives.revokeLease(id);
    return { status: 204 };
  }
  if (path !== "sys/leases/lookup") throw noRoute(path);
  const { issuedMs, endsMs, renewable } = lives.lookUpLease(id);
  const ttl = Math.floor((endsMs - lives.now()) / 1000);
  return { data: { id, issue_time: new Date(issuedMs).toISOString(), expire_time: new Date(endsMs).toISOString(), renewable, ttl } };
}

export function createWrapper(now: () => number) {
  const held = new Map<string, Wrapped>();
  const alive = (token: string): Wrapped => {
    const found = held.get(token);
    if (!found || found.createdMs + found.ttlS * 1000 <= now()) throw new Refusal(400, ["wrapping token is not valid or does not exist"]);
    return found;
  };
  return {
    wrap(answer: Record<string, unknown>, creationPath: string, ttlS: number): Record<string, unknown> {
      const token = `hvs.${randomBytes(24).toString("base64url")}`;
      held.set(token, { answer, creationPath, createdMs: now(), ttlS });
      const info = { token, accessor: randomUUID(), ttl: ttlS, creation_time: new Date(now()).toISOString(), creation_path: creationPath };
      return { request_id: "", lease_id: "", lease_duration: 0, renewable: false, data: null, warnings: null, wrap_info: info };
    },
    lookUp(token: string): VaultParts {
      const { creationPath, createdMs, ttlS } = alive(token);
      return { data: { creation_path: creationPath, creation_time: new Date(createdMs).toISOString(), creation_ttl: ttlS } };
    },
    unwrap(token: string): VaultParts {
      const { answer } = alive(token);
      held.delete(token);
      return { bare: answer };
    },
  };
}
