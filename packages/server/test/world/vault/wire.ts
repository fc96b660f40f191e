/** What goes over Vault's wire: requests, answers, refusals. */
import { randomUUID } from "node:crypto";

export interface VaultRequest {
  method: string;
  /** Below `/v1/`, decoded. */
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
  namespace: string;
  token: string | undefined;
  wrapForS: number | undefined;
}

export interface VaultParts {
  data?: unknown;
  auth?: { client_token: string; accessor: string; policies: string[]; lease_duration: number; renewable: boolean };
  lease?: { id: string; ttlS: number; renewable: boolean };
  warnings?: string[];
  /** In place of the envelope: `sys/health` and a few others answer without one. */
  bare?: unknown;
  status?: number;
}

/** A status of 400 or more, with Vault's own words. */
export class Refusal extends Error {
  readonly status: number;
  readonly errors: string[];
  readonly data: unknown;
  constructor(status: number, errors: string[] = [], data?: unknown) {
    super(`${status} ${errors.join(", ")}`);
    this.status = status;
    this.errors = errors;
    this.data = data;
  }
}

export const denied = (): Refusal => new Refusal(403, ["permission denied"]);
export const nothing = (data?: unknown): Refusal => new Refusal(404, [], data);
export const noRoute = (path: string): Refusal => new Refusal(404, [`no handler for route "${path}". route entry not found.`]);
export const unsupported = (): Refusal => new Refusal(405, ["unsupported operation"]);

/** The envelope around every answer. */
export function envelope({ data, auth, lease, warnings }: VaultParts): Record<string, unknown> {
  return {
    request_id: randomUUID(),
    lease_id: lease?.id ?? "",
    renewable: lease?.renewable ?? false,
    lease_duration: lease?.ttlS ?? 0,
    data: data ?? null,
    wrap_info: null,
    warnings: warnings ?? null,
    auth: auth ? { ...auth, token_policies: auth.policies, metadata: null, entity_id: "", token_type: "service", orphan: true } : null,
  };
}

/** A body's member as text. */
export function text(body: Record<string, unknown>, key: string): string {
  const value = body[key];
  return typeof value === "string" ? value : "";
}

/** Durations of the API: seconds, or `30m`. */
export function seconds(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  const [, count, unit = "s"] = /^(\d+)([smhd]?)$/.exec(typeof value === "string" ? value : "") ?? [];
  return count === undefined ? undefined : Number(count) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[unit === "" ? "s" : unit] ?? 1);
}
