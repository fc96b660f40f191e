/** Expressions, with Jinja's precedence: inline if, or, and, not, comparison, + −, ~, * / // %, **, sign, filters and tests. */
import type { Cursor } from "./cursor.ts";
import type { Arguments, Comparison, Expression } from "./nodes.ts";
import type { Operator } from "./numbers.ts";
import { digitsValue } from "./digits.ts";
import { filterNames } from "./filters.ts";
import { testNames } from "./is-tests.ts";
import { unknownFilter, unknownTest } from "./known.ts";

const noArguments: Arguments = { positional: [], named: [], spread: undefined, spreadNamed: undefined };
const comparisons: readonly string[] = ["==", "!=", "<", "<=", ">", ">="];

export function parseExpression(cursor: Cursor, withChoice = true): Expression {
  return cursor.nested(() => (withChoice ? parseChoice(cursor) : parseOr(cursor)));
}

function parseChoice(cursor: Cursor): Expression {
  const { place } = cursor;
  let result = parseOr(cursor);
  while (cursor.skipName("if")) {
    const test = parseOr(cursor);
    const no = cursor.skipName("else") ? cursor.nested(() => parseChoice(cursor)) : undefined;
    result = { kind: "choice", place, test, yes: result, no };
  }
  return result;
}

function parseOr(cursor: Cursor): Expression {
  const { place } = cursor;
  let left = parseAnd(cursor);
  while (cursor.skipName("or")) left = { kind: "or", place, left, right: parseAnd(cursor) };
  return left;
}

function parseAnd(cursor: Cursor): Expression {
  const { place } = cursor;
  let left = parseNot(cursor);
  while (cursor.skipName("and")) left = { kind: "and", place, left, right: parseNot(cursor) };
  return left;
}

function parseNot(cursor: Cursor): Expression {
  const { place } = cursor;
  if (!cursor.skipName("not")) return parseComparison(cursor);
  return { kind: "not", place, operand: cursor.nested(() => parseNot(cursor)) };
}

function parseComparison(cursor: Cursor): Expression {
  const first = parseSum(cursor);
  const { place } = cursor;
  const rest: { operator: Comparison; operand: Expression }[] = [];
  for (let operator = takeComparison(cursor); operator; operator = takeComparison(cursor))
    rest.push({ operator, operand: parseSum(cursor) });
  return rest.length === 0 ? first : { kind: "compare", place, first, rest };
}

function takeComparison(cursor: Cursor): Comparison | undefined {
  const { type, value } = cursor.token;
  if (type === "operator" && comparisons.includes(value)) return cursor.next().value as Comparison;
  if (cursor.skipName("in")) return "in";
  if (!cursor.isName("not") || !cursor.isName("in", 1)) return undefined;
  cursor.next();
  cursor.next();
  return "not in";
}

/** A chain of operators of one precedence, from the left. */
function chain(cursor: Cursor, operators: readonly Operator[], parseOperand: (cursor: Cursor) => Expression): Expression {
  let left = parseOperand(cursor);
  for (;;) {
    const { place } = cursor;
    const operator = operators.find((one) => cursor.skipOperator(one));
    if (operator === undefined) return left;
    left = { kind: "arithmetic", place, operator, left, right: parseOperand(cursor) };
  }
}

function parseSum(cursor: Cursor): Expression {
  return chain(cursor, ["+", "-"], parseConcat);
}

function parseConcat(cursor: Cursor): Expression {
  const { place } = cursor;
  const first = parseProduct(cursor);
  if (!cursor.isOperator("~")) return first;
  const parts = [first];
  while (cursor.skipOperator("~")) parts.push(parseProduct(cursor));
  return { kind: "concat", place, parts };
}

function parseProduct(cursor: Cursor): Expression {
  return chain(cursor, ["*", "/", "//", "%"], parsePower);
}

/** From the left, unlike Python: Jinja's 2 ** 3 ** 2 is 64. */
function parsePower(cursor: Cursor): Expression {
  return chain(cursor, ["**"], (inner) => parseUnary(inner, true));
}

function parseUnary(cursor: Cursor, withFilters: boolean): Expression {
  const { place } = cursor;
  const negative = cursor.isOperator("-");
  let result: Expression;
  if (negative || cursor.isOperator("+")) {
    cursor.next();
    result = { kind: "sign", place, negative, operand: cursor.nested(() => parseUnary(cursor, false)) };
  } else result = parsePrimary(cursor);
  result = parsePostfix(cursor, result);
  return withFilters ? parseFiltersAndTests(cursor, result) : result;
}

export function parsePrimary(cursor: Cursor): Expression {
  const { token, place } = cursor;
  switch (token.type) {
    case "name":
      cursor.next();
      return nameOrConstant(token.value, place);
    case "string":
      return { kind: "constant", place, value: takeStrings(cursor) };
    case "integer":
    case "float":
      cursor.next();
      return { kind: "constant", place, value: digitsValue(token.value, token.type) };
    case "operator":
      if (token.value === "(") return parseParentheses(cursor);
      if (token.value === "[") return parseList(cursor);
      if (token.value === "{") return parseDict(cursor);
      return cursor.fail(`expected an expression, got ${cursor.describe()}`);
    default:
      return cursor.fail(`expected an expression, got ${cursor.describe()}`);
  }
}

const constants = new Map<string, boolean | null>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["none", null],
  ["None", null],
]);

/** Names that are values and cannot be assigned. */
export function isConstantName(name: string): boolean {
  return constants.has(name);
}

function nameOrConstant(name: string, place: Expression["place"]): Expression {
  const value = constants.get(name);
  return value === undefined ? { kind: "name", place, name } : { kind: "constant", place, value };
}

/** Strings beside each other are one, as in Python. */
function takeStrings(cursor: Cursor): string {
  let text = "";
  while (cursor.token.type === "string") text += cursor.next().value;
  return text;
}

function parseParentheses(cursor: Cursor): Expression {
  const { place } = cursor.next();
  const result: Expression = cursor.isOperator(")") ? { kind: "tuple", place, items: [] } : parseTuple(cursor, { ends: [")"] });
  cursor.expectOperator(")");
  return result;
}

export interface TupleOptions {
  withChoice?: boolean;
  /** Words that end the tuple after a comma, beside the end of the tag. */
  ends?: readonly string[];
}

/** One expression, or a tuple where commas follow. */
export function parseTuple(cursor: Cursor, { withChoice = true, ends = [] }: TupleOptions = {}): Expression {
  const { place } = cursor;
  const first = parseExpression(cursor, withChoice);
  if (!cursor.isOperator(",")) return first;
  const items = [first];
  while (cursor.skipOperator(",")) {
    const { type, value } = cursor.token;
    if (type === "print end" || type === "tag end" || ((type === "operator" || type === "name") && ends.includes(value))) break;
    items.push(parseExpression(cursor, withChoice));
  }
  return { kind: "tuple", place, items };
}

function parseList(cursor: Cursor): Expression {
  const { place } = cursor.next();
  const items: Expression[] = [];
  while (!cursor.isOperator("]")) {
    if (items.length > 0) cursor.expectOperator(",");
    if (cursor.isOperator("]")) break;
    items.push(parseExpression(cursor));
  }
  cursor.expectOperator("]");
  return { kind: "list", place, items };
}

function parseDict(cursor: Cursor): Expression {
  const { place } = cursor.next();
  const entries: { key: Expression; value: Expression }[] = [];
  while (!cursor.isOperator("}")) {
    if (entries.length > 0) cursor.expectOperator(",");
    if (cursor.isOperator("}")) break;
    const key = parseExpression(cursor);
    cursor.expectOperator(":");
    entries.push({ key, value: parseExpression(cursor) });
  }
  cursor.expectOperator("}");
  return { kind: "dict", place, entries };
}

export function parsePostfix(cursor: Cursor, start: Expression): Expression {
  let result = start;
  for (;;) {
    if (cursor.isOperator(".")) result = parseAttribute(cursor, result);
    else if (cursor.isOperator("[")) result = parseSubscript(cursor, result);
    else if (cursor.isOperator("(")) result = parseCall(cursor, result);
    else return result;
  }
}

function parseAttribute(cursor: Cursor, object: Expression): Expression {
  const { place } = cursor.next();
  const { token } = cursor;
  if (token.type === "name") return { kind: "attribute", place: token.place, object, name: cursor.next().value };
  if (token.type !== "integer") return cursor.fail(`expected a name or a number after ".", got ${cursor.describe()}`);
  cursor.next();
  return { kind: "item", place, object, index: { kind: "constant", place: token.place, value: digitsValue(token.value, "integer") } };
}

function parseSubscript(cursor: Cursor, object: Expression): Expression {
  const { place } = cursor.next();
  if (cursor.isOperator("]")) return cursor.fail("expected an index between [ and ]");
  const start = cursor.isOperator(":") ? undefined : parseExpression(cursor);
  if (!cursor.isOperator(":")) {
    const index = start ?? cursor.fail("expected an index");
    if (cursor.isOperator(",")) cursor.fail("an index of several parts is not supported");
    cursor.expectOperator("]");
    return { kind: "item", place, object, index };
  }
  const bound = (): Expression | undefined =>
    cursor.skipOperator(":") && !cursor.isOperator(":") && !cursor.isOperator("]") ? parseExpression(cursor) : undefined;
  const stop = bound();
  const step = bound();
  cursor.expectOperator("]");
  return { kind: "slice", place, object, start, stop, step };
}

function parseCall(cursor: Cursor, callee: Expression): Expression {
  const { place } = cursor;
  return { kind: "call", place, callee, args: parseArguments(cursor) };
}

function parseArguments(cursor: Cursor): Arguments {
  cursor.expectOperator("(");
  const args: Arguments = { positional: [], named: [], spread: undefined, spreadNamed: undefined };
  for (let first = true; !cursor.isOperator(")"); first = false) {
    if (!first) cursor.expectOperator(",");
    if (cursor.isOperator(")")) break;
    parseArgument(cursor, args);
  }
  cursor.expectOperator(")");
  return args;
}

function parseArgument(cursor: Cursor, args: Arguments): void {
  if (cursor.skipOperator("*")) {
    if (args.spread || args.spreadNamed) cursor.fail("only one *arguments may be given, before **arguments");
    args.spread = parseExpression(cursor);
  } else if (cursor.skipOperator("**")) {
    if (args.spreadNamed) cursor.fail("only one **arguments may be given");
    args.spreadNamed = parseExpression(cursor);
  } else if (cursor.token.type === "name" && cursor.isOperator("=", 1)) {
    if (args.spreadNamed) cursor.fail("a named argument cannot follow **arguments");
    const name = cursor.next().value;
    cursor.next();
    if (args.named.some((one) => one.name === name)) cursor.fail(`the argument ${name} is given twice`);
    args.named.push({ name, value: parseExpression(cursor) });
  } else {
    if (args.spread || args.spreadNamed || args.named.length > 0) cursor.fail("an argument without a name cannot follow one with a name");
    args.positional.push(parseExpression(cursor));
  }
}

function parseFiltersAndTests(cursor: Cursor, start: Expression): Expression {
  let result = start;
  for (;;) {
    if (cursor.skipOperator("|")) result = parseFilter(cursor, result);
    else if (cursor.isName("is")) result = parseTest(cursor, result);
    else if (cursor.isOperator("(")) result = parseCall(cursor, result);
    else return result;
  }
}

/** The cursor is behind the `|`. */
export function parseFilter(cursor: Cursor, input: Expression): Expression {
  const { place } = cursor;
  const name = takeDottedName(cursor);
  const names = filterNames();
  if (!names.includes(name)) refuse(unknownFilter(name, names), { cursor, place });
  return { kind: "filter", place, name, input, args: cursor.isOperator("(") ? parseArguments(cursor) : noArguments };
}

function parseTest(cursor: Cursor, input: Expression): Expression {
  const { place } = cursor.next();
  const negated = cursor.skipName("not");
  const at = cursor.place;
  const name = takeDottedName(cursor);
  const names = testNames();
  if (!names.includes(name)) refuse(unknownTest(name, names), { cursor, place: at });
  const test: Expression = { kind: "test", place: at, name, input, args: parseTestArguments(cursor) };
  return negated ? { kind: "not", place, operand: test } : test;
}

function refuse({ say, mend }: { say: string; mend: string }, { cursor, place }: { cursor: Cursor; place: Expression["place"] }): never {
  return cursor.fail(say, { mend, place });
}

function takeDottedName(cursor: Cursor): string {
  let name = cursor.expectName().value;
  while (cursor.skipOperator(".")) name += `.${cursor.expectName().value}`;
  return name;
}

/** `is divisibleby 3` may go without parentheses. */
function parseTestArguments(cursor: Cursor): Arguments {
  if (cursor.isOperator("(")) return parseArguments(cursor);
  const { type, value } = cursor.token;
  const begins =
    type === "name" ||
    type === "string" ||
    type === "integer" ||
    type === "float" ||
    (type === "operator" && (value === "[" || value === "{"));
  if (!begins || ["else", "or", "and"].some((word) => cursor.isName(word))) return noArguments;
  if (cursor.isName("is")) cursor.fail("tests cannot be chained", { mend: "Join them with and." });
  return { ...noArguments, positional: [parsePostfix(cursor, parsePrimary(cursor))] };
}
