/** The root's key goes out of this system, sealed, and comes back when a new intermediate or list is to be signed. */
import type { PkiStatus } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { By } from "#core/audit";
import { inTransaction, type Tx } from "#platform/db";
import { publishCrl } from "./crl.ts";
import type { Parts } from "./deps.ts";
import { notReady, rootAway } from "./problems.ts";
import { openRoot, sealRoot } from "./sealed-root.ts";
import { keyPlace, lockAuthorities, updateAuthority } from "./store.ts";
import type { AuthorityTable } from "./tables.ts";
import { keyFromPkcs8, pkcs8Of } from "./x509.ts";

interface RootFile {
  pem: string;
  passphrase: string;
}

export function createRootKeeping(parts: Parts, status: () => Promise<PkiStatus>) {
  const { db, audit, secrets } = parts;

  return {
    async exportRoot({ passphrase }: { passphrase: string }, by: By): Promise<{ pem: string }> {
      return inTransaction(db, async (tx) => {
        const root = await lockRoot(tx);
        if (root.sealed_key === null || root.certificate === null) throw rootAway();
        const key = keyFromPkcs8(secrets.open(keyPlace(root.id), root.sealed_key));
        await audit.record(tx, { ...by, action: "pki.root.export", subject: `authority:${root.id}` });
        return { pem: sealRoot({ certificate: root.certificate, key, passphrase }) };
      });
    },

    /** The export is opened first: a key that nobody can bring back is not removed. */
    async removeRoot(file: RootFile, by: By): Promise<PkiStatus> {
      await inTransaction(db, async (tx) => {
        const root = await lockRoot(tx);
        if (root.sealed_key === null) throw rootAway();
        openOurs(file, root);
        await publishCrl(parts, tx, root); // good for as long as can be, before the key is gone
        await updateAuthority(tx, root.id, { sealed_key: null });
        await audit.record(tx, { ...by, action: "pki.root.remove", subject: `authority:${root.id}` });
      });
      return status();
    },

    async restoreRoot(file: RootFile, by: By): Promise<PkiStatus> {
      await inTransaction(db, async (tx) => {
        const root = await lockRoot(tx);
        const sealed_key = secrets.seal(keyPlace(root.id), pkcs8Of(openOurs(file, root)));
        await updateAuthority(tx, root.id, { sealed_key });
        await publishCrl(parts, tx, { ...root, sealed_key });
        await audit.record(tx, { ...by, action: "pki.root.restore", subject: `authority:${root.id}` });
      });
      return status();
    },
  };
}

async function lockRoot(tx: Tx): Promise<AuthorityTable> {
  const root = (await lockAuthorities(tx)).find(({ role, issuing }) => role === "root" && issuing);
  if (!root) throw notReady();
  return root;
}

function openOurs({ pem, passphrase }: RootFile, root: AuthorityTable) {
  const { certificate, key } = openRoot(pem, passphrase);
  if (root.certificate?.equals(certificate)) return key;
  throw new Problem("pki_root_file_strange", { kind: "invalid", say: `This is the export of another root than "${root.name}".` });
}
