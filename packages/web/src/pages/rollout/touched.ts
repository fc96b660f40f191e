/** What rolling a plan out touches, for those who may for some labels only. */
import type { Plan } from "@holdfast/contract";
import type { Touched } from "../../app/session.ts";

/** A plan that is seen in part may have changes besides; only the server knows. */
export function touchedBy({ changes, partial }: Plan): Touched {
  const seen = changes.map(({ labels }) => labels);
  return partial && seen.length === 0 ? "partly seen" : seen;
}
