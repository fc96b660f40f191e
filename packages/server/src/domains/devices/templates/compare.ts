/** Equality, order and membership as in Python. */
import { fail } from "./fault.ts";
import { isNumeric, plain } from "./numbers.ts";
import { compareText } from "./text.ts";
import { Blank, describe, Dict, Float, Lazy, List, Range, Tuple, Undefined, View, type Int, type Value } from "./values.ts";
import { iterate } from "./iterate.ts";
import type { Work } from "./work.ts";

export function equal(a: Value, b: Value, work: Work): boolean {
  work.step();
  for (const value of [a, b]) if (value instanceof Undefined && !(value instanceof Blank)) value.refuse();
  if (a instanceof Blank && b instanceof Blank) return true;
  if (isNumeric(a) && isNumeric(b)) return numberOrder(plain(a), plain(b)) === 0;
  if (a instanceof List && b instanceof List) return equalItems(a.items, b.items, work);
  if (a instanceof Tuple && b instanceof Tuple) return equalItems(a.items, b.items, work);
  if (a instanceof Dict && b instanceof Dict) return equalEntries(a, b, work);
  if (a instanceof Range && b instanceof Range) return equalRanges(a, b);
  return a === b;
}

function equalItems(a: readonly Value[], b: readonly Value[], work: Work): boolean {
  if (a.length !== b.length) return false;
  work.enter("a comparison");
  const same = a.every((item, i) => equal(item, b[i] ?? null, work));
  work.leave();
  return same;
}

function equalEntries(a: Dict, b: Dict, work: Work): boolean {
  if (a.size !== b.size) return false;
  work.enter("a comparison");
  let same = true;
  for (const [key, value] of a.entries()) {
    const other = b.get(key);
    if (other === undefined || !equal(value, other, work)) {
      same = false;
      break;
    }
  }
  work.leave();
  return same;
}

function equalRanges(a: Range, b: Range): boolean {
  if (a.length !== b.length) return false;
  return a.length === 0 || (a.start === b.start && (a.length === 1 || a.step === b.step));
}

/** Below, equal or above as a number below, equal or above 0; NaN where neither holds. Integers and floats compare exactly. */
function numberOrder(a: Int | Float, b: Int | Float): number {
  const left = a instanceof Float ? a.value : a;
  const right = b instanceof Float ? b.value : b;
  if (left < right) return -1;
  if (left > right) return 1;
  return Number.isNaN(left) || Number.isNaN(right) ? Number.NaN : 0;
}

/** The order of two values; a fault where Python has none. */
export function order(a: Value, b: Value, work: Work): number {
  work.step();
  if (a instanceof Undefined) a.refuse();
  if (b instanceof Undefined) b.refuse();
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (isNumeric(a) && isNumeric(b)) return numberOrder(plain(a), plain(b));
  if ((a instanceof List && b instanceof List) || (a instanceof Tuple && b instanceof Tuple)) return orderItems(a.items, b.items, work);
  return fail(`${describe(a)} and ${describe(b)} have no order`, "Compare or sort values of one type, or name an attribute to sort by.");
}

function orderItems(a: readonly Value[], b: readonly Value[], work: Work): number {
  work.enter("a comparison");
  let result = a.length - b.length;
  for (const [i, item] of a.entries()) {
    const other = b[i];
    if (other === undefined) break;
    if (equal(item, other, work)) continue;
    result = order(item, other, work);
    break;
  }
  work.leave();
  return result;
}

/** Python's `item in container`. */
export function contains(container: Value, item: Value, work: Work): boolean {
  work.step();
  if (container instanceof Undefined) return container instanceof Blank ? false : container.refuse();
  if (typeof container === "string") {
    if (typeof item === "string") return container.includes(item);
    if (item instanceof Undefined) return item.refuse();
    return fail(`only a string can be in a string, not ${describe(item)}`);
  }
  if (container instanceof Dict) return container.has(item);
  if (container instanceof View && container.kind === "keys") return container.of.has(item);
  if (
    container instanceof List ||
    container instanceof Tuple ||
    container instanceof Range ||
    container instanceof View ||
    container instanceof Lazy
  ) {
    for (const other of iterate(container, work)) if (other === item || equal(other, item, work)) return true;
    return false;
  }
  return fail(`nothing can be in ${describe(container)}`);
}

/** A stable sort, ascending or descending; equal items keep their order either way. */
export function sortBy<T>(items: readonly T[], key: (item: T) => Value, options: { reverse: boolean; work: Work }): T[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const sign = options.reverse ? -1 : 1;
  return keyed.toSorted((a, b) => sign * order(a.key, b.key, options.work)).map(({ item }) => item);
}
