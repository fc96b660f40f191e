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

const unprotected: ProblemText = {
  code: "database_tls_refused",
  kind: "not_ready",
  say: "No protected connection to the database server could be made: its certificate or name is not what it should be, it does not take ours, or it speaks no TLS 1.3. Check HOLDFAST_DATABASE_CA_FILE and HOLDFAST_DATABASE_CERTIFICATE; HOLDFAST_DATABASE_TLS=off is for a network that nobody else is on.",
};

/** Words of Node and OpenSSL for certificates and protocols that do not suit. */
const tlsError = /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH|EPROTO$)/;

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
  if (tlsError.test(code) || thrown.message.startsWith("The server does not support SSL connections")) return unprotected;
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
