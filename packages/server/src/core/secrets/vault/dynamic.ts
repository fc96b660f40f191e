/** Credentials that Vault makes for one use and takes back: databases and whatever else hands out leases. API documents: `sys/leases/*`. */
import { z } from "zod";
import { dataOf } from "./client.ts";
import { malformed } from "./problems.ts";
import type { Fields } from "./kv.ts";
import type { VaultSession } from "./session.ts";

export interface VaultLease {
  leaseId: string;
  ttlMs: number;
  renewable: boolean;
  fields: Fields;
}

export interface Dynamic {
  /** New credentials at e.g. `database/creds/reader`. */
  take(path: string): Promise<VaultLease>;
  /** How long it lives from now on, in milliseconds; Vault gives less near its longest life. */
  renew(leaseId: string, ttlMs: number): Promise<number>;
  /** The credentials stop working. One that has ended already is no fault. */
  revoke(leaseId: string): Promise<void>;
}

export function createDynamic(session: VaultSession): Dynamic {
  return {
    async take(path) {
      // A GET that makes something: sent twice it would make two.
      const answer = await session.call({ method: "GET", path, repeatable: false });
      const fields = dataOf(z.record(z.string(), z.unknown()), answer, path);
      if (!answer.lease_id) throw malformed(path);
      return { leaseId: answer.lease_id, ttlMs: (answer.lease_duration ?? 0) * 1000, renewable: answer.renewable ?? false, fields };
    },
    async renew(leaseId, ttlMs) {
      const body = { lease_id: leaseId, increment: Math.ceil(ttlMs / 1000) };
      const answer = await session.call({ method: "PUT", path: "sys/leases/renew", body, repeatable: true });
      return (answer.lease_duration ?? 0) * 1000;
    },
    async revoke(leaseId) {
      await session.call({ method: "PUT", path: "sys/leases/revoke", body: { lease_id: leaseId }, repeatable: true });
    },
  };
}
