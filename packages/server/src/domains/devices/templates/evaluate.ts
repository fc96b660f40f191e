/** The value of an expression. */
import { contains, equal, order } from "./compare.ts";
import { fail } from "./fault.ts";
import { iterate } from "./iterate.ts";
import type { Arguments, Comparison, Expression } from "./nodes.ts";
import { isNumeric, negate, plain } from "./numbers.ts";
import { applyOperator } from "./operators.ts";
import type { Frame } from "./run.ts";
import { joined, show } from "./show.ts";
import { sliceOf } from "./slices.ts";
import { Blank, Callable, describe, Dict, List, Special, truthy, Tuple, Undefined, type CallArgs, type Value } from "./values.ts";

type Node<Kind extends Expression["kind"]> = Extract<Expression, { kind: Kind }>;

export function evaluate(node: Expression, frame: Frame): Value {
  frame.run.work.step();
  switch (node.kind) {
    case "constant":
      return node.value;
    case "name":
      return evaluateName(node, frame);
    case "attribute":
      return evaluateAttribute(node, frame);
    case "item":
      return evaluateItem(node, frame);
    case "slice":
      return evaluateSlice(node, frame);
    case "call":
      return evaluateCall(node, frame);
    case "filter":
      return evaluateFilter(node, frame);
    case "test":
      return evaluateTest(node, frame);
    case "list":
      return new List(node.items.map((item) => evaluate(item, frame)));
    case "tuple":
      return new Tuple(node.items.map((item) => evaluate(item, frame)));
    case "dict":
      return evaluateDict(node, frame);
    case "concat":
      return evaluateConcat(node, frame);
    case "compare":
      return evaluateCompare(node, frame);
    case "arithmetic":
      return evaluateArithmetic(node, frame);
    case "sign":
      return evaluateSign(node, frame);
    case "and":
    case "or":
      return evaluateLogic(node, frame);
    case "not":
      return !truth(node.operand, frame);
    case "choice":
      return evaluateChoice(node, frame);
    case "captured":
      return fail("a block has no text here");
  }
}

/** Whether an expression is true. */
export function truth(node: Expression, frame: Frame): boolean {
  const value = evaluate(node, frame);
  frame.run.at = node.place;
  return truthy(value, frame.run.work);
}

function evaluateName({ name }: Node<"name">, frame: Frame): Value {
  const slot = frame.find(name);
  if (!slot && frame.scope.find(name) === "hidden")
    return new Undefined(`"${name}" has no value yet: this template assigns it further down`);
  if (!slot) return new Undefined(`"${name}" is not defined`, `Add it to the data, or write \`${name} | default(…)\` if it may be absent.`);
  frame.run.read(slot.from);
  return slot.value;
}

function evaluateAttribute(node: Node<"attribute">, frame: Frame): Value {
  const object = evaluate(node.object, frame);
  frame.run.at = node.place;
  return frame.run.attribute(object, node.name);
}

function evaluateItem(node: Node<"item">, frame: Frame): Value {
  const object = evaluate(node.object, frame);
  const key = evaluate(node.index, frame);
  frame.run.at = node.index.place;
  return frame.run.item(object, key);
}

function evaluateSlice(node: Node<"slice">, frame: Frame): Value {
  const object = evaluate(node.object, frame);
  const [start, stop, step] = [node.start, node.stop, node.step].map((bound) => (bound ? evaluate(bound, frame) : null));
  frame.run.at = node.place;
  return sliceOf(object, [start ?? null, stop ?? null, step ?? null], frame.run.work);
}

function evaluateCall(node: Node<"call">, frame: Frame): Value {
  return call(node, frame);
}

/** Calls what the node names, with more named arguments where a call block adds its caller. */
export function call(node: Node<"call">, frame: Frame, extra?: ReadonlyMap<string, Value>): Value {
  const callee = evaluate(node.callee, frame);
  const args = evaluateArguments(node.args, { frame, tracked: callee instanceof Callable && callee.wantsOrigins });
  for (const [name, value] of extra ?? []) args.named.set(name, value);
  frame.run.at = node.place;
  if (callee instanceof Callable) return callee.call(args);
  if (callee instanceof Special && callee.parts.call) return callee.parts.call(args);
  return callee instanceof Undefined ? callee.refuse() : fail(`${describe(callee)} cannot be called`);
}

function evaluateArguments(args: Arguments, { frame, tracked }: { frame: Frame; tracked: boolean }): CallArgs {
  const origins = new Map<number | string, readonly string[]>();
  const one = (node: Expression, key: number | string): Value => {
    if (!tracked) return evaluate(node, frame);
    const { result, reads } = frame.run.tracing(() => evaluate(node, frame));
    origins.set(key, [...reads]);
    return result;
  };
  const positional = args.positional.map((node, i) => one(node, i));
  const named = new Map(args.named.map(({ name, value }) => [name, one(value, name)]));
  if (args.spread) positional.push(...iterate(evaluate(args.spread, frame), frame.run.work));
  if (args.spreadNamed) spreadNamed(evaluate(args.spreadNamed, frame), named);
  return { positional, named, origins };
}

function spreadNamed(value: Value, named: Map<string, Value>): void {
  if (value instanceof Undefined) value.refuse();
  if (!(value instanceof Dict)) fail(`** needs a mapping, not ${describe(value)}`);
  for (const [key, item] of value.entries()) {
    if (typeof key !== "string") fail("the names of arguments must be strings");
    if (named.has(key)) fail(`the argument ${key} is given twice`);
    named.set(key, item);
  }
}

function evaluateFilter(node: Node<"filter">, frame: Frame): Value {
  return filterValue(node, evaluate(node.input, frame), frame);
}

/** Applies the filter of a node to a value; for blocks, whose text is not the value of an expression. */
export function filterValue(node: Node<"filter">, input: Value, frame: Frame): Value {
  const args = evaluateArguments(node.args, { frame, tracked: false });
  frame.run.at = node.place;
  return frame.run.filter(node.name, input, args);
}

function evaluateTest(node: Node<"test">, frame: Frame): Value {
  const input = evaluate(node.input, frame);
  const args = evaluateArguments(node.args, { frame, tracked: false });
  frame.run.at = node.place;
  return frame.run.test(node.name, input, args);
}

function evaluateDict(node: Node<"dict">, frame: Frame): Value {
  const dict = new Dict();
  for (const { key, value } of node.entries) {
    const name = evaluate(key, frame);
    frame.run.at = key.place;
    dict.set(name, evaluate(value, frame));
  }
  return dict;
}

function evaluateConcat(node: Node<"concat">, frame: Frame): Value {
  const values = node.parts.map((part) => evaluate(part, frame));
  const parts = values.map((value, i) => {
    frame.run.at = node.parts[i]?.place ?? node.place;
    return show(value, frame.run.work);
  });
  return joined(parts, "", frame.run.work);
}

function evaluateCompare(node: Node<"compare">, frame: Frame): Value {
  let left = evaluate(node.first, frame);
  for (const { operator, operand } of node.rest) {
    const right = evaluate(operand, frame);
    frame.run.at = node.place;
    if (!compare(operator, [left, right], frame)) return false;
    left = right;
  }
  return true;
}

function compare(operator: Comparison, [left, right]: readonly [Value, Value], { run: { work } }: Frame): boolean {
  switch (operator) {
    case "==":
      return equal(left, right, work);
    case "!=":
      return !equal(left, right, work);
    case "<":
      return order(left, right, work) < 0;
    case "<=":
      return order(left, right, work) <= 0;
    case ">":
      return order(left, right, work) > 0;
    case ">=":
      return order(left, right, work) >= 0;
    case "in":
      return contains(right, left, work);
    case "not in":
      return !contains(right, left, work);
  }
}

function evaluateArithmetic(node: Node<"arithmetic">, frame: Frame): Value {
  const left = evaluate(node.left, frame);
  const right = evaluate(node.right, frame);
  frame.run.at = node.place;
  return applyOperator(node.operator, [left, right], frame.run.work);
}

function evaluateSign(node: Node<"sign">, frame: Frame): Value {
  const value = evaluate(node.operand, frame);
  frame.run.at = node.place;
  if (value instanceof Undefined) return value.refuse();
  if (node.negative) return negate(value);
  return isNumeric(value) ? plain(value) : fail(`+ does not work on ${describe(value)}`);
}

/** Gives the deciding operand itself, not true or false. */
function evaluateLogic(node: Node<"and" | "or">, frame: Frame): Value {
  const left = evaluate(node.left, frame);
  frame.run.at = node.left.place;
  return truthy(left, frame.run.work) === (node.kind === "or") ? left : evaluate(node.right, frame);
}

function evaluateChoice(node: Node<"choice">, frame: Frame): Value {
  if (truth(node.test, frame)) return evaluate(node.yes, frame);
  return node.no ? evaluate(node.no, frame) : new Blank();
}
