/** What somebody may do, and where, as far as the console can tell beforehand; the server's answer is what counts. */
import type { Permission, RouteMeta } from "@holdfast/contract";
import { matches, parseSelector, writeGrants, type Labels } from "@holdfast/kit";
import type { Me } from "./session.ts";

/** What a route asks of its caller. */
type Needs = Pick<RouteMeta, "permission" | "scoped">;

/** Whether somebody holds a permission. `self` and `public` are held by all who are signed in. */
function holds(me: Me | undefined, permission: Permission): boolean {
  if (permission === "public" || permission === "self") return true;
  return me?.permissions.includes(permission) ?? false;
}

/** What an act touches: the labels of each thing, or that some of it is not seen. */
export type Touched = Labels[] | "partly seen";

/** A sentence that says why somebody may not call a route, or not for what it would touch; undefined when they may. */
export function whyRefused(me: Me | undefined, { permission, scoped }: Needs, touched?: Touched): string | undefined {
  if (me === undefined || permission === "public" || permission === "self") return undefined;
  if (!holds(me, permission)) return `This needs the permission ${permission}, which you (${writeGrants(me.user.grants)}) do not have.`;
  const selectors = me.limited?.find((one) => one.permission === permission)?.selectors;
  if (selectors === undefined) return undefined;
  if (scoped !== true) return `This needs the permission ${permission} everywhere; yours counts for ${selectors.join(" and ")} only.`;
  if (touched === undefined) return undefined;
  if (touched === "partly seen") return "This touches devices that you may not see; whoever does it has to be allowed to for all of them.";
  const alternatives = selectors.map(parseSelector);
  const counts = touched.every((labels) => alternatives.some((terms) => matches(terms, labels)));
  return counts ? undefined : `Your permission ${permission} counts for ${selectors.join(" and ")} only.`;
}
