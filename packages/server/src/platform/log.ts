/** Structured logs: one JSON object per line, secrets hidden, a Problem told with its code, kind, facts and causes. */
import { isProblem, redact } from "@holdfast/kit";
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from "pino";

export type Log = Logger;

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** The process's logger. Parts of the program take `log.child({ part })`, requests `log.child({ requestId })`. Writes to stdout unless told. */
export function createLog({ level, to }: { level: LogLevel; to?: DestinationStream }): Log {
  const options = {
    level,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: describeFields },
    serializers: { err: (described: unknown) => described },
    hooks: { streamWrite: (line: string) => escapeStrange(hideCredentials(line)) },
  };
  return to ? pino(options, to) : pino(options);
}

/** A logger that says nothing, for tests and tools. */
export const silentLog: Log = pino({ level: "silent" });

function describeFields(fields: Record<string, unknown>): Record<string, unknown> {
  const plain = redact(fields) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, value instanceof Error ? describeError(value) : value]));
}

/** An error as fields of a log line; causes are followed up to five deep. */
export function describeError(thrown: unknown, depth = 0): unknown {
  if (!(thrown instanceof Error)) return redact(thrown);
  const described: Record<string, unknown> = { type: thrown.name, message: thrown.message };
  if (isProblem(thrown)) {
    described["code"] = thrown.code;
    described["kind"] = thrown.kind;
    if (Object.keys(thrown.facts).length > 0) described["facts"] = describeFields(thrown.facts);
    if (thrown.places.length > 0) described["places"] = thrown.places;
  } else if ("code" in thrown) described["code"] = thrown.code;
  if (thrown.stack !== undefined) described["stack"] = thrown.stack;
  if (thrown.cause !== undefined && depth < 5) described["cause"] = describeError(thrown.cause, depth + 1);
  if (thrown instanceof AggregateError && depth < 5) described["errors"] = thrown.errors.map((one) => describeError(one, depth + 1));
  return described;
}

/** The last net: passwords in URLs and bearer tokens that came in through the text of somebody else's error. */
function hideCredentials(line: string): string {
  return line
    .replaceAll(/(:\/\/[^\s:/@"]*):[^\s@"]+@/g, "$1:[redacted]@")
    .replaceAll(/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, "$1 [redacted]");
}

/**
 * JSON itself escapes line ends and most control characters. These it lets through: they end a line, drive a terminal or turn the order of
 * letters around where somebody reads the log.
 */
function escapeStrange(line: string): string {
  return line.replaceAll(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
