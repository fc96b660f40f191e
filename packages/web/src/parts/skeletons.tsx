/** Places of what is still to come, of the size that it will have, so that nothing jumps. */
import { Skeleton } from "@mantine/core";

export function RowsSkeleton({ rows = 8, height = 36 }: { rows?: number; height?: number }) {
  return (
    <output aria-busy="true" aria-label="Reading" style={{ padding: "4px 14px" }}>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} style={{ display: "flex", gap: 24, alignItems: "center", height }}>
          <Skeleton height={10} width={`${22 + ((row * 7) % 14)}%`} />
          <Skeleton height={10} width={`${12 + ((row * 5) % 9)}%`} />
          <Skeleton height={10} width={`${30 - ((row * 3) % 11)}%`} />
        </div>
      ))}
    </output>
  );
}

export function TextSkeleton({ lines = 12 }: { lines?: number }) {
  return (
    <output aria-busy="true" aria-label="Reading" style={{ padding: 14 }}>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={9} mb={9} width={`${28 + ((line * 37) % 48)}%`} />
      ))}
    </output>
  );
}
