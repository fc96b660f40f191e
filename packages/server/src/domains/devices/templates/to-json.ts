/** The filter `tojson`: Python's `json.dumps` with sorted keys, and < > & ' escaped as Jinja does. */
import { fail } from "./fault.ts";
import { showFloat } from "./floats.ts";
import { joined } from "./show.ts";
import { sortBy } from "./compare.ts";
import { describe, Dict, Float, isInt, List, Tuple, Undefined, type Value } from "./values.ts";
import type { Work } from "./work.ts";

/** `indent` spaces per level; on one line without. */
export function toJson(value: Value, indent: number | undefined, work: Work): string {
  return write(value, { indent, level: 0, work });
}

interface Writer {
  indent: number | undefined;
  level: number;
  work: Work;
}

function write(value: Value, writer: Writer): string {
  writer.work.step();
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "string") return text(value, writer.work);
  if (isInt(value)) return String(value);
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof List || value instanceof Tuple)
    return enclosed(
      "[]",
      inner(writer, (next) => value.items.map((item) => write(item, next))),
      writer,
    );
  if (value instanceof Dict)
    return enclosed(
      "{}",
      inner(writer, (next) => entries(value, next)),
      writer,
    );
  if (value instanceof Undefined) return value.refuse();
  return fail(`${describe(value)} cannot be written as JSON`, "Make a list of it first: `| list`.");
}

function inner(writer: Writer, make: (next: Writer) => string[]): string[] {
  writer.work.enter("JSON");
  const parts = make({ ...writer, level: writer.level + 1 });
  writer.work.leave();
  return parts;
}

function entries(dict: Dict, writer: Writer): string[] {
  const sorted = sortBy([...dict.entries()], ([key]) => key, { reverse: false, work: writer.work });
  return sorted.map(([key, value]) => `${keyText(key, writer.work)}: ${write(value, writer)}`);
}

function keyText(key: Value, work: Work): string {
  if (typeof key === "string") return text(key, work);
  if (key === null || typeof key === "boolean" || isInt(key) || key instanceof Float)
    return `"${write(key, { indent: undefined, level: 0, work })}"`;
  return fail(`${describe(key)} cannot be a key in JSON`);
}

function enclosed([open = "", close = ""]: string, parts: string[], { indent, level, work }: Writer): string {
  if (parts.length === 0) return open + close;
  if (indent === undefined) return open + joined(parts, ", ", work) + close;
  const newline = (depth: number): string => `\n${" ".repeat(Math.max(0, indent * depth))}`;
  work.text(Math.max(0, indent * (level + 1)));
  return open + newline(level + 1) + joined(parts, `,${newline(level + 1)}`, work) + newline(level) + close;
}

function floatText(value: number): string {
  if (Number.isFinite(value)) return showFloat(value);
  return Number.isNaN(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
}

const escapes: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\\": "\\\\", '"': '\\"' };

function text(value: string, work: Work): string {
  work.text(value.length);
  // Everything but printable ASCII, and what Jinja escapes for HTML.
  return `"${value.replaceAll(/[^ -~]|["\\<>&']/g, (one) => escapes[one] ?? `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;
}
