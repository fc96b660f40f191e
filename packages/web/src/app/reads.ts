/** Reads for TanStack Query. The key of a read is its route and its input: `["devices", "get", { id }]`. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { invoke, type RouteInput, type RouteName, type RouteOutput } from "./api.ts";
import { keyOf } from "./read-keys.ts";

type Paged = {
  [R in RouteName]: RouteOutput<R> extends { items: unknown[]; next?: string | undefined }
    ? RouteInput<R> extends { cursor?: string | undefined } | undefined
      ? R
      : never
    : never;
}[RouteName];
type ItemOf<R extends Paged> = RouteOutput<R> extends { items: (infer I)[] } ? I : never;

/** One answer of a route. */
export function read<R extends RouteName>(name: R, input: RouteInput<R>) {
  return queryOptions({
    queryKey: keyOf(name, input),
    queryFn: ({ signal }) => invoke(name, input, { signal }),
  });
}

/** The largest pages that the API gives: ten thousand rows are twenty of them. */
const pageSize = 500;

/** All pages of a list, fetched as they are needed. The answer is the items read so far. */
export function readPages<R extends Paged>(name: R, input: Omit<NonNullable<RouteInput<R>>, "cursor" | "limit">) {
  return infiniteQueryOptions({
    queryKey: keyOf(name, "pages", input),
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const page = { ...input, limit: pageSize, ...(pageParam !== undefined && { cursor: pageParam }) };
      return (await invoke(name, page as RouteInput<R>, { signal })) as { items: ItemOf<R>[]; next?: string };
    },
    getNextPageParam: (page) => page.next,
    select: (pages) => pages.pages.flatMap((page) => page.items),
  });
}
