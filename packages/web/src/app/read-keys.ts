/** The keys of reads: the route and its input, e.g. `["devices", "get", { id }]`. Pure. */
import type { QueryKey } from "@tanstack/react-query";
import type { RouteName } from "./api.ts";

/** The key of everything that a route gave, or of one input. */
export function keyOf(name: RouteName, ...input: unknown[]): QueryKey {
  return [...name.split("."), ...input];
}
