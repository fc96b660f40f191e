/** What the parts of this module are made of. */
import type { Clock } from "@holdfast/kit";
import type { Audit } from "#core/audit";
import type { Db } from "#platform/db";
import type { Passwords } from "./passwords.ts";
import type { SessionTimes } from "./sessions.ts";

export interface Parts {
  db: Db;
  audit: Audit;
  clock: Clock;
  passwords: Passwords;
  times: SessionTimes;
  /** Counts tries to sign in. */
  counted(outcome: "tried" | "failed"): void;
}
