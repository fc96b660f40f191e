/** What errors of PostgreSQL and its driver mean to a caller. */
import { isProblem, Problem } from "@holdfast/kit";
import pg from "pg";

/** Words of the driver for a connection that could not be had or broke. */
const brokenConnection =
  /^(Connection terminated|Client (was closed|has encountered a connection error)|timeout exceeded|timeout expired|Query read timeout|Cannot use a pool|Postgres connection has been discarded)/;
const systemErrors = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

const unavailable: ProblemText = {
  code: "database_unavailable",
  kind: "unavailable",
  say: "The database does not answer. Nothing was lost; try again in a moment.",
};

interface ProblemText {
  code: string;
  kind: "unavailable" | "conflict" | "not_ready";
  say: string;
}

/** SQLSTATEs (PostgreSQL, appendix A) that are about the state of the server, not about the statement. */
const states: Record<string, ProblemText> = {
  "57014": {
    code: "database_timeout",
    kind: "unavailable",
    say: "The database took too long for this request. Try again, or ask for less at once.",
  },
  "55P03": { code: "database_busy", kind: "unavailable", say: "Another operation holds what this one needs. Try again in a moment." },
  "40001": { code: "database_conflict", kind: "conflict", say: "Another operation changed the same thing at the same time. Try again." },
  "40P01": { code: "database_conflict", kind: "conflict", say: "Another operation changed the same thing at the same time. Try again." },
  "53100": {
    code: "database_disk_full",
    kind: "unavailable",
    say: "The database's disk is full: nothing more can be stored. Free some space.",
  },
  "53300": {
    code: "database_unavailable",
    kind: "unavailable",
    say: "The database server has no connection left. Raise its max_connections, or run fewer replicas.",
  },
};

const refused: ProblemText = {
  code: "database_refused",
  kind: "not_ready",
  say: "The database server refused us. Check the user, the password and the database's name in DATABASE_URL, and that it admits this machine.",
};

/** The error as a Problem where it says something about the server; errors of the statement itself (constraints, syntax) stay as they are. */
export function explainDatabaseError(thrown: unknown): unknown {
  if (isProblem(thrown)) return thrown;
  const text = textFor(thrown);
  return text ? new Problem(text.code, { kind: text.kind, say: text.say, because: thrown }) : thrown;
}

/** For a caller who goes on with a connection that broke before. */
export function connectionLost(): Problem {
  return new Problem(unavailable.code, { kind: unavailable.kind, say: unavailable.say });
}

/** True when the connection on which this was thrown is of no further use. */
export function breaksConnection(thrown: unknown): boolean {
  return textFor(thrown) === unavailable;
}

function textFor(thrown: unknown): ProblemText | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
  if (!(thrown instanceof pg.DatabaseError))
    return systemErrors.has(code) || brokenConnection.test(thrown.message) ? unavailable : undefined;
  if (code.startsWith("28") || code === "3D000") return refused;
  if (code.startsWith("08") || code.startsWith("57P") || code === "25P03") return unavailable;
  return states[code];
}

/** True for a breach of a unique constraint, of the named one when a name is given. */
export function isUniqueViolation(thrown: unknown, constraint?: string): boolean {
  return violates(thrown, "23505", constraint);
}

function violates(thrown: unknown, state: string, constraint?: string): boolean {
  return thrown instanceof pg.DatabaseError && thrown.code === state && (constraint === undefined || thrown.constraint === constraint);
}
