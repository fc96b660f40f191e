/**
 * Who may do what, and where: the one question (`can`), and the same question as a condition in SQL (`reachSql`), so that lists,
 * counts and cursors are right. A property test holds the two against each other.
 */
import type { Permission } from "@holdfast/contract";
import { matches, Problem, type Labels, type SelectorTerm } from "@holdfast/kit";
import { sql, type RawBuilder } from "kysely";

/** Where a permission counts: everywhere, or for what one of these selectors fits; for nothing when there is none. */
export type Reach = "everywhere" | readonly SelectorTerm[][];
/** What a caller may do, each with where. */
export type Access = ReadonlyMap<Permission, Reach>;
/** Somebody with an access; `unlimited` is the program itself. */
export interface Permitted {
  readonly access: Access | "unlimited";
}

/** Who asks for an act, through which request, and what they may do. */
export interface Asker extends Permitted {
  actor: string;
  /** No person, but a service account. */
  program?: boolean | undefined;
  requestId?: string | undefined;
}

/** What is on record of who asked. */
export function entryBy({ actor, requestId }: Asker): Pick<Asker, "actor" | "requestId"> {
  return { actor, requestId };
}

/** What this program does by itself, e.g. `system:drift`. */
export function bySystem(name: string): Asker {
  return { actor: `system:${name}`, access: "unlimited" };
}

/** Where a permission counts for somebody. */
export function reachOf({ access }: Permitted, permission: Permission): Reach {
  return access === "unlimited" ? "everywhere" : (access.get(permission) ?? []);
}

/** What one of several permissions reaches: e.g. what may be read, or at least be worked on. */
export function reachOfAny(caller: Permitted, ...permissions: Permission[]): Reach {
  const all = permissions.map((permission) => reachOf(caller, permission));
  return all.includes("everywhere") ? "everywhere" : all.flatMap((reach) => (reach === "everywhere" ? [] : reach));
}

/**
 * Whether this caller (undefined: nobody is signed in) may do what needs `permission`: to the thing with these labels, or,
 * when no labels are told, to anything at all. What has no labels is only for those who may everywhere.
 */
export function can(caller: Permitted | undefined, permission: Permission, labels?: Labels): boolean {
  if (permission === "public") return true;
  if (caller === undefined) return false;
  if (permission === "self") return true;
  const reach = reachOf(caller, permission);
  if (reach === "everywhere") return true;
  return labels === undefined ? reach.length > 0 : reach.some((terms) => matches([...terms], labels));
}

/** The same as SQL over an expression that is the thing's labels as jsonb, never null. */
export function reachSql(reach: Reach, labels: RawBuilder<unknown>): RawBuilder<boolean> {
  if (reach === "everywhere") return sql<boolean>`true`;
  return anyOf(reach.map((terms) => termsSql(terms, labels)));
}

/** A selector as SQL: all its terms hold. */
export function termsSql(terms: readonly SelectorTerm[], labels: RawBuilder<unknown>): RawBuilder<boolean> {
  return terms.length === 0
    ? sql<boolean>`true`
    : sql<boolean>`(${sql.join(
        terms.map((term) => termSql(term, labels)),
        sql` and `,
      )})`;
}

function termSql(term: SelectorTerm, labels: RawBuilder<unknown>): RawBuilder<boolean> {
  switch (term.op) {
    case "exists":
      return sql<boolean>`${labels} ? ${term.key}`;
    case "absent":
      return sql<boolean>`not ${labels} ? ${term.key}`;
    case "in":
      return hasOneOf(term, labels);
    case "notin":
      return sql<boolean>`not ${hasOneOf(term, labels)}`;
  }
}

/** By containment, which an index over the labels answers. */
function hasOneOf({ key, values }: { key: string; values: string[] }, labels: RawBuilder<unknown>): RawBuilder<boolean> {
  return anyOf(values.filter(isKept).map((value) => sql<boolean>`${labels} @> ${JSON.stringify({ [key]: value })}::jsonb`));
}

/** False of text that PostgreSQL cannot keep, so that no label has it. */
function isKept(value: string): boolean {
  return !value.includes("\0") && value.isWellFormed();
}

function anyOf(conditions: RawBuilder<boolean>[]): RawBuilder<boolean> {
  return conditions.length === 0 ? sql<boolean>`false` : sql<boolean>`(${sql.join(conditions, sql` or `)})`;
}

/** For what somebody sees and may not do to it. What they may not even see is missing instead. */
export function outOfReach(permission: Permission, what: string): Problem {
  return new Problem("forbidden_here", {
    kind: "forbidden",
    say: `This needs the permission ${permission} for ${what}; yours counts for other labels only.`,
  });
}
