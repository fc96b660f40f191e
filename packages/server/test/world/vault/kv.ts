/** Key/value engines of the simulated Vault, of both versions. API documents: `secret/kv/kv-v1`, `secret/kv/kv-v2`. */
import { noRoute, nothing, Refusal, unsupported, type VaultParts, type VaultRequest } from "./wire.ts";

/** An engine at its mount: `rest` is the path below. */
export type Engine = (request: VaultRequest, rest: string) => VaultParts | Promise<VaultParts>;

export function kvVersion1(): Engine {
  const kept = new Map<string, Record<string, unknown>>();
  return ({ method, body, query }, rest) => {
    if (method === "LIST" || query.get("list") === "true") return keysBelow(kept.keys(), rest);
    if (method === "GET") {
      const found = kept.get(rest);
      if (!found) throw nothing();
      return { data: found, lease: { id: "", ttlS: 2_764_800, renewable: false } };
    }
    if (method === "DELETE") kept.delete(rest);
    else kept.set(rest, body);
    return { status: 204 };
  };
}

interface Version {
  data: unknown;
  createdMs: number;
  deleted: boolean;
  destroyed: boolean;
}

interface Kept {
  versions: Map<number, Version>;
  current: number;
}

const mostVersions = 10;

export function kvVersion2(now: () => number): Engine {
  const kept = new Map<string, Kept>();
  const of = (path: string): Kept | undefined => kept.get(path);
  const told = (number: number, { createdMs, deleted, destroyed }: Version) => ({
    created_time: new Date(createdMs).toISOString(),
    custom_metadata: null,
    deletion_time: deleted ? new Date(now()).toISOString() : "",
    destroyed,
    version: number,
  });

  function read(path: string, asked: number): VaultParts {
    const secret = of(path);
    const number = asked === 0 ? (secret?.current ?? 0) : asked;
    const version = secret?.versions.get(number);
    if (!version) throw nothing();
    const metadata = told(number, version);
    if (version.deleted || version.destroyed) throw nothing({ data: null, metadata });
    return { data: { data: version.data, metadata } };
  }

  function write(path: string, body: VaultRequest["body"]): VaultParts {
    if (typeof body["data"] !== "object" || body["data"] === null) throw new Refusal(400, ["no data provided"]);
    const secret = of(path) ?? { versions: new Map<number, Version>(), current: 0 };
    const cas = (body["options"] as { cas?: number } | undefined)?.cas;
    if (cas !== undefined && cas !== secret.current) throw new Refusal(400, ["check-and-set parameter did not match the current version"]);
    secret.current += 1;
    secret.versions.set(secret.current, { data: body["data"], createdMs: now(), deleted: false, destroyed: false });
    secret.versions.delete(secret.current - mostVersions);
    kept.set(path, secret);
    return { data: told(secret.current, secret.versions.get(secret.current)!) };
  }

  function mark(path: string, body: VaultRequest["body"], change: Partial<Version>): VaultParts {
    for (const number of (body["versions"] as number[] | undefined) ?? []) {
      const version = of(path)?.versions.get(number);
      if (version) Object.assign(version, change);
    }
    return { status: 204 };
  }

  function metadata({ method, query }: VaultRequest, path: string): VaultParts {
    if (method === "LIST" || query.get("list") === "true") return keysBelow(kept.keys(), path);
    if (method === "DELETE") {
      kept.delete(path);
      return { status: 204 };
    }
    const secret = of(path);
    if (!secret) throw nothing();
    const versions = Object.fromEntries([...secret.versions].map(([number, version]) => [number, told(number, version)]));
    return { data: { current_version: secret.current, oldest_version: Math.min(...secret.versions.keys()), max_versions: 0, versions } };
  }

  return (request, rest) => {
    const [kind = "", ...segments] = rest.split("/");
    const path = segments.join("/");
    if (kind === "metadata") return metadata(request, path);
    if (kind === "data" && request.method === "GET") return read(path, Number(request.query.get("version") ?? 0));
    if (kind === "data" && request.method === "DELETE") return mark(path, { versions: [of(path)?.current ?? 0] }, { deleted: true });
    if (kind === "data") return write(path, request.body);
    if (kind === "delete") return mark(path, request.body, { deleted: true });
    if (kind === "undelete") return mark(path, request.body, { deleted: false });
    if (kind === "destroy") return mark(path, request.body, { destroyed: true, data: null });
    if (kind === "config" && request.method !== "GET") return { status: 204 };
    if (kind === "config") return { data: { max_versions: 0, cas_required: false, delete_version_after: "0s" } };
    throw request.method === "GET" ? noRoute(rest) : unsupported();
  };
}

function keysBelow(all: Iterable<string>, folder: string): VaultParts {
  const start = folder === "" ? "" : `${folder.replace(/\/$/, "")}/`;
  const below = [...all].filter((key) => key.startsWith(start)).map((key) => key.slice(start.length).replace(/\/.*$/, "/"));
  if (below.length === 0) throw nothing();
  return { data: { keys: [...new Set(below)].sort() } };
}
