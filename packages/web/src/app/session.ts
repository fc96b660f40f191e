/** Who is signed in, and what they may do. */
import { useQuery } from "@tanstack/react-query";
import { routeOf, type RouteName, type RouteOutput } from "./api.ts";
import { whyRefused, type Touched } from "./may.ts";
import { read } from "./reads.ts";

export type { Touched } from "./may.ts";

export type Me = RouteOutput<"identity.me">;

export const meRead = () => ({ ...read("identity.me", undefined), staleTime: 60_000 });

/** The caller; every page inside the shell has one. */
export function useMe(): Me | undefined {
  return useQuery(meRead()).data;
}

/** A sentence that says why somebody may not call a route, or not for what it would touch; undefined when they may. */
export function whyNot(me: Me | undefined, route: RouteName, touched?: Touched): string | undefined {
  return whyRefused(me, routeOf(route).meta, touched);
}

export function useMay(): (route: RouteName, touched?: Touched) => boolean {
  const me = useMe();
  return (route, touched) => me !== undefined && whyNot(me, route, touched) === undefined;
}
