/** An authority of somebody's own takes over the issuing; what was issued before stays good until its root is retired. */
import type { KeyObject } from "node:crypto";
import type { PkiStatus } from "@holdfast/contract";
import { newId } from "@holdfast/kit";
import type { By } from "#core/audit";
import { inTransaction } from "#platform/db";
import { ensureSsh } from "./authorities.ts";
import { readChain, type ChainFile, type ChainLink } from "./chain-file.ts";
import { publishCrl } from "./crl.ts";
import type { Parts } from "./deps.ts";
import { checkTrustDomain } from "./names.ts";
import * as store from "./store.ts";
import type { AuthorityTable } from "./tables.ts";
import { sha256 } from "./view.ts";
import { pkcs8Of } from "./x509.ts";

export function createImport(parts: Parts, status: () => Promise<PkiStatus>) {
  const { db, audit, clock } = parts;

  return async function importAuthority(file: ChainFile & { trustDomain: string }, by: By): Promise<PkiStatus> {
    const trustDomain = checkTrustDomain(file.trustDomain);
    const { links, key } = await readChain(file, clock.now());
    await inTransaction(db, async (tx) => {
      const known = await store.lockAuthorities(tx);
      await store.stopIssuing(tx, "intermediate");
      await store.stopIssuing(tx, "root");
      let parent: string | null = null;
      for (const [i, link] of [...links.entries()].reverse()) {
        const row = rowOf(parts, link, { known, key: i === 0 ? key : undefined, root: i === links.length - 1, parent, trustDomain });
        await (row.before ? store.updateAuthority(tx, row.now.id, row.now) : store.insertAuthority(tx, row.now));
        if (i === 0) await publishCrl(parts, tx, row.now);
        parent = row.now.id;
      }
      await ensureSsh(parts, tx, trustDomain);
      const after = { trustDomain, chain: links.map(({ name, der }) => ({ name, fingerprint: sha256(der) })) };
      await audit.record(tx, { ...by, action: "pki.authority.import", subject: `authority:${parent ?? ""}`, after });
    });
    return status();
  };
}

interface Standing {
  known: AuthorityTable[];
  /** Of the one that issues. */
  key: KeyObject | undefined;
  root: boolean;
  parent: string | null;
  trustDomain: string;
}

/** The row of one link. One that is here already (the same root, a second intermediate) is used again: `before`. */
function rowOf({ secrets, clock }: Parts, link: ChainLink, standing: Standing): { before?: AuthorityTable; now: AuthorityTable } {
  const { known, key, root, parent, trustDomain } = standing;
  const before = known.find(({ certificate, retired_at }) => retired_at === null && certificate?.equals(link.der));
  const id = before?.id ?? newId("ca", clock.now());
  const now: AuthorityTable = {
    id,
    role: root ? "root" : "intermediate",
    name: link.name,
    parent_id: parent,
    trust_domain: trustDomain,
    origin: before?.origin ?? "imported",
    certificate: link.der,
    public_key: link.publicKey,
    sealed_key: key ? secrets.seal(store.keyPlace(id), pkcs8Of(key)) : (before?.sealed_key ?? null),
    issuing: root || key !== undefined,
    not_before: link.notBefore,
    not_after: link.notAfter,
    created_at: before?.created_at ?? new Date(clock.now()),
    retired_at: null,
    crl: link.crl?.der ?? before?.crl ?? null,
    crl_number: before?.crl_number ?? 0,
    crl_this_update: link.crl?.thisUpdate ?? before?.crl_this_update ?? null,
    crl_next_update: link.crl?.nextUpdate ?? before?.crl_next_update ?? null,
  };
  return { ...(before ? { before } : {}), now };
}
