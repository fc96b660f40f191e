/** Second factors as the module shows them. */
import type { Parts } from "./deps.ts";
import { createChallenges } from "./challenges.ts";
import { createEnrolment } from "./enrolment.ts";
import { createFactorReset, createFactors } from "./factors.ts";
import { createOwnPassword } from "./own-password.ts";
import { createStepUp } from "./step-up.ts";
import { sweepChallenges } from "./store-factors.ts";
import { sweepPersonTokens } from "./store-people.ts";
import { seedsResealer } from "./totp.ts";
import type { Db } from "#platform/db";

/** Each act is documented where it is made. @throws Problem `identity_*`, as said there */
export type FactorActs = ReturnType<typeof createFactorActs>;

export function createFactorActs(parts: Parts) {
  parts.secrets.addResealer(seedsResealer(parts.db));
  const own = { ...createEnrolment(parts), ...createFactors(parts), ...createOwnPassword(parts) };
  return { ...createChallenges(parts), ...createStepUp(parts), ...own, ...createFactorReset(parts) };
}

/** Removes challenges and tokens that have ended; how many. */
export async function sweepFactors(db: Db, now: Date): Promise<number> {
  return (await sweepChallenges(db, now)) + (await sweepPersonTokens(db, now));
}
