/** Going through values. */
import { fail } from "./fault.ts";
import { codePoints, textLength } from "./text.ts";
import { Blank, describe, Dict, isInt, Lazy, List, Range, Special, Tuple, Undefined, View, type Value } from "./values.ts";
import type { Work } from "./work.ts";

/** The items of a value, one step each; a fault for what has none. */
export function* iterate(value: Value, work: Work): Generator<Value> {
  for (const item of rawItems(value)) {
    work.step();
    yield item;
  }
}

function rawItems(value: Value): Iterable<Value> {
  if (value instanceof List) return listItems(value);
  if (value instanceof Tuple) return value.items;
  if (typeof value === "string") return codePoints(value);
  if (value instanceof Dict) return value.keys();
  if (value instanceof View) return viewItems(value);
  if (value instanceof Range) return rangeItems(value);
  if (value instanceof Lazy) return restOf(value);
  if (value instanceof Undefined) return value instanceof Blank ? [] : value.refuse();
  return fail(`${describe(value)} cannot be gone through`, "A for loop and most filters need a list, a mapping or a string.");
}

/** By index, because a template may append to what it goes through. */
function* listItems(list: List): Generator<Value> {
  for (let i = 0; i < list.items.length; i++) yield list.items[i] ?? null;
}

function* viewItems(view: View): Generator<Value> {
  if (view.kind === "keys") yield* view.of.keys();
  else if (view.kind === "values") yield* view.of.values();
  else yield* pairs(view.of);
}

/** The entries of a mapping as tuples that remember where they come from. */
export function* pairs(dict: Dict): Generator<Tuple> {
  for (const [key, value] of dict.entries()) yield new Tuple([key, value], pathOf(dict, key));
}

/** Who stops early leaves the rest for the next one. */
function restOf({ source }: Lazy): Iterable<Value> {
  return { [Symbol.iterator]: () => ({ next: () => source.next() }) };
}

function* rangeItems(range: Range): Generator<Value> {
  for (let i = 0, length = range.length; i < length; i++) yield range.item(i);
}

/** The items with the path in the data of each, where it is known; for `for`. */
export function* iterateAt(value: Value, work: Work): Generator<[Value, string | undefined]> {
  let index = 0;
  for (const item of iterate(value, work)) {
    yield [item, item instanceof Tuple && item.at !== undefined ? item.at : pathOf(value, value instanceof Dict ? item : index)];
    index++;
  }
}

/** The path of an entry of a container that came from the data. */
export function pathOf(container: Value, key: Value): string | undefined {
  if (!(container instanceof Dict || container instanceof List) || container.at === undefined) return undefined;
  if (isInt(key)) return `${container.at}[${String(key)}]`;
  if (typeof key !== "string") return `${container.at}[${describe(key)}]`;
  if (!/^[\p{ID_Start}_][\p{ID_Continue}-]*$/u.test(key)) return `${container.at}[${JSON.stringify(key)}]`;
  return container.at === "" ? key : `${container.at}.${key}`;
}

/** Python's `list(value)`. */
export function toList(value: Value, work: Work): Value[] {
  return Array.from(iterate(value, work));
}

/** Python's `len(value)`; undefined for what has no length. */
export function lengthOf(value: Value): number | undefined {
  if (typeof value === "string") return textLength(value);
  if (value instanceof List || value instanceof Tuple) return value.items.length;
  if (value instanceof Dict) return value.size;
  if (value instanceof View) return value.of.size;
  if (value instanceof Range) return value.length;
  if (value instanceof Undefined) return value instanceof Blank ? 0 : value.refuse();
  if (value instanceof Special) return value.parts.length?.();
  return undefined;
}
