/** Calls of Vault's API: paths, headers, replies, and what is tried again. */
import { Problem, isProblem, retry, type Clock } from "@holdfast/kit";
import { z } from "zod";
import { malformed, refusal } from "./problems.ts";
import type { Exchange, Transport } from "./transport.ts";

export interface VaultCall {
  method: Exchange["method"];
  /** Below `/v1/`, e.g. `kv/data/network/r1`; plain text, encoded here. */
  path: string;
  query?: Record<string, string>;
  body?: Record<string, unknown>;
  /** Absent: unauthenticated. */
  token?: string | undefined;
  /** The answer is wrapped, and can be unwrapped once within this many seconds. */
  wrapForS?: number;
  /** Nothing happens twice when it is sent twice; GET unless told. */
  repeatable?: boolean;
}

/** The envelope around every answer (API documents, "response"). */
const envelope = z.looseObject({
  lease_id: z.string().nullish(),
  lease_duration: z.number().nullish(),
  renewable: z.boolean().nullish(),
  data: z.unknown(),
  warnings: z.array(z.string()).nullish(),
  auth: z.object({ client_token: z.string(), lease_duration: z.number(), renewable: z.boolean() }).loose().nullish(),
  wrap_info: z.object({ token: z.string(), ttl: z.number(), creation_path: z.string().nullish() }).loose().nullish(),
});
export type VaultAnswer = z.infer<typeof envelope>;

export interface VaultClient {
  /** @throws Problem `secrets_vault_*` for all but success */
  call(call: VaultCall): Promise<VaultAnswer>;
}

const errorsShape = z.object({ errors: z.array(z.string()) }).catch({ errors: [] });

export interface ClientDeps {
  transport: Transport;
  namespace?: string | undefined;
  clock: Clock;
  /** Told what Vault warns of, without values. */
  warned(path: string, warnings: readonly string[]): void;
  /** Told how each exchange ended: `ok`, or what was wrong, e.g. `sealed`. */
  counted?: ((outcome: string) => void) | undefined;
}

export function createVaultClient({ transport, namespace, clock, warned, counted }: ClientDeps): VaultClient {
  async function countedOnce(call: VaultCall): Promise<VaultAnswer> {
    try {
      const answer = await once(call);
      counted?.("ok");
      return answer;
    } catch (thrown) {
      counted?.(isProblem(thrown) ? thrown.code.replace(/^secrets_vault_/, "") : "failed");
      throw thrown;
    }
  }

  async function once({ method, path, query, body, token, wrapForS }: VaultCall): Promise<VaultAnswer> {
    const headers: Record<string, string> = { "x-vault-request": "true" };
    if (token !== undefined) headers["x-vault-token"] = token;
    if (namespace !== undefined) headers["x-vault-namespace"] = namespace;
    if (wrapForS !== undefined) headers["x-vault-wrap-ttl"] = `${wrapForS}s`;
    const reply = await transport.send({ method, path: encodePath(path), headers, ...(query && { query }), ...(body && { body }) });
    if (reply.status >= 400 || reply.status < 200) throw refusal(reply.status, path, errorsShape.parse(reply.body).errors);
    if (reply.body === undefined) return { data: undefined };
    const parsed = envelope.safeParse(reply.body);
    if (!parsed.success) throw malformed(path);
    if (parsed.data.warnings?.length) warned(path, parsed.data.warnings);
    return parsed.data;
  }

  return {
    call: (call) =>
      retry(() => countedOnce(call), {
        attempts: 3,
        baseMs: 200,
        maxMs: 2000,
        clock,
        when: (thrown) => isProblem(thrown) && mayTryAgain(thrown, call.repeatable ?? call.method === "GET"),
      }),
  };
}

/** What was surely not done may be tried again; what may have been done, only when doing it twice changes nothing. */
function mayTryAgain({ code, facts }: Problem, repeatable: boolean): boolean {
  const untouched =
    ["secrets_vault_sealed", "secrets_vault_limit", "secrets_vault_behind"].includes(code) ||
    (code === "secrets_vault_unreachable" && facts["sent"] === false);
  return untouched || (repeatable && ["secrets_vault_unreachable", "secrets_vault_failed"].includes(code));
}

/** A path that means in Vault what it says: no empty segment, none of dots, nothing that ends the path. @throws Problem `secrets_vault_path` */
export function encodePath(path: string): string {
  const segments = path.split("/");
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  const fair = segments.every((segment) => segment !== "" && !/^\.+$|\.$|[\u0000-\u001f\u007f\\]/.test(segment));
  if (fair && path.length <= 500) return segments.map(encodeURIComponent).join("/");
  throw new Problem("secrets_vault_path", {
    kind: "invalid",
    say: "That is no path in Vault: segments between slashes, none empty, none ending in a dot.",
  });
}

/** `data` of an answer in the shape that the API documents promise. @throws Problem `secrets_vault_malformed` */
export function dataOf<T>(schema: z.ZodType<T>, answer: VaultAnswer, path: string): T {
  const parsed = schema.safeParse(answer.data);
  if (parsed.success) return parsed.data;
  throw malformed(path); // zod's issues hold no values, but the path says enough
}
