/** Who is signed in, and what they may do. */
import { useQuery } from "@tanstack/react-query";
import type { Permission } from "@holdfast/contract";
import { writeGrants } from "@holdfast/kit";
import { routeOf, type RouteName, type RouteOutput } from "./api.ts";
import { read } from "./reads.ts";

export type Me = RouteOutput<"identity.me">;

export const meRead = () => ({ ...read("identity.me", undefined), staleTime: 60_000 });

/** The caller; every page inside the shell has one. */
export function useMe(): Me | undefined {
  return useQuery(meRead()).data;
}

/** Whether somebody holds a permission. `self` and `public` are held by all who are signed in. */
export function holds(me: Me | undefined, permission: Permission): boolean {
  if (permission === "public" || permission === "self") return true;
  return me?.permissions.includes(permission) ?? false;
}

/** A sentence that says why somebody may not call a route; undefined when they may. */
export function whyNot(me: Me | undefined, route: RouteName): string | undefined {
  const { permission, scoped } = routeOf(route).meta;
  if (me === undefined || permission === "public" || permission === "self") return undefined;
  if (!holds(me, permission)) return `This needs the permission ${permission}, which you (${writeGrants(me.user.grants)}) do not have.`;
  // Which role gives it is not known here; the server's answer is what counts. Somebody whose every role is limited is told beforehand.
  const limited = scoped !== true && me.user.grants.length > 0 && me.user.grants.every(({ selector }) => selector !== undefined);
  return limited
    ? `This needs a role that counts everywhere; yours (${writeGrants(me.user.grants)}) counts for some labels only.`
    : undefined;
}

export function useMay(): (route: RouteName) => boolean {
  const me = useMe();
  return (route) => me !== undefined && whyNot(me, route) === undefined;
}
