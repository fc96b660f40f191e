/** Response wrapping: an answer that only the holder of a single-use token can have, once. API documents: `sys/wrapping/*`. */
import { isProblem, Problem } from "@holdfast/kit";
import { z } from "zod";
import { dataOf, type VaultClient } from "./client.ts";

const info = z.object({ creation_path: z.string(), creation_ttl: z.number(), creation_time: z.string() });

export interface Wrapping {
  /** What the token wraps, without using it up: the path that made it. @throws Problem `secrets_vault_unwrapped` */
  lookUp(token: string): Promise<{ creationPath: string; ttlS: number }>;
  /** The answer inside; the token is used up. @throws Problem `secrets_vault_unwrapped` when somebody was faster */
  unwrap(token: string): Promise<{ data: unknown }>;
}

export function createWrapping(client: VaultClient): Wrapping {
  return {
    async lookUp(token) {
      const path = "sys/wrapping/lookup";
      const answer = await client.call({ method: "POST", path, body: { token }, repeatable: true }).catch(usedUp);
      const { creation_path, creation_ttl } = dataOf(info, answer, path);
      return { creationPath: creation_path, ttlS: creation_ttl };
    },
    async unwrap(token) {
      const { data } = await client.call({ method: "POST", path: "sys/wrapping/unwrap", token }).catch(usedUp);
      return { data };
    },
  };
}

function usedUp(thrown: unknown): never {
  if (!isProblem(thrown) || !["secrets_vault_refused", "secrets_vault_forbidden", "secrets_vault_missing"].includes(thrown.code))
    throw thrown;
  throw new Problem("secrets_vault_unwrapped", {
    kind: "not_ready",
    say: "The wrapping token is used up, or too old. If nobody of yours unwrapped it, somebody else did: revoke what it held, and make a new one.",
    because: thrown,
  });
}
