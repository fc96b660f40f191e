/** How the last fetch of a repository went. Pure. */
import type { Repository } from "@holdfast/contract";
import type { Look } from "../../parts/states.ts";

export function fetchLook(row: Pick<Repository, "problem" | "fetchedAt">): Look {
  if (row.problem !== undefined) return { tone: "bad", shape: "cross", word: "failed" };
  if (row.fetchedAt === undefined) return { tone: "mute", shape: "dashed", word: "not yet" };
  return { tone: "ok", shape: "check", word: "up to date" };
}
