/** What the parts of this module are made of. */
import type { Clock } from "@holdfast/kit";
import type { Audit } from "#core/audit";
import type { Secrets } from "#core/secrets";
import type { Db } from "#platform/db";
import type { Egress } from "#platform/egress";
import type { Passwords } from "./passwords.ts";
import type { Mail } from "#platform/mail";
import type { Site } from "./passkeys.ts";
import type { PasswordRules } from "./password-rules.ts";
import type { SessionTimes } from "./sessions.ts";

export type Sealing = Pick<Secrets, "seal" | "open" | "addResealer">;

export interface Parts {
  db: Db;
  audit: Audit;
  /** Seals what this module keeps and must read again, e.g. the seed of a second factor. */
  secrets: Sealing;
  clock: Clock;
  passwords: Passwords;
  rules: PasswordRules;
  /** As browsers name us, for passkeys. */
  site: Site;
  /** Undefined: nobody has set one; links are shown to who asked for them. */
  mail: Mail | undefined;
  /** Where people reach us, for the links in mails; undefined where nobody said. */
  publicUrl: string | undefined;
  /** The way out to identity providers. */
  egress: Egress;
  times: SessionTimes;
  /** Counts tries to sign in. */
  counted(outcome: "tried" | "failed"): void;
}
