/** Tags that decide and assign: if, for, set, with, filter, macro, call, print. */
import type { Cursor, TagParser } from "./cursor.ts";
import type { Place } from "./fault.ts";
import type { Expression, MacroShape, Parameter, Statement, Target } from "./nodes.ts";
import { parseBody, parseName } from "./parse-body.ts";
import { parseExpression, parseFilter, parsePrimary, parseTuple } from "./parse-expression.ts";
import { noNames } from "./names.ts";
import { usesOf } from "./walk.ts";

export const statementTags: Record<string, TagParser> = {
  for: parseFor,
  if: parseIf,
  set: parseSet,
  macro: parseMacro,
  call: parseCallBlock,
  filter: parseFilterBlock,
  with: parseWith,
  print: parsePrint,
};

function parseIf(cursor: Cursor, place: Place): Statement {
  const branches: { test: Expression; body: Statement[] }[] = [];
  let otherwise: Statement[] = [];
  for (;;) {
    const test = parseTuple(cursor, { withChoice: false });
    const { body, end } = parseBody(cursor, { name: "if", place }, ["elif", "else", "endif"]);
    branches.push({ test, body });
    if (end === "else") otherwise = parseBody(cursor, { name: "if", place }, ["endif"]).body;
    if (end !== "elif") return { kind: "if", place, branches, otherwise };
  }
}

function parseFor(cursor: Cursor, place: Place): Statement {
  const target = parseTarget(cursor, { ends: ["in"] });
  cursor.expectName("in");
  const items = parseTuple(cursor, { withChoice: false, ends: ["recursive"] });
  const filter = cursor.skipName("if") ? parseExpression(cursor) : undefined;
  if (cursor.isName("recursive")) cursor.fail("a recursive for is not supported", { mend: "Write a macro that calls itself." });
  const { body, end } = parseBody(cursor, { name: "for", place }, ["else", "endfor"]);
  const otherwise = end === "else" ? parseBody(cursor, { name: "for", place }, ["endfor"]).body : [];
  const usesLoop = usesOf(body, ["loop"]).loop === true;
  return { kind: "for", place, target, items, filter, body, otherwise, usesLoop, names: noNames, otherwiseNames: noNames };
}

function parseSet(cursor: Cursor, place: Place): Statement {
  const target = parseTarget(cursor, { withNamespace: true });
  if (cursor.skipOperator("=")) return { kind: "set", place, target, value: parseTuple(cursor) };
  const filtered = parseFilters(cursor, { kind: "captured", place });
  const { body } = parseBody(cursor, { name: "set", place }, ["endset"]);
  return { kind: "set block", place, target, filtered, body, names: noNames };
}

function parseFilters(cursor: Cursor, start: Expression): Expression {
  let result = start;
  while (cursor.skipOperator("|")) result = parseFilter(cursor, result);
  return result;
}

function parseFilterBlock(cursor: Cursor, place: Place): Statement {
  const filtered = parseFilters(cursor, parseFilter(cursor, { kind: "captured", place }));
  const { body } = parseBody(cursor, { name: "filter", place }, ["endfilter"]);
  return { kind: "filter block", place, filtered, body, names: noNames };
}

function parseWith(cursor: Cursor, place: Place): Statement {
  const assignments: { target: Target; value: Expression }[] = [];
  while (cursor.token.type !== "tag end") {
    if (assignments.length > 0) cursor.expectOperator(",");
    const target = parseTarget(cursor, { single: true });
    cursor.expectOperator("=");
    assignments.push({ target, value: parseExpression(cursor) });
  }
  const { body } = parseBody(cursor, { name: "with", place }, ["endwith"]);
  return { kind: "with", place, assignments, body, names: noNames };
}

function parsePrint(cursor: Cursor, place: Place): Statement {
  if (cursor.token.type === "tag end") cursor.fail("print needs an expression");
  const value = parseExpression(cursor);
  if (cursor.isOperator(",")) cursor.fail("print takes one expression", { mend: "Join them with ~." });
  return { kind: "print", place, value };
}

function parseMacro(cursor: Cursor, place: Place): Statement {
  const name = parseName(cursor).name;
  const parameters = parseParameters(cursor);
  const { body } = parseBody(cursor, { name: "macro", place }, ["endmacro"]);
  return { kind: "macro", place, macro: macroShape(name, parameters, body) };
}

function parseCallBlock(cursor: Cursor, place: Place): Statement {
  const parameters = cursor.isOperator("(") ? parseParameters(cursor) : [];
  const call = parseExpression(cursor);
  if (call.kind !== "call") return cursor.fail("call needs a call, as in {% call box() %}", { place: call.place });
  const { body } = parseBody(cursor, { name: "call", place }, ["endcall"]);
  return { kind: "call block", place, call, caller: macroShape("caller", parameters, body) };
}

function macroShape(name: string, parameters: Parameter[], body: Statement[]): MacroShape {
  const found = usesOf(body, ["caller", "kwargs", "varargs"]);
  const own = (special: string): boolean => parameters.some((one) => one.name === special);
  const uses = {
    caller: found.caller === true,
    kwargs: found.kwargs === true && !own("kwargs"),
    varargs: found.varargs === true && !own("varargs"),
  };
  return { name, parameters, body, uses, names: noNames };
}

function parseParameters(cursor: Cursor): Parameter[] {
  const parameters: Parameter[] = [];
  cursor.expectOperator("(");
  while (!cursor.isOperator(")")) {
    if (parameters.length > 0) cursor.expectOperator(",");
    const { place } = cursor;
    const { name } = parseName(cursor);
    const fallback = cursor.skipOperator("=") ? parseExpression(cursor) : undefined;
    if (!fallback && parameters.at(-1)?.fallback)
      cursor.fail(`the parameter ${name} needs a default, because the one before has one`, { place });
    if (name === "caller" && !fallback) cursor.fail("a parameter named caller needs a default", { place });
    if (parameters.some((one) => one.name === name)) cursor.fail(`the parameter ${name} is named twice`, { place });
    parameters.push({ name, fallback });
  }
  cursor.expectOperator(")");
  return parameters;
}

interface TargetOptions {
  ends?: readonly string[];
  withNamespace?: boolean;
  single?: boolean;
}

/** What is assigned: a name, several in a tuple, or an attribute of a namespace. */
function parseTarget(cursor: Cursor, options: TargetOptions = {}): Target {
  const { place } = cursor;
  const first = parseOneTarget(cursor, options);
  if (options.single || !cursor.isOperator(",")) return first;
  const items = [first];
  while (cursor.skipOperator(",")) {
    const { type, value } = cursor.token;
    if (type === "tag end" || cursor.isOperator("=") || cursor.isOperator(")") || (type === "name" && options.ends?.includes(value))) break;
    items.push(parseOneTarget(cursor, options));
  }
  return { kind: "targets", place, items };
}

function parseOneTarget(cursor: Cursor, options: TargetOptions): Target {
  const { place } = cursor;
  if (cursor.skipOperator("(")) {
    const inner = cursor.nested(() => parseTarget(cursor, { ...options, single: false }));
    cursor.expectOperator(")");
    return inner;
  }
  if (cursor.token.type !== "name") {
    const shown = cursor.describe();
    parsePrimary(cursor);
    return cursor.fail(`${shown} cannot be assigned`, { place });
  }
  const { name } = parseName(cursor);
  if (!options.withNamespace || !cursor.skipOperator(".")) return { kind: "target", place, name };
  return { kind: "namespace", place, name, attribute: cursor.expectName().value };
}
