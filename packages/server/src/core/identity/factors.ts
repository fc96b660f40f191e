/** One's own second factors: what there is, enrolling, taking away. And an administrator's way to have somebody begin anew. */
import type { OwnFactors } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { inTransaction } from "#platform/db";
import type { Caller } from "./authenticate.ts";
import { lowWater, makeBackupCodes } from "./backup-codes.ts";
import type { Parts } from "./deps.ts";
import { endWhatIsOpen } from "./own-password.ts";
import { entryBy, mustCover, type Granter } from "./roles.ts";
import { mustBeSession, steppedUpMs } from "./step-up.ts";
import * as store from "./store.ts";
import * as factors from "./store-factors.ts";

export function createFactors(parts: Parts) {
  const { db, audit, site } = parts;

  async function ownFactors(caller: Caller): Promise<OwnFactors> {
    const totp = await factors.findTotp(db, caller.userId);
    const passkeys = await factors.passkeysOf(db, caller.userId);
    const codes = await factors.backupCodesOf(db, caller.userId);
    const left = codes.filter(({ used_at }) => used_at === null).length;
    return {
      ...(totp?.confirmed_at ? { totp: { since: totp.confirmed_at.toISOString() } } : {}),
      passkeys: passkeys.map(passkeyOf),
      passkeysPossible: site.rpId !== undefined,
      backupCodes: { left, of: codes.length, low: codes.length > 0 && left <= lowWater },
      needed: await factors.needsFactor(db, caller.userId),
      hasPassword: (await store.findUser(db, caller.userId))?.password_hash != null,
      ...(caller.steppedUp === true ? { steppedUpUntil: new Date((caller.steppedUpAt ?? 0) + steppedUpMs).toISOString() } : {}),
    };
  }

  async function makeOwnBackupCodes(caller: Caller, requestId?: string): Promise<{ backupCodes: string[] }> {
    mustBeSession(caller);
    return inTransaction(db, async (tx) => {
      await store.lockUser(tx, caller.userId);
      if (!(await factors.hasFactor(tx, caller.userId))) throw noFactor();
      const backupCodes = await makeBackupCodes(tx, caller.userId, parts);
      await audit.record(tx, { actor: caller.actor, action: "identity.backup_codes.create", subject: `user:${caller.name}`, requestId });
      return { backupCodes };
    });
  }

  /** `totp`, or the id of a passkey. */
  async function removeFactor(caller: Caller, id: string, requestId?: string): Promise<void> {
    mustBeSession(caller);
    const { userId, actor, name } = caller;
    await inTransaction(db, async (tx) => {
      await store.lockUser(tx, userId);
      const gone = id === "totp" ? (await factors.deleteTotp(tx, userId)) && { name: "totp" } : await factors.deletePasskey(tx, userId, id);
      if (!gone) throw new Problem("identity_factor_missing", { kind: "missing", say: "You have no such second factor." });
      const last = !(await factors.hasFactor(tx, userId));
      if (last && (await factors.needsFactor(tx, userId))) throw factorNeeded();
      if (last) await factors.replaceBackupCodes(tx, userId, []);
      await audit.record(tx, {
        actor,
        action: "identity.factor.remove",
        subject: `user:${name}`,
        before: { factor: gone.name },
        requestId,
      });
    });
  }

  return { ownFactors, makeOwnBackupCodes, removeFactor };
}

export function createFactorReset({ db, audit }: Parts) {
  /** For whoever lost theirs, or after a break-in: all factors and sessions end, and the next sign-in begins with enrolling new ones. */
  async function resetFactors({ userId, reason }: { userId: string; reason: string }, by: Granter): Promise<void> {
    await inTransaction(db, async (tx) => {
      const user = await store.lockUser(tx, userId);
      if (!user) throw new Problem("identity_user_missing", { kind: "missing", say: `There is no user with the id "${userId}".` });
      mustCover(by, ...user.grants);
      await factors.deleteTotp(tx, userId);
      for (const { id } of await factors.passkeysOf(tx, userId)) await factors.deletePasskey(tx, userId, id);
      await factors.replaceBackupCodes(tx, userId, []);
      await factors.setMustEnrol(tx, userId, true);
      const endedSessions = await endWhatIsOpen(tx, userId);
      await audit.record(tx, {
        ...entryBy(by),
        action: "identity.factors.reset",
        subject: `user:${user.name}`,
        after: { endedSessions },
        reason,
      });
    });
  }

  return { resetFactors };
}

function passkeyOf(row: factors.PasskeyRow): OwnFactors["passkeys"][number] {
  const { id, name, created_at, last_used_at, backed_up: synced } = row;
  return { id, name, synced, createdAt: created_at.toISOString(), ...(last_used_at ? { lastUsedAt: last_used_at.toISOString() } : {}) };
}

function noFactor(): Problem {
  return new Problem("identity_factor_missing", { kind: "conflict", say: "Backup codes stand beside a second factor; enrol one first." });
}

function factorNeeded(): Problem {
  return new Problem("identity_factor_needed", {
    kind: "conflict",
    say: "Your role needs a second factor; enrol another one before you remove this.",
  });
}
