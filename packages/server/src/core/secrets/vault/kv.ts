/** Key/value secrets, version 2 and version 1; which one a mount is, Vault is asked. API documents: `secret/kv/kv-v1`, `kv-v2`. */
import { isProblem, Problem } from "@holdfast/kit";
import { z } from "zod";
import { dataOf } from "./client.ts";
import type { VaultSession } from "./session.ts";

/** An engine in Vault that a path leads into. */
export interface Mount {
  /** Without a slash at its end. */
  mount: string;
  /** `kv`, `database`, `ssh` … */
  type: string;
  /** Of `kv`: 1 or 2. */
  kvVersion: 1 | 2;
  /** The rest of the path. */
  rest: string;
}

export type Fields = Record<string, unknown>;

export interface Kv {
  mountOf(path: string): Promise<Mount>;
  /** Undefined: nothing there, or deleted. `version` 0 where Vault keeps none. */
  read(path: string, version?: number): Promise<{ fields: Fields; version: number } | undefined>;
  /** Writes a new version, if the newest is `before` (0: none); returns its number, 0 where Vault keeps none. @throws Problem `secrets_vault_conflict` */
  write(path: string, fields: Fields, before: number): Promise<number>;
  /** Destroys one version's value for good; version 1 keeps one value alone, and nothing is done. */
  destroy(path: string, version: number): Promise<void>;
  /** All versions, and that they ever were. */
  forget(path: string): Promise<void>;
}

const mountShape = z.object({ path: z.string(), type: z.string(), options: z.record(z.string(), z.string()).nullish() });
const v1Shape = z.record(z.string(), z.unknown());
const v2Shape = z.object({ data: v1Shape.nullable(), metadata: z.object({ version: z.number() }) });
const writtenShape = z.object({ version: z.number() });
/** A mount may be made anew with another version; rarely. */
const mountMs = 300_000;

export function createKv(session: VaultSession, now: () => number): Kv {
  const known = new Map<string, { mount: Omit<Mount, "rest">; untilMs: number }>();

  async function mountOf(path: string): Promise<Mount> {
    for (const [prefix, { mount, untilMs }] of known)
      if (untilMs > now() && path.startsWith(`${prefix}/`)) return { ...mount, rest: path.slice(prefix.length + 1) };
    const asked = `sys/internal/ui/mounts/${path}`;
    const found = dataOf(mountShape, await session.call({ method: "GET", path: asked }), asked);
    const mount = found.path.replace(/\/$/, "");
    const [type, kvVersion] = [found.type, found.options?.["version"] === "2" ? (2 as const) : (1 as const)];
    known.set(mount, { mount: { mount, type, kvVersion }, untilMs: now() + mountMs });
    return { mount, type, kvVersion, rest: path.slice(mount.length + 1) };
  }

  async function kvAt(path: string): Promise<Mount> {
    const found = await mountOf(path);
    if (found.type === "kv" || found.type === "generic") return found;
    throw new Problem("secrets_vault_not_kv", {
      kind: "not_ready",
      say: `${found.mount} in Vault keeps no key/value secrets; it is of the type ${found.type}.`,
    });
  }

  return {
    mountOf,
    async read(path, version) {
      const { mount, kvVersion, rest } = await kvAt(path);
      const at = kvVersion === 2 ? `${mount}/data/${rest}` : path;
      const query = version === undefined || kvVersion === 1 ? {} : { query: { version: String(version) } };
      const answer = await session.call({ method: "GET", path: at, ...query }).catch(nothingThere);
      if (answer === undefined) return undefined;
      if (kvVersion === 1) return { fields: dataOf(v1Shape, answer, at), version: 0 };
      const { data, metadata } = dataOf(v2Shape, answer, at);
      return data === null ? undefined : { fields: data, version: metadata.version };
    },
    async write(path, fields, before) {
      const { mount, kvVersion, rest } = await kvAt(path);
      if (kvVersion === 1) {
        await session.call({ method: "POST", path, body: fields, repeatable: true });
        return 0;
      }
      const at = `${mount}/data/${rest}`;
      const answer = await session
        .call({ method: "POST", path: at, body: { data: fields, options: { cas: before } } })
        .catch(conflict(path));
      return dataOf(writtenShape, answer, at).version;
    },
    async destroy(path, version) {
      const { mount, kvVersion, rest } = await kvAt(path);
      if (kvVersion === 1) return;
      await session.call({ method: "PUT", path: `${mount}/destroy/${rest}`, body: { versions: [version] }, repeatable: true });
    },
    async forget(path) {
      const { mount, kvVersion, rest } = await kvAt(path);
      await session.call({ method: "DELETE", path: kvVersion === 2 ? `${mount}/metadata/${rest}` : path, repeatable: true });
    },
  };
}

function nothingThere(thrown: unknown): undefined {
  if (isProblem(thrown) && thrown.code === "secrets_vault_missing") return undefined;
  throw thrown;
}

function conflict(path: string): (thrown: unknown) => never {
  return (thrown) => {
    const told = isProblem(thrown) ? thrown.facts["vaultErrors"] : undefined;
    if (!Array.isArray(told) || !told.some((text) => String(text).includes("check-and-set"))) throw thrown;
    throw new Problem("secrets_vault_conflict", {
      kind: "conflict",
      say: `Vault holds something else at ${path} than Holdfast put there. Look at it there; to use what it holds, refer to it as vault:${path}.`,
      because: thrown,
    });
  };
}
