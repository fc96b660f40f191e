/** Ids: sortable by time, safe in a URL, branded so that one kind is not passed for another. */

declare const brand: unique symbol;
export type Id<Kind extends string> = string & { readonly [brand]: Kind };

export type DeviceId = Id<"device">;
export type RepositoryId = Id<"repository">;
export type PlanId = Id<"plan">;
export type RolloutId = Id<"rollout">;
export type FindingId = Id<"finding">;
export type SecretId = Id<"secret">;
export type UserId = Id<"user">;

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford base 32, lower case

/** A new id: `<prefix>_` + 10 characters of time (ms) + 12 random characters; sorts by time of making. */
export function newId<Kind extends string>(prefix: string, atMs: number = Date.now()): Id<Kind> {
  let time = "";
  for (let rest = atMs, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = alphabet.charAt(rest % 32) + time;
  const random = crypto.getRandomValues(new Uint8Array(12));
  return `${prefix}_${time}${Array.from(random, (byte) => alphabet.charAt(byte % 32)).join("")}` as Id<Kind>;
}
