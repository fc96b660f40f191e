/** A read on the screen: a skeleton while it comes, the problem where it failed, the answer otherwise. An answer once read stays while it is read again. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ProblemNotice } from "./problem-notice.tsx";

/** The sentence of a page once its read is there: `null` while it comes, nothing where it failed (the notice says why). */
export function answerOf<T>(query: Pick<UseQueryResult<T>, "data" | "error">, say: (answer: T) => ReactNode): ReactNode {
  if (query.data !== undefined) return say(query.data);
  return query.error === null ? null : undefined;
}

interface LoadedProps<T> {
  query: Pick<UseQueryResult<T>, "data" | "error" | "refetch">;
  skeleton: ReactNode;
  children: (answer: T) => ReactNode;
}

export function Loaded<T>({ query, skeleton, children }: LoadedProps<T>) {
  const again = (): void => void query.refetch();
  if (query.data !== undefined)
    return (
      <>
        {query.error !== null && <ProblemNotice thrown={query.error} retry={again} />}
        {children(query.data)}
      </>
    );
  return query.error === null ? skeleton : <ProblemNotice thrown={query.error} retry={again} />;
}
