/** Revocation lists: made anew at every revocation, and long before the old one ends. */
import { type RevocationReason } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { Tx } from "#platform/db";
import { dayMs, earlyMs, type Parts } from "./deps.ts";
import { keyFromPkcs8, plainSerial, signingKey, X509Certificate } from "./x509.ts";
import { makeCrl, type Issuer } from "./make.ts";
import { keyPlace, lockAuthorities, revokedBy, updateAuthority } from "./store.ts";
import type { AuthorityTable } from "./tables.ts";

/** A root signs seldom and may be away; an intermediate signs every day. */
const termMs = { root: 365 * dayMs, intermediate: 3 * dayMs, ssh: 0 };

/** The certificate and key of an authority. @throws Problem `pki_key_away` */
export function issuerOf({ secrets }: Pick<Parts, "secrets">, authority: AuthorityTable): Issuer {
  if (authority.sealed_key === null || authority.certificate === null) {
    throw new Problem("pki_key_away", { kind: "not_ready", say: `The key of the authority "${authority.name}" is not in this system.` });
  }
  const key = keyFromPkcs8(secrets.open(keyPlace(authority.id), authority.sealed_key));
  return { certificate: authority.certificate, signing: signingKey(key) };
}

/** Signs and stores the next list of an authority, as the transaction sees its revocations. */
export async function publishCrl(parts: Parts, tx: Tx, authority: AuthorityTable): Promise<void> {
  const nowMs = parts.clock.now();
  const number = authority.crl_number + 1;
  const ends = Math.min(nowMs + termMs[authority.role], authority.not_after?.getTime() ?? Infinity);
  const [thisUpdate, nextUpdate] = [new Date(nowMs - earlyMs), new Date(ends)];
  const revoked = authority.role === "root" ? await retiredUnder(tx, authority) : await leavesOf(tx, authority, new Date(nowMs));
  const crl = await makeCrl({ number, thisUpdate, nextUpdate, revoked }, issuerOf(parts, authority));
  await updateAuthority(tx, authority.id, { crl, crl_number: number, crl_this_update: thisUpdate, crl_next_update: nextUpdate });
}

interface Revoked {
  serial: string;
  at: Date;
  reason: RevocationReason;
}

async function leavesOf(tx: Tx, { id }: AuthorityTable, now: Date): Promise<Revoked[]> {
  const rows = await revokedBy(tx, id, now);
  return rows.map(({ serial, revoked_at, reason }) => ({ serial, at: revoked_at ?? now, reason: reason ?? "unspecified" }));
}

/** Intermediates that are trusted no more. */
async function retiredUnder(tx: Tx, root: AuthorityTable): Promise<Revoked[]> {
  const all = await lockAuthorities(tx);
  return all.flatMap(({ parent_id, retired_at, certificate }) => {
    if (parent_id !== root.id || retired_at === null || certificate === null) return [];
    return [{ serial: plainSerial(new X509Certificate(certificate).serialNumber), at: retired_at, reason: "cessation_of_operation" }];
  });
}

/** Whether more than half of the newest list's term is over. */
export function crlIsDue({ role, retired_at, sealed_key, crl_this_update, crl_next_update }: AuthorityTable, nowMs: number): boolean {
  if (role === "ssh" || retired_at !== null || sealed_key === null) return false;
  if (crl_this_update === null || crl_next_update === null) return true;
  return nowMs > (crl_this_update.getTime() + crl_next_update.getTime()) / 2;
}
