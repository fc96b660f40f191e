/** What rolling a plan out touches, for those who may for some labels only. */
import type { Plan } from "@holdfast/contract";
import type { Touched } from "../../app/session.ts";

export function touchedBy({ changes, partial }: Plan): Touched {
  return partial ? "partly seen" : changes.map(({ labels }) => labels);
}
