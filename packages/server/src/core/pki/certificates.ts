/** Certificates: issued, renewed, rotated. Each act is in the audit trail, in its transaction. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { CertificateDetail, CertificateKind, IssuedCertificate } from "@holdfast/contract";
import type { By } from "#core/audit";
import { Problem } from "@holdfast/kit";
import { inTransaction, type Tx } from "#platform/db";
import type { Parts } from "./deps.ts";
import { createIssuing, type CertificateWish, type OwnWish } from "./issuing.ts";
import { isMachine } from "./names.ts";
import { certificateMissing } from "./problems.ts";
import { renewalAt } from "./profiles.ts";
import { createReads } from "./reads.ts";
import { keyOfRequest } from "./request.ts";
import { createRevoke } from "./revoke.ts";
import * as store from "./store.ts";
import type { CertificateTable } from "./tables.ts";
import { summaryOf } from "./view.ts";
import { spkiOf } from "./x509.ts";

export function createCertificates(parts: Parts) {
  const { db, clock } = parts;

  const { draftOf, write, renewWithin } = createIssuing(parts);
  const { detail, ...reads } = createReads(parts);

  return {
    ...reads,
    revoke: createRevoke(parts),

    async issue(wish: CertificateWish, by: By): Promise<IssuedCertificate> {
      if (isMachine(wish)) throw enrolIt(wish.name);
      const key = wish.csr === undefined ? newLeafKey() : undefined;
      const publicKey = key ? spkiOf(key) : await keyOfRequest(wish.csr ?? "");
      const row = await inTransaction(db, async (tx) => {
        const { draft, authority } = await draftOf(tx, wish, publicKey);
        return write(tx, draft, { authority, by });
      });
      return { ...(await detail(row)), ...(key ? { privateKey: key.export({ format: "pem", type: "pkcs8" }) as string } : {}) };
    },

    /** For this process itself: on record, and left out of what people are warned of. */
    async issueOwn({ publicKey, termMs, ...wish }: OwnWish, by: By): Promise<CertificateDetail> {
      const row = await inTransaction(db, async (tx) => {
        const { draft, authority } = await draftOf(tx, wish, publicKey);
        return write(tx, { ...draft, automatic: true, termMs: termMs ?? draft.termMs }, { authority, by });
      });
      return detail(row);
    },

    /** For the machine of a service account that was known by its token or by the certificate before. It renews by itself. */
    async enrol(tx: Tx, { account, csr }: { account: string; csr: string }, by: By): Promise<CertificateDetail> {
      const wish = { kind: "agent" as const, name: account };
      if (!isMachine(wish)) throw new Error(`${account} is no id of a service account`);
      const { draft, authority } = await draftOf(tx, { ...wish, usages: ["client"] }, await keyOfRequest(csr));
      return detail(await write(tx, { ...draft, automatic: true }, { authority, by }), tx);
    },

    async renew({ id, csr }: { id: string; csr?: string | undefined }, by: By): Promise<CertificateDetail> {
      const row = await inTransaction(db, async (tx) => {
        const before = await store.lockCertificate(tx, id);
        if (!before) throw certificateMissing(id);
        if (csr !== undefined && isMachine(before)) throw enrolIt(before.name);
        return renewWithin(tx, before, { csr, by });
      });
      return detail(row);
    },

    async rotate(
      { kind, force = false, dryRun = false }: { kind?: CertificateKind | undefined; force?: boolean; dryRun?: boolean },
      by: By,
    ) {
      const nowMs = clock.now();
      const all = await store.endingBefore(db, new Date(8.64e15));
      const due = all.filter(
        (row) =>
          (kind === undefined || row.kind === kind) &&
          (force || renewalAt({ notBefore: row.not_before, notAfter: row.not_after }) <= nowMs),
      );
      const renewed: CertificateTable[] = [];
      if (!dryRun) for (const row of due) renewed.push(await inTransaction(db, (tx) => renewWithin(tx, row, { by })));
      const certificates = (dryRun ? due : renewed).map((row) => summaryOf(row, nowMs));
      return { rotated: renewed.length, dryRun, certificates };
    },
  };
}

function enrolIt(name: string): Problem {
  return new Problem("pki_name_reserved", {
    kind: "invalid",
    say: `"${name}" names the machine of a service account: it is enrolled (holdfast accounts enrol), so that nobody else gets its certificate.`,
  });
}

export function newLeafKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}
