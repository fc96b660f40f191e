/** Certificates as they are shown and listed. */
import type { CertificateDetail, CertificateKind, CertificateSummary } from "@holdfast/contract";
import { z } from "zod";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import type { Db } from "#platform/db";
import type { Parts } from "./deps.ts";
import { certificateMissing } from "./problems.ts";
import * as store from "./store.ts";
import type { CertificateTable } from "./tables.ts";
import { summaryOf } from "./view.ts";
import { pemOf } from "./x509.ts";

export interface CertificateQuery {
  kind?: CertificateKind | undefined;
  state?: "valid" | "expired" | "revoked" | undefined;
  name?: string | undefined;
  cursor?: string | undefined;
  limit?: number | undefined;
}

const idCursor = z.string().regex(/^crt_[a-z0-9]{1,40}$/);

export function createReads({ db, clock }: Parts) {
  async function detail(row: CertificateTable, on: Db = db): Promise<CertificateDetail> {
    const certificate = pemOf("CERTIFICATE", row.der);
    return { ...summaryOf(row, clock.now()), certificate, chain: certificate + (await above(row.authority_id, on)) };
  }

  /** PEM of the intermediates, from the issuing one up, without the root. */
  async function above(authority: string, on: Db): Promise<string> {
    const all = new Map((await store.authorities(on)).map((row) => [row.id, row]));
    let pem = "";
    for (let row = all.get(authority); row?.role === "intermediate" && row.certificate; row = all.get(row.parent_id ?? "")) {
      pem += pemOf("CERTIFICATE", row.certificate);
    }
    return pem;
  }

  return {
    detail,

    async get(id: string): Promise<CertificateDetail> {
      const row = await store.findCertificate(db, id);
      if (!row) throw certificateMissing(id);
      return detail(row);
    },

    async list({ cursor, limit = 50, ...filter }: CertificateQuery): Promise<{ items: CertificateSummary[]; next?: string }> {
      const nowMs = clock.now();
      const page = { before: decodeCursor(idCursor, cursor), now: new Date(nowMs), limit: limit + 1 };
      const found = await store.search(db, { ...filter, ...page });
      const items = found.slice(0, limit).map((row) => summaryOf(row, nowMs));
      const last = items.at(-1);
      return { items, ...(found.length > limit && last ? { next: encodeCursor(last.id) } : {}) };
    },
  };
}
