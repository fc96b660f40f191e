/** `Compare`, fetched when it is first shown. */
import { lazy, Suspense, type ComponentProps } from "react";
import { TextSkeleton } from "../skeletons.tsx";

const Drawn = lazy(() => import("./compare.tsx").then((module) => ({ default: module.Compare })));

export function LazyCompare(props: ComponentProps<typeof Drawn>) {
  return (
    <Suspense fallback={<TextSkeleton />}>
      <Drawn {...props} />
    </Suspense>
  );
}
