/** A person as the review of grants shows them. Pure. */
import type { GrantReport } from "@holdfast/contract";
import { writeGrants } from "@holdfast/kit";
import type { Look } from "../../../parts/states.ts";

export type Person = GrantReport;

export const shows = ["inactive", "no-factor", "disabled"] as const;

export function personLook({ disabled }: Pick<Person, "disabled">): Look {
  return disabled ? { tone: "mute", shape: "skip", word: "disabled" } : { tone: "ok", shape: "check", word: "yes" };
}

export function factorLook({ secondFactor }: Pick<Person, "secondFactor">): Look {
  if (secondFactor === "enrolled") return { tone: "ok", shape: "check", word: "enrolled" };
  return secondFactor === "missing" ? { tone: "warn", shape: "alert", word: "missing" } : { tone: "mute", shape: "ring", word: "none" };
}

interface Wanted {
  q: string | undefined;
  show: (typeof shows)[number] | undefined;
  /** Ids of who has not been here for long. */
  away: ReadonlySet<string>;
}

export function fits(person: Person, { q, show, away }: Wanted): boolean {
  if (show === "inactive" && !away.has(person.id)) return false;
  if (show === "no-factor" && person.secondFactor === "enrolled") return false;
  if (show === "disabled" && !person.disabled) return false;
  const text = `${person.name} ${writeGrants(person.grants)}`.toLowerCase();
  return (q ?? "")
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
