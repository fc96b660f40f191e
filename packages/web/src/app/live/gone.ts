/** What the live stream said is gone: a page that shows it says so, and asks for it no more. */
import { skipToken, useQuery, type QueryClient } from "@tanstack/react-query";
import type { LiveEvent } from "@holdfast/contract";

const keyOf = (subject: string): [string, string] => ["gone", subject];

/** Notes an event that says that its subject was removed. */
export function noteGone(queries: QueryClient, { type, subject, at }: Pick<LiveEvent, "type" | "subject" | "at">): void {
  if (type.endsWith(".removed")) queries.setQueryData<string>(keyOf(subject), at);
}

/** Since when a subject is gone; undefined while it is there, or not known to be gone. */
export function useGone(subject: string): string | undefined {
  return useQuery<string>({ queryKey: keyOf(subject), queryFn: skipToken, gcTime: Number.POSITIVE_INFINITY }).data;
}
