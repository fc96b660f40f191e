/**
 * Another key for the SSH authority, in steps, so that no device is locked out: the next one is made and given to devices to trust
 * besides the old; then it signs; then the old one is retired and taken from the devices.
 */
import type { PkiStatus } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { By } from "#core/audit";
import { inTransaction, type Tx } from "#platform/db";
import { newSshRow } from "./authorities.ts";
import type { Parts } from "./deps.ts";
import { notReady } from "./problems.ts";
import * as store from "./store.ts";
import type { AuthorityTable } from "./tables.ts";

export function createSshRotation(parts: Parts, status: () => Promise<PkiStatus>) {
  const { db, audit } = parts;

  async function standing(tx: Tx): Promise<{ now: AuthorityTable; next: AuthorityTable | undefined }> {
    const all = (await store.lockAuthorities(tx)).filter(({ role, retired_at }) => role === "ssh" && retired_at === null);
    const now = all.find(({ issuing }) => issuing);
    if (!now) throw notReady();
    return { now, next: all.find((one) => one.created_at > now.created_at && !one.issuing) };
  }

  return async function rotateSsh(step: "prepare" | "use", by: By): Promise<PkiStatus> {
    await inTransaction(db, async (tx) => {
      const { now, next } = await standing(tx);
      if (step === "prepare") {
        if (next) throw prepared();
        const row = { ...newSshRow(parts, now.trust_domain), issuing: false };
        await store.insertAuthority(tx, row);
        await audit.record(tx, { ...by, action: "pki.ssh.prepare", subject: `authority:${row.id}`, before: { issuing: now.id } });
      } else {
        if (!next) throw unprepared();
        await store.stopIssuing(tx, "ssh");
        await store.updateAuthority(tx, next.id, { issuing: true });
        const facts = { before: { issuing: now.id }, after: { issuing: next.id } };
        await audit.record(tx, { ...by, ...facts, action: "pki.ssh.rotate", subject: `authority:${next.id}` });
      }
    });
    return status();
  };
}

function prepared(): Problem {
  return new Problem("pki_ssh_prepared", {
    kind: "conflict",
    say: "The next SSH authority is prepared already; give /pki/ssh-users.pub to the devices, then use it.",
  });
}

function unprepared(): Problem {
  return new Problem("pki_ssh_unprepared", {
    kind: "not_ready",
    say: "Prepare the next SSH authority first, and let every device trust it; otherwise none could be signed in to.",
  });
}
