/** What a list needs to know of a read in pages, so that it asks for the next page in time. */
import type { UseInfiniteQueryResult } from "@tanstack/react-query";

export interface MorePages {
  hasMore: boolean;
  loading: boolean;
  load: () => void;
}

export function moreOf(query: Pick<UseInfiniteQueryResult, "hasNextPage" | "isFetchingNextPage" | "fetchNextPage">): MorePages {
  return { hasMore: query.hasNextPage, loading: query.isFetchingNextPage, load: () => void query.fetchNextPage() };
}
