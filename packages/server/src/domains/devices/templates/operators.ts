/** The operators on values that are not all numbers: joining, repeating, formatting. */
import { fail } from "./fault.ts";
import { arithmetic, asCount, isNumeric, type Operator } from "./numbers.ts";
import { percentFormat } from "./percent-format.ts";
import { describe, List, Tuple, Undefined, type Value } from "./values.ts";
import type { Work } from "./work.ts";

export function applyOperator(operator: Operator, operands: readonly [Value, Value], work: Work): Value {
  const [left, right] = operands;
  if (left instanceof Undefined) left.refuse();
  if (operator === "%" && typeof left === "string") return percentFormat(left, right, work);
  if (right instanceof Undefined) right.refuse();
  if (isNumeric(left) && isNumeric(right)) return arithmetic(operator, left, right);
  if (operator === "+") return add(left, right, work);
  if (operator === "*") return repeat(left, right, work);
  return fail(`${operator} does not work on ${describe(left)} and ${describe(right)}`);
}

/** Joins two texts, lists or tuples. */
export function add(left: Value, right: Value, work: Work): Value {
  if (left instanceof Undefined) left.refuse();
  if (right instanceof Undefined) right.refuse();
  if (typeof left === "string" && typeof right === "string") {
    work.text(left.length + right.length);
    return left + right;
  }
  if (left instanceof List && right instanceof List) return new List(both(left.items, right.items, work));
  if (left instanceof Tuple && right instanceof Tuple) return new Tuple(both(left.items, right.items, work));
  return fail(`+ does not work on ${describe(left)} and ${describe(right)}`, "To join texts and numbers use ~.");
}

function both(left: readonly Value[], right: readonly Value[], work: Work): Value[] {
  work.list(left.length + right.length);
  return [...left, ...right];
}

function repeat(left: Value, right: Value, work: Work): Value {
  const [value, times] = typeof left === "string" || left instanceof List || left instanceof Tuple ? [left, right] : [right, left];
  if (!(typeof times === "number" || typeof times === "bigint" || typeof times === "boolean")) return noProduct(left, right);
  const count = Math.max(0, asCount(times, "the count"));
  if (typeof value === "string") {
    work.text(value.length * count);
    return value.repeat(count);
  }
  if (!(value instanceof List || value instanceof Tuple)) return noProduct(left, right);
  work.list(value.items.length * count);
  if (value.items.length === 0) return value instanceof List ? new List([]) : value;
  const items = Array.from({ length: count }, () => value.items).flat();
  return value instanceof List ? new List(items) : new Tuple(items);
}

function noProduct(left: Value, right: Value): never {
  fail(`* does not work on ${describe(left)} and ${describe(right)}`);
}
