/** Tokens and leases of the simulated Vault: lives with an end, renewals up to a longest life, revocation of all that hangs on a token. */
import { randomBytes } from "node:crypto";
import { denied, Refusal } from "./wire.ts";

export interface TokenWish {
  policies: string[];
  namespace: string;
  ttlS: number;
  maxTtlS?: number;
  renewable?: boolean;
}

export interface HeldToken extends Required<TokenWish> {
  id: string;
  accessor: string;
  issuedMs: number;
  /** Infinity: a root token. */
  endsMs: number;
}

export interface HeldLease {
  id: string;
  token: string;
  issuedMs: number;
  endsMs: number;
  lastMs: number;
  renewable: boolean;
  onEnd(): void;
}

export class Lives {
  readonly tokens = new Map<string, HeldToken>();
  readonly leases = new Map<string, HeldLease>();
  readonly now: () => number;
  constructor(now: () => number) {
    this.now = now;
  }

  make(wish: TokenWish): HeldToken {
    const now = this.now();
    const endless = wish.ttlS === 0;
    const token: HeldToken = {
      maxTtlS: 32 * 86_400,
      renewable: !endless,
      ...wish,
      id: `hvs.${randomBytes(18).toString("base64url")}`,
      accessor: randomBytes(12).toString("base64url"),
      issuedMs: now,
      endsMs: endless ? Infinity : now + wish.ttlS * 1000,
    };
    this.tokens.set(token.id, token);
    return token;
  }

  /** The token, if it lives. */
  find(id: string | undefined): HeldToken | undefined {
    this.sweep();
    return id === undefined ? undefined : this.tokens.get(id);
  }

  renewToken(token: HeldToken): number {
    if (!token.renewable) throw new Refusal(400, ["lease is not renewable"]);
    token.endsMs = Math.min(this.now() + token.ttlS * 1000, token.issuedMs + token.maxTtlS * 1000);
    return Math.floor((token.endsMs - this.now()) / 1000);
  }

  revokeToken(id: string): void {
    this.tokens.delete(id);
    for (const lease of this.leases.values()) if (lease.token === id) this.endLease(lease);
  }

  lease(parts: { path: string; token: string; ttlS: number; maxTtlS: number; onEnd(): void }): HeldLease {
    const now = this.now();
    const lease: HeldLease = {
      id: `${parts.path}/${randomBytes(18).toString("base64url")}`,
      token: parts.token,
      issuedMs: now,
      endsMs: now + parts.ttlS * 1000,
      lastMs: now + parts.maxTtlS * 1000,
      renewable: true,
      onEnd: () => parts.onEnd(),
    };
    this.leases.set(lease.id, lease);
    return lease;
  }

  renewLease(id: string, incrementS: number): number {
    this.sweep();
    const lease = this.leases.get(id);
    if (!lease) throw new Refusal(400, ["lease not found"]);
    lease.endsMs = Math.min(this.now() + incrementS * 1000, lease.lastMs);
    return Math.floor((lease.endsMs - this.now()) / 1000);
  }

  /** Of a lease that is not there, Vault makes no fault. */
  revokeLease(id: string): void {
    const lease = this.leases.get(id);
    if (lease) this.endLease(lease);
  }

  lookUpLease(id: string): HeldLease {
    this.sweep();
    const lease = this.leases.get(id);
    if (!lease) throw new Refusal(400, ["invalid lease"]);
    return lease;
  }

  private endLease(lease: HeldLease): void {
    this.leases.delete(lease.id);
    lease.onEnd();
  }

  private sweep(): void {
    const now = this.now();
    for (const token of this.tokens.values()) if (token.endsMs <= now) this.revokeToken(token.id);
    for (const lease of this.leases.values()) if (lease.endsMs <= now) this.endLease(lease);
  }
}

/** Path rules: `*` at the end, `+` for one segment; capabilities by rule. */
export type Policy = Record<string, readonly Capability[]>;
export type Capability = "create" | "read" | "update" | "delete" | "list" | "deny";

/** What every token may, of Vault's own policy `default`. */
export const defaultPolicy: Policy = {
  "auth/token/lookup-self": ["read"],
  "auth/token/renew-self": ["update"],
  "auth/token/revoke-self": ["update"],
  "sys/leases/renew": ["update"],
  "sys/leases/lookup": ["update"],
  "sys/wrapping/wrap": ["update"],
  "sys/wrapping/lookup": ["update"],
  "sys/wrapping/unwrap": ["update"],
};

const capabilityOf: Record<string, Capability> = { GET: "read", LIST: "list", POST: "update", PUT: "update", DELETE: "delete" };

/** @throws Refusal 403 */
export function mustBeAllowed(method: string, path: string, policies: Policy[]): void {
  const rules = policies.flatMap((policy) => Object.entries(policy)).filter(([rule]) => matches(rule, path));
  // The longest rule counts, as Vault's documents on policies say.
  const best = rules.sort(([left], [right]) => right.length - left.length)[0]?.[1] ?? [];
  const wanted = capabilityOf[method];
  const may = wanted !== undefined && !best.includes("deny") && (best.includes(wanted) || (wanted === "update" && best.includes("create")));
  if (!may) throw denied();
}

function matches(rule: string, path: string): boolean {
  if (rule === path) return true;
  const pattern = rule
    .replaceAll(/[.?^${}()|[\]\\]/g, "\\$&")
    .replaceAll("+", "[^/]+")
    .replace(/\*$/, ".*");
  return new RegExp(`^${pattern}$`).test(path);
}

export function mayTouchMount(mount: string, policies: Policy[]): boolean {
  return policies.some((policy) =>
    Object.keys(policy).some((rule) => rule.startsWith(`${mount}/`) || rule === "*" || `${mount}/`.startsWith(rule.replace(/\*$/, ""))),
  );
}
