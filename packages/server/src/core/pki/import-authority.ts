/** An authority of somebody's own takes over the issuing; what was issued before stays good until its root is retired. */
import type { PkiStatus } from "@holdfast/contract";
import { newId } from "@holdfast/kit";
import type { By } from "#core/audit";
import { inTransaction, type Tx } from "#platform/db";
import { ensureSsh, newRow } from "./authorities.ts";
import { readChain, type ChainFile, type ChainLink } from "./chain-file.ts";
import { publishCrl } from "./crl.ts";
import type { Parts } from "./deps.ts";
import { checkTrustDomain } from "./names.ts";
import * as store from "./store.ts";
import type { AuthorityTable } from "./tables.ts";
import { sha256 } from "./view.ts";

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
        const first = i === 0;
        const template = newRow(parts, {
          id: newId("ca", clock.now()),
          role: "intermediate",
          key,
          certificate: link.der,
          trustDomain,
          ...link,
        });
        const row = { ...template, ...rowOf(link, { root: i === links.length - 1, first, parent }) };
        parent = await keep(tx, known, first ? row : { ...row, sealed_key: null });
        if (first) await publishCrl(parts, tx, { ...row, id: parent });
      }
      await ensureSsh(parts, tx, trustDomain);
      const after = { trustDomain, chain: links.map(({ name, der }) => ({ name, fingerprint: sha256(der) })) };
      await audit.record(tx, { ...by, action: "pki.authority.import", subject: `authority:${parent ?? ""}`, after });
    });
    return status();
  };
}

function rowOf(
  link: ChainLink,
  { root, first, parent }: { root: boolean; first: boolean; parent: string | null },
): Partial<AuthorityTable> {
  const { crl } = link;
  return {
    role: root ? "root" : "intermediate",
    origin: "imported",
    issuing: root || first,
    parent_id: parent,
    public_key: link.publicKey,
    ...(crl ? { crl: crl.der, crl_this_update: crl.thisUpdate, crl_next_update: crl.nextUpdate } : {}),
  };
}

/** One that is here already (the same root, a second intermediate) is used again; its id. */
async function keep(tx: Tx, known: AuthorityTable[], row: AuthorityTable): Promise<string> {
  const same = known.find(({ certificate, retired_at }) => retired_at === null && certificate?.equals(row.certificate ?? Buffer.of()));
  if (!same) {
    await store.insertAuthority(tx, row);
    return row.id;
  }
  const { crl, crl_this_update, crl_next_update, issuing } = row;
  await store.updateAuthority(tx, same.id, { issuing, ...(crl ? { crl, crl_this_update, crl_next_update } : {}) });
  return same.id;
}
