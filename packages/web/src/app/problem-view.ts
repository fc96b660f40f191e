/** What a failed call looks like to a person. */
import { isProblem, type ProblemPlace } from "@holdfast/kit";
import { requestIdOf } from "virtual:contract";

export interface ProblemView {
  say: string;
  code: string;
  status: number | undefined;
  requestId: string | undefined;
  places: ProblemPlace[];
}

/** Any thrown value as a sentence with what is needed to find it in the log. */
export function viewProblem(thrown: unknown): ProblemView {
  if (isProblem(thrown))
    return { say: thrown.message, code: thrown.code, status: thrown.status, requestId: requestIdOf(thrown), places: thrown.places };
  return {
    say: "The console itself failed here; reload the page. If it stays, its developers need the text below.",
    code: thrown instanceof Error ? thrown.message : String(thrown),
    status: undefined,
    requestId: undefined,
    places: [],
  };
}

/** True when the session is over or was never there. */
export function isSignedOut(thrown: unknown): boolean {
  return isProblem(thrown) && thrown.kind === "unauthenticated";
}

export function isMissing(thrown: unknown): boolean {
  return isProblem(thrown) && thrown.kind === "missing";
}
