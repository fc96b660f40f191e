/** The text of an entry that is hashed: one line of JSON with sorted keys (after RFC 8785), so that the same facts give the same bytes. */
import { createHash } from "node:crypto";
import { redact, sayError } from "@holdfast/kit";

/** `redact` looks no deeper than this; what lies deeper is left out rather than shown unredacted. */
const deepest = 8;
/** Characters of `before` or `after` that an entry keeps; more than this is kept as length and hash only. */
const longest = 64 * 1024;

export interface EntryFacts {
  /** ISO 8601, UTC. */
  at: string;
  actor: string;
  action: string;
  subject: string;
  /** Left out: info. */
  severity?: string | undefined;
  reason?: string | undefined;
  requestId?: string | undefined;
  /** Where the request came from. */
  address?: string | undefined;
  before?: unknown;
  after?: unknown;
}

/** The canonical text of an entry whose `before` and `after` went through `keptValue`. */
export function canonicalEntry(facts: EntryFacts): string {
  return canonicalJson({ v: 2, ...facts });
}

/** JSON with keys in code-unit order; undefined members are left out, bytes become their count, errors their message. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value, 0)) ?? "null";
}

/** Text that PostgreSQL can hold and that has one encoding in UTF-8: no NUL, no lone surrogate. */
export function plainText(text: string): string {
  return text.replaceAll("\0", "\uFFFD").toWellFormed();
}

/** What an entry keeps of `before` or `after`: plain JSON, redacted, and only length and hash of what is very long. */
export function keptValue(value: unknown): unknown {
  if (value === undefined) return undefined;
  const text = canonicalJson(redact(value));
  if (text.length <= longest) return JSON.parse(text);
  return { omitted: `${text.length} characters`, sha256: createHash("sha256").update(text).digest("hex") };
}

function sorted(value: unknown, depth: number): unknown {
  if (typeof value === "string") return plainText(value);
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return sayError(value);
  if ("toJSON" in value && typeof value.toJSON === "function") return sorted(value.toJSON(), depth);
  if (depth > deepest) return "[too deep]";
  if (Array.isArray(value)) return value.map((item) => sorted(item, depth + 1));
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [plainText(key), sorted(item, depth + 1)]));
}
