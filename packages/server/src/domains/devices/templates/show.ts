/** Values as text: Python's `str` and `repr`. */
import { fail } from "./fault.ts";
import { showFloat } from "./floats.ts";
import { pairs } from "./iterate.ts";
import { quote } from "./text.ts";
import { Blank, describe, Dict, Float, isInt, Lazy, List, Namespace, Range, Tuple, Undefined, View, type Value } from "./values.ts";
import type { Work } from "./work.ts";

/** What `{{ value }}` prints. */
export function show(value: Value, work: Work): string {
  if (value instanceof Blank) return "";
  return typeof value === "string" ? value : represent(value, work);
}

/** Python's `repr`: strings in quotes. What has no text that means anything is refused, an undefined value too. */
export function represent(value: Value, work: Work): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (isInt(value)) return String(value);
  if (value instanceof Float) return showFloat(value.value);
  if (typeof value === "string") {
    work.text(value.length);
    return quote(value);
  }
  if (value instanceof List) return `[${listed(value.items, work)}]`;
  if (value instanceof Tuple) return value.items.length === 1 ? `(${listed(value.items, work)},)` : `(${listed(value.items, work)})`;
  if (value instanceof Dict) return showDict(value, work);
  if (value instanceof View) return showView(value, work);
  if (value instanceof Range) return showRange(value);
  if (value instanceof Undefined) return value.refuse();
  return fail(`${describe(value)} has no text`, mendFor(value));
}

function mendFor(value: Value): string {
  if (value instanceof Lazy) return "Make a list or a text of it: `| list` or `| join(' ')`.";
  if (value instanceof Namespace) return "Print one of its attributes.";
  return "Did you mean to call it, as in `name()`?";
}

function listed(items: readonly Value[], work: Work): string {
  work.enter("a printed value");
  const parts = items.map((item) => represent(item, work));
  work.leave();
  return joined(parts, ", ", work);
}

/** Joins after asking whether the result may be that long. */
export function joined(parts: readonly string[], between: string, work: Work): string {
  let length = between.length * Math.max(0, parts.length - 1);
  for (const part of parts) length += part.length;
  work.text(length);
  return parts.join(between);
}

function showDict(dict: Dict, work: Work): string {
  work.enter("a printed value");
  const parts = Array.from(dict.entries(), ([key, value]) => `${represent(key, work)}: ${represent(value, work)}`);
  work.leave();
  return `{${joined(parts, ", ", work)}}`;
}

function showView(view: View, work: Work): string {
  const items = view.kind === "items" ? [...pairs(view.of)] : [...(view.kind === "keys" ? view.of.keys() : view.of.values())];
  return `dict_${view.kind}([${listed(items, work)}])`;
}

function showRange({ start, stop, step }: Range): string {
  return step === 1 ? `range(${String(start)}, ${String(stop)})` : `range(${String(start)}, ${String(stop)}, ${String(step)})`;
}
