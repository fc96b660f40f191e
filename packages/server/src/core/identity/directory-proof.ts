/** A person of a directory proves again who they are, with the password there. */
import type { LdapSettings } from "@holdfast/contract";
import type { Parts } from "./deps.ts";
import { proveByPassword } from "./ldap.ts";
import { secretOf } from "./providers.ts";
import * as links from "./store-providers.ts";

/** @throws Problem `identity_directory_unusable`, `egress_*` */
export async function proveAgainByPassword(
  { row, userId, password }: { row: links.ProviderRow; userId: string; password: string },
  parts: Pick<Parts, "db" | "secrets" | "egress">,
): Promise<boolean> {
  const mine = (await links.identitiesOf(parts.db, userId)).filter(({ provider_id: id }) => id === row.id);
  const secret = secretOf(row, parts);
  for (const { name, subject } of mine) {
    const proved = await proveByPassword({ ...row, settings: row.settings as LdapSettings }, { name, password, secret }, parts.egress);
    if (proved?.subject === subject) return true;
  }
  return false;
}
