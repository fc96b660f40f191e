/** Signing in, linking, and proving again who one is, with the password of a directory. */
import type { ExternalIdentity, LdapSettings } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { inTransaction } from "#platform/db";
import { accountLimit, addressBucket, addressLimit } from "./attempts.ts";
import type { Caller } from "./authenticate.ts";
import type { SignInAnswer } from "./challenges.ts";
import type { createExternalIdentities, Proved } from "./external-identities.ts";
import { proveByPassword } from "./ldap.ts";
import { foldName } from "./names.ts";
import type { Parts } from "./deps.ts";
import { enabledProvider, secretOf, wrongKind } from "./providers.ts";
import { tooMany } from "./proofs.ts";
import type { From } from "./sessions.ts";
import * as store from "./store.ts";
import { hashToken } from "./tokens.ts";

interface Asked {
  id: string;
  name: string;
  password: string;
}

export function createDirectorySignIn(parts: Parts, people: ReturnType<typeof createExternalIdentities>) {
  const { db, clock } = parts;

  async function signInAtDirectory(asked: Asked, from: From): Promise<SignInAnswer> {
    parts.counted("tried");
    const proved = await proveCounted(asked, from);
    return people.arrive(proved, from);
  }

  async function linkAtDirectory(asked: Asked, caller: Caller, from: From): Promise<ExternalIdentity> {
    return people.linkSelf(await proveCounted(asked, from), caller, from.requestId);
  }

  /** Tries are counted here too, so that the directory's own lock-out is not in anybody's hands. */
  async function proveCounted({ id, name, password }: Asked, from: From): Promise<Proved> {
    const row = await enabledProvider(db, id);
    if (row.settings.kind !== "ldap") throw wrongKind(id);
    const bucket = `provider:${id}:${hashToken(foldName(name)).toString("base64url")}`;
    const counters = [
      ...(from.address === undefined ? [] : [{ bucket: addressBucket(from.address), limit: addressLimit }]),
      { bucket, limit: accountLimit },
    ];
    for (const counter of counters) await reserve(counter);
    const proved = await proveByPassword(
      { ...row, settings: row.settings as LdapSettings },
      { name, password, secret: secretOf(row, parts) },
      parts.egress,
    );
    if (proved) {
      for (const counter of counters) await store.giveTryBack(db, counter.bucket);
      return proved;
    }
    parts.counted("failed");
    const entry = { actor: "anonymous", action: "identity.session.refuse", subject: `provider:${id}`, after: { address: from.address } };
    await inTransaction(db, (tx) => parts.audit.record(tx, { ...entry, reason: "name or password wrong", requestId: from.requestId }));
    throw new Problem("identity_sign_in_refused", { kind: "unauthenticated", say: "The name or the password is wrong." });
  }

  async function reserve({ bucket, limit }: { bucket: string; limit: typeof accountLimit }): Promise<void> {
    const now = clock.now();
    const { tries, since } = await store.countTry(db, bucket, { limit, now: new Date(now) });
    if (tries > limit.tries) throw tooMany(Math.max(1, Math.ceil((since.getTime() + limit.windowMs - now) / 1000)));
  }

  return { signInAtDirectory, linkAtDirectory };
}
