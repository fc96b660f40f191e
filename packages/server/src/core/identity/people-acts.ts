/** How people get in and are looked over, as the module shows it. */
import type { Parts } from "./deps.ts";
import { createInvitations } from "./invitations.ts";
import { createPeople } from "./people.ts";
import { createResets } from "./resets.ts";

/** Each act is documented where it is made. @throws Problem `identity_*`, as said there */
export type PeopleActs = ReturnType<typeof createPeopleActs>;

export function createPeopleActs(parts: Parts) {
  return { ...createInvitations(parts), ...createResets(parts), ...createPeople(parts) };
}
