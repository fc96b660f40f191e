/** Sealed storage with a key ring that tests share. */
import { Secret, type Clock } from "@holdfast/kit";
import type { Audit } from "#core/audit";
import { createSecrets, type Secrets } from "#core/secrets";
import type { Db } from "#platform/db";
import { silentLog } from "#platform/log";

export function testSecrets(deps: { db: Db; audit: Audit; clock?: Clock }): Promise<Secrets> {
  const keys = { inline: new Secret(`test:${Buffer.alloc(32, 7).toString("base64")}`) };
  return createSecrets({ ...deps, keys, log: silentLog });
}
