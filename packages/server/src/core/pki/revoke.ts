/** Takes a certificate back. */
import type { CertificateSummary, RevocationReason } from "@holdfast/contract";
import type { By } from "#core/audit";
import { inTransaction } from "#platform/db";
import { publishCrl } from "./crl.ts";
import type { Parts } from "./deps.ts";
import { revokedAlready } from "./issuing.ts";
import { certificateMissing } from "./problems.ts";
import * as store from "./store.ts";
import { summaryOf, told } from "./view.ts";

export function createRevoke(parts: Parts) {
  const { db, audit, clock } = parts;

  /** The list is signed anew in the same transaction. */
  return async function revoke({ id, reason }: { id: string; reason: RevocationReason }, by: By): Promise<CertificateSummary> {
    return inTransaction(db, async (tx) => {
      const authorities = await store.lockAuthorities(tx);
      const row = await store.lockCertificate(tx, id);
      if (!row) throw certificateMissing(id);
      if (row.revoked_at) throw revokedAlready(row);
      const why = { revoked_at: new Date(clock.now()), reason };
      await store.markRevoked(tx, id, why);
      const authority = authorities.find((one) => one.id === row.authority_id);
      if (authority && authority.retired_at === null) await publishCrl(parts, tx, authority);
      await audit.record(tx, {
        ...by,
        action: "pki.certificate.revoke",
        subject: `certificate:${id}`,
        before: told(row),
        after: { reason },
      });
      return summaryOf({ ...row, ...why }, clock.now());
    });
  };
}
