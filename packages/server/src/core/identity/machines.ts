/**
 * Machines of service accounts: known by a client certificate of our own authority, `spiffe://<trust domain>/agent/<id of the account>`.
 * The first one is given for a token that is good once, each further one for the certificate before it; the key never leaves the machine.
 */
import type { MachineCertificate } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { By } from "#core/audit";
import { machineId, type Pki } from "#core/pki";
import { inTransaction, type Tx } from "#platform/db";
import type { Principal } from "#platform/http/request";
import { ours } from "./authenticate.ts";
import { addressBucket, addressLimit } from "./attempts.ts";
import type { Parts } from "./deps.ts";
import { entryBy, mustCover, type Granter } from "./roles.ts";
import type { From } from "./sessions.ts";
import * as store from "./store.ts";
import { insertMachineToken, takeMachineToken } from "./store-machines.ts";
import { hashToken, isToken, newToken } from "./tokens.ts";

/** What gives machines their certificates. */
export type MachineAuthority = Pick<Pki, "enrol" | "trust">;

export interface Enrolment {
  /** Shown this once. */
  token: string;
  expiresAt: string;
  /** Whom the certificate will name. */
  spiffeId: string;
}

export interface Machines {
  /** @throws Problem `identity_service_account_missing`, `identity_grant_beyond`, `pki_not_ready` */
  createEnrolment(wish: { accountId: string; minutes: number }, by: Granter): Promise<Enrolment>;
  /** @throws Problem `identity_enrolment_refused`, `identity_too_many_tries`, `pki_request_invalid`, `pki_key_unfit`; the token stays good then */
  enrolMachine(shown: { token: string; csr: string }, from: From): Promise<MachineCertificate>;
  /** Another one, for who came with the one before. @throws Problem `identity_certificate_needed`, `pki_request_invalid`, `pki_key_unfit` */
  renewMachine(csr: string, caller: Principal, requestId?: string): Promise<MachineCertificate>;
}

export function createMachines(parts: Parts & { authority: MachineAuthority | undefined }): Machines {
  const { db, audit, clock } = parts;
  const authority = (): MachineAuthority => parts.authority ?? unready();

  async function certify(tx: Tx, { accountId, csr }: { accountId: string; csr: string }, by: By): Promise<MachineCertificate> {
    const { chain, notAfter, notBefore, spiffeId = "" } = await authority().enrol(tx, { account: accountId, csr }, by);
    const due = Date.parse(notBefore) + ((Date.parse(notAfter) - Date.parse(notBefore)) * 2) / 3;
    return { chain, roots: (await authority().trust()).roots, spiffeId, notAfter, renewAfter: new Date(due).toISOString() };
  }

  return {
    async createEnrolment({ accountId, minutes }, by) {
      const user = await store.findUser(db, accountId);
      if (user?.kind !== "service") throw accountMissing(accountId);
      mustCover(by, ...user.grants);
      const { trustDomain } = await authority().trust();
      const token = newToken();
      const now = clock.now();
      const expires = new Date(now + minutes * 60_000);
      await inTransaction(db, async (tx) => {
        await insertMachineToken(tx, { hash: hashToken(token), user_id: accountId, created_at: new Date(now), expires_at: expires });
        const facts = { subject: `user:${user.name}`, after: { expiresAt: expires.toISOString() } };
        await audit.record(tx, { ...entryBy(by), action: "identity.enrolment.create", ...facts });
      });
      return { token, expiresAt: expires.toISOString(), spiffeId: machineId(trustDomain, accountId) };
    },

    async enrolMachine({ token, csr }, from) {
      const bucket = from.address === undefined ? undefined : `enrol:${addressBucket(from.address)}`;
      const counted = bucket && (await store.countTry(db, bucket, { limit: addressLimit, now: new Date(clock.now()) }));
      if (counted && counted.tries > addressLimit.tries) throw tooManyTries();
      const made = await inTransaction(db, async (tx) => {
        const accountId = isToken(token) ? await takeMachineToken(tx, hashToken(token), new Date(clock.now())) : undefined;
        const user = accountId === undefined ? undefined : await store.holdUser(tx, accountId);
        if (!user || user.disabled || user.kind !== "service") return undefined;
        if (bucket !== undefined) await store.giveTryBack(tx, bucket);
        const by = { actor: `user:${user.name}`, requestId: from.requestId };
        const certificate = await certify(tx, { accountId: user.id, csr }, by);
        const facts = { subject: `user:${user.name}`, after: { spiffeId: certificate.spiffeId, address: from.address } };
        await audit.record(tx, { ...by, action: "identity.machine.enrol", ...facts });
        return certificate;
      });
      if (made) return made;
      const facts = { subject: "user:(machine)", reason: "enrolment token wrong, used or ended", after: { address: from.address } };
      await inTransaction(db, (tx) =>
        audit.record(tx, { actor: "anonymous", action: "identity.machine.refuse", ...facts, requestId: from.requestId }),
      );
      throw new Problem("identity_enrolment_refused", {
        kind: "unauthenticated",
        say: "This token was never given out, or was used already, or has ended; ask for another one.",
      });
    },

    async renewMachine(csr, caller, requestId) {
      const { via, userId, actor } = ours(caller);
      if (via !== "certificate") throw certificateNeeded();
      return inTransaction(db, (tx) => certify(tx, { accountId: userId, csr }, { actor, requestId }));
    },
  };
}

function unready(): never {
  throw new Problem("identity_no_authority", { kind: "not_ready", say: "There is no authority here that could certify machines." });
}

function accountMissing(id: string): Problem {
  return new Problem("identity_service_account_missing", { kind: "missing", say: `There is no service account with the id "${id}".` });
}

function certificateNeeded(): Problem {
  return new Problem("identity_certificate_needed", {
    kind: "forbidden",
    say: "This is for a machine that comes with its certificate; with a token, enrol it.",
  });
}

function tooManyTries(): Problem {
  return new Problem("identity_too_many_tries", {
    kind: "limit",
    say: "Too many wrong tokens from this address; try again in a minute.",
    with: { retryAfterS: 60 },
  });
}
