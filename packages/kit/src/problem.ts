/** One error type for the whole system: a code to search for, a kind that decides the reaction, a sentence that is safe for anyone. */

export const problemKinds = [
  "invalid",
  "unauthenticated",
  "forbidden",
  "missing",
  "conflict",
  "not_ready",
  "limit",
  "unavailable",
  "broken",
] as const;
export type ProblemKind = (typeof problemKinds)[number];

/** What each kind becomes at the edges: the HTTP status (RFC 9457), the exit code of the CLI, the level of the log line. */
export const problemEdges: Record<ProblemKind, { status: number; exit: number; level: "info" | "warn" | "error" }> = {
  invalid: { status: 400, exit: 4, level: "info" },
  unauthenticated: { status: 401, exit: 2, level: "info" },
  forbidden: { status: 403, exit: 3, level: "warn" },
  missing: { status: 404, exit: 5, level: "info" },
  conflict: { status: 409, exit: 6, level: "info" },
  not_ready: { status: 409, exit: 6, level: "info" },
  limit: { status: 429, exit: 7, level: "warn" },
  unavailable: { status: 503, exit: 8, level: "warn" },
  broken: { status: 500, exit: 1, level: "error" },
};

/** One place where something is wrong, e.g. `{ at: "inventory/lyon.yaml:12", say: "port must be 1–65535" }`. Shown to the user. */
export interface ProblemPlace {
  at: string;
  say: string;
}

export interface ProblemParts {
  kind: ProblemKind;
  /** A sentence that is safe for anyone: what is wrong, where, and how to mend it. Never a secret. */
  say: string;
  /** Places, for input with several faults. Shown to the user. */
  places?: ProblemPlace[];
  /** The cause, for logs only. */
  because?: unknown;
  /** Facts for logs only (redacted there). */
  with?: Record<string, unknown>;
  /** HTTP status where the kind's is too coarse (412, 413, 415, 422, 428). */
  status?: number;
}

export class Problem extends Error {
  readonly code: string;
  readonly kind: ProblemKind;
  readonly places: ProblemPlace[];
  readonly facts: Record<string, unknown>;
  readonly status: number;

  /** @param code snake_case with the module first, e.g. `devices_host_key_changed`. */
  constructor(code: string, parts: ProblemParts) {
    super(parts.say, parts.because === undefined ? undefined : { cause: parts.because });
    this.name = "Problem";
    this.code = code;
    this.kind = parts.kind;
    this.places = parts.places ?? [];
    this.facts = parts.with ?? {};
    this.status = parts.status ?? problemEdges[parts.kind].status;
  }
}

/** The RFC 9457 document that a caller gets. `request_id` finds the log lines. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  errors?: ProblemPlace[];
  request_id?: string;
}

/** True for a Problem, also one made by another copy of this module. */
export function isProblem(thrown: unknown): thrown is Problem {
  return thrown instanceof Error && thrown.name === "Problem" && "kind" in thrown && "code" in thrown;
}

/** Any thrown value as a Problem: a Problem stays itself, all else is `broken` with a sentence that gives nothing away. */
export function asProblem(thrown: unknown): Problem {
  if (isProblem(thrown)) return thrown;
  return new Problem("internal", {
    kind: "broken",
    say: "Something went wrong inside Holdfast; the log has the details.",
    because: thrown,
  });
}

/** A one-line text of any thrown value, for a log or a record; no stack. */
export function sayError(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

export function toProblemDocument(problem: Problem, requestId?: string): ProblemDocument {
  const document: ProblemDocument = {
    type: `urn:holdfast:problem:${problem.code}`,
    title: problem.kind.replace("_", " "),
    status: problem.status,
    code: problem.code,
    detail: problem.message,
  };
  if (problem.places.length > 0) document.errors = problem.places;
  if (requestId !== undefined) document.request_id = requestId;
  return document;
}
