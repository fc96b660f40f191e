/** What may follow `is`. */
import { contains, equal, order } from "./compare.ts";
import { fail } from "./fault.ts";
import { filterNames } from "./filters.ts";
import { unknownTest } from "./known.ts";
import { arithmetic, isNumeric } from "./numbers.ts";
import { show } from "./show.ts";
import { binder, type Given, type Tools } from "./signature.ts";
import { isLower, isUpper } from "./text.ts";
import {
  Blank,
  Callable,
  describe,
  Dict,
  Float,
  isInt,
  Lazy,
  List,
  Range,
  Special,
  Tuple,
  Undefined,
  View,
  type CallArgs,
  type Value,
} from "./values.ts";

interface Test {
  signature: string;
  holds: (input: Value, given: Given, tools: Tools) => boolean;
}

/** A test that looks at the value alone; for most an undefined value simply does not hold. */
function kind(holds: (input: Value) => boolean): Test {
  return { signature: "", holds };
}

function compared(holds: (input: Value, other: Value, tools: Tools) => boolean): Test {
  return { signature: "other", holds: (input, [other], tools) => holds(input, other ?? null, tools) };
}

const eq = compared((a, b, { work }) => equal(a, b, work));
const ne = compared((a, b, { work }) => !equal(a, b, work));
const lt = compared((a, b, { work }) => order(a, b, work) < 0);
const le = compared((a, b, { work }) => order(a, b, work) <= 0);
const gt = compared((a, b, { work }) => order(a, b, work) > 0);
const ge = compared((a, b, { work }) => order(a, b, work) >= 0);

const tests: Record<string, Test> = {
  defined: kind((input) => !(input instanceof Undefined)),
  undefined: kind((input) => input instanceof Undefined),
  none: kind((input) => input === null),
  boolean: kind((input) => typeof input === "boolean"),
  true: kind((input) => input === true),
  false: kind((input) => input === false),
  integer: kind((input) => isInt(input)),
  float: kind((input) => input instanceof Float),
  number: kind((input) => isNumeric(input)),
  string: kind((input) => typeof input === "string"),
  mapping: kind((input) => input instanceof Dict),
  sequence: kind(
    (input) =>
      typeof input === "string" ||
      input instanceof List ||
      input instanceof Tuple ||
      input instanceof Dict ||
      input instanceof Range ||
      input instanceof Blank,
  ),
  iterable: kind(isIterable),
  callable: kind(
    (input) => input instanceof Callable || input instanceof Undefined || (input instanceof Special && input.parts.call !== undefined),
  ),
  lower: { signature: "", holds: (input, _, { work }) => isLower(show(input, work)) },
  upper: { signature: "", holds: (input, _, { work }) => isUpper(show(input, work)) },
  even: { signature: "", holds: (input, _, tools) => remainder(input, 2, tools) },
  odd: { signature: "", holds: (input, _, { work }) => equal(modulo(input, 2), 1, work) },
  divisibleby: { signature: "num", holds: (input, [by], tools) => remainder(input, by ?? null, tools) },
  in: { signature: "seq", holds: (input, [container], { work }) => contains(container ?? null, input, work) },
  sameas: { signature: "other", holds: sameAs },
  filter: { signature: "", holds: (input) => typeof input === "string" && filterNames().includes(input) },
  test: { signature: "", holds: (input) => typeof input === "string" && testNames().includes(input) },
  eq,
  equalto: eq,
  "==": eq,
  ne,
  "!=": ne,
  lt,
  lessthan: lt,
  "<": lt,
  le,
  "<=": le,
  gt,
  greaterthan: gt,
  ">": gt,
  ge,
  ">=": ge,
};

function isIterable(input: Value): boolean {
  if (input instanceof Undefined) return input instanceof Blank || input.refuse();
  return typeof input === "string" || [List, Tuple, Dict, Range, View, Lazy].some((type) => input instanceof type);
}

function modulo(input: Value, by: Value): Value {
  for (const value of [input, by]) if (value instanceof Undefined) value.refuse();
  if (!isNumeric(input) || !isNumeric(by)) return fail(`${describe(input)} cannot be divided by ${describe(by)}`);
  return arithmetic("%", input, by);
}

function remainder(input: Value, by: Value, { work }: Tools): boolean {
  return equal(modulo(input, by), 0, work);
}

/** The same object in Python; here decided only where that means something to an author. */
function sameAs(input: Value, [other]: Given): boolean {
  if (typeof input === "boolean" || input === null || typeof other === "boolean" || other === null) return input === other;
  if (input instanceof List || input instanceof Dict) return input === other;
  return fail("sameas is for true, false, none, lists and mappings", "Compare with == or `is eq`.");
}

const bound = new Map(Object.entries(tests).map(([name, test]) => [name, { test, bind: binder(`the test ${name}`, test.signature) }]));

export function testNames(): string[] {
  return [...bound.keys()];
}

export function applyTest(name: string, input: Value, call: { args: CallArgs; tools: Tools }): boolean {
  const found = bound.get(name);
  if (found) return found.test.holds(input, found.bind(call.args), call.tools);
  const { say, mend } = unknownTest(name, testNames());
  return fail(say, mend);
}
