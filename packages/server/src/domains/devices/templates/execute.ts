/** Carries out statements. */
import { assignTo } from "./assign.ts";
import { call, evaluate, filterValue, truth } from "./evaluate.ts";
import { iterateAt } from "./iterate.ts";
import { Loop } from "./loop.ts";
import { makeMacro } from "./macros.ts";
import { noNames } from "./names.ts";
import type { Expression, Statement } from "./nodes.ts";
import { fromImport, importTemplate, includeTemplate, printBlock } from "./reuse.ts";
import type { Frame } from "./run.ts";
import { Sheet } from "./sheet.ts";
import { show } from "./show.ts";
import { Dict, List, Tuple, type Value } from "./values.ts";

type Node<Kind extends Statement["kind"]> = Extract<Statement, { kind: Kind }>;

export function execute(body: readonly Statement[], frame: Frame): void {
  for (const statement of body) {
    frame.run.work.step();
    frame.run.at = statement.place;
    executeOne(statement, frame);
  }
}

function executeOne(statement: Statement, frame: Frame): void {
  switch (statement.kind) {
    case "text":
      return executeText(statement, frame);
    case "print":
      return frame.silent ? undefined : executePrint(statement, frame);
    case "if":
      return executeIf(statement, frame);
    case "for":
      return executeFor(statement, frame);
    case "set":
      return executeSet(statement, frame);
    case "set block":
      return executeSetBlock(statement, frame);
    case "macro":
      return frame.assign(statement.macro.name, makeMacro(statement.macro, frame));
    case "call block":
      return executeCallBlock(statement, frame);
    case "filter block":
      return executeFilterBlock(statement, frame);
    case "with":
      return executeWith(statement, frame);
    case "include":
      return includeTemplate(statement, frame);
    case "import":
      return frame.assign(statement.target, importTemplate(statement, frame), { share: false });
    case "from import":
      return fromImport(statement, frame);
    case "extends":
      return;
    case "block":
      return frame.silent ? undefined : printBlock(statement.block, frame);
  }
}

function executeText({ text, place }: Node<"text">, frame: Frame): void {
  if (!frame.silent) frame.sheet.write(text, { place, moves: true, data: undefined, reason: frame.reason });
}

/** A value on its way to the sheet, with the sheet that its text was printed on where it came from a macro or a block. */
interface Printing {
  value: Value;
  sheet: Sheet | undefined;
}

function executePrint({ value: node, place }: Node<"print">, frame: Frame): void {
  const { result, reads } = frame.run.tracing(() => printing(node, frame));
  frame.run.at = node.place;
  print(result, { frame, place, data: reads });
}

function print(
  { value, sheet }: Printing,
  { frame, place, data }: { frame: Frame; place: Statement["place"]; data: ReadonlySet<string> | undefined },
): void {
  const text = show(value, frame.run.work);
  const writing = { place, moves: false, data, reason: frame.reason };
  if (sheet) frame.sheet.splice(text, sheet, writing);
  else frame.sheet.write(text, writing);
}

/** Filters that change lines but neither add nor remove any. */
const keepsLines: ReadonlySet<string> = new Set(["indent", "upper", "lower", "string"]);

function printing(node: Expression, frame: Frame): Printing {
  if (node.kind === "filter" && keepsLines.has(node.name)) {
    const input = printing(node.input, frame);
    const value = filterValue(node, input.value, frame);
    return { value, sheet: sameLines(input.value, value) ? input.sheet : undefined };
  }
  if (node.kind === "name") return { value: evaluate(node, frame), sheet: frame.find(node.name)?.sheet };
  if (node.kind !== "call") return { value: evaluate(node, frame), sheet: undefined };
  frame.run.printed = undefined;
  return withSheet(evaluate(node, frame), frame);
}

function withSheet(value: Value, frame: Frame): Printing {
  const { printed } = frame.run;
  return { value, sheet: printed && printed.text === value ? printed.sheet : undefined };
}

function sameLines(before: Value, after: Value): boolean {
  return typeof before === "string" && typeof after === "string" && before.split("\n").length === after.split("\n").length;
}

function executeIf(statement: Node<"if">, frame: Frame): void {
  const reasons = new Set(frame.reason);
  for (const { test, body } of statement.branches) {
    const { result, reads } = frame.run.tracing(() => truth(test, frame));
    for (const path of reads) reasons.add(path);
    if (result) return frame.run.execute(body, frame.under(reads.size > 0 ? [...reads] : frame.reason));
  }
  frame.run.execute(statement.otherwise, frame.under([...reasons]));
}

function executeFor(statement: Node<"for">, frame: Frame): void {
  const { run } = frame;
  const { result: items, reads } = run.tracing(() => evaluate(statement.items, frame));
  run.at = statement.items.place;
  const from = [...reads];
  const source = statement.filter ? filtered(statement, items, frame) : iterateAt(items, run.work);
  const loop = new Loop(source, { sized: statement.filter ? undefined : items, work: run.work });
  for (let item = loop.next(); item; item = loop.next()) {
    const path = pathsOf(item, from);
    const inner = frame.inner(statement.names, { reason: path });
    if (statement.usesLoop) inner.scope.set("loop", loop.variable);
    run.at = statement.target.place;
    assignTo(statement.target, item[0], { frame: inner, from: path });
    run.execute(statement.body, inner);
    run.at = statement.items.place;
  }
  if (loop.index0 < 0) run.execute(statement.otherwise, frame.inner(statement.otherwiseNames));
}

/** Where an item came from: its own path, or what was read to get the items. */
function pathsOf([item, at]: [Value, string | undefined], from: readonly string[]): readonly string[] {
  const own = at ?? (item instanceof List || item instanceof Dict || item instanceof Tuple ? item.at : undefined);
  return own === undefined ? from : [own];
}

function* filtered(statement: Node<"for">, items: Value, frame: Frame): Generator<[Value, string | undefined]> {
  const { filter } = statement;
  for (const item of iterateAt(items, frame.run.work)) {
    const inner = frame.inner(noNames);
    assignTo(statement.target, item[0], { frame: inner, from: item[1] === undefined ? [] : [item[1]] });
    if (filter && truth(filter, inner)) yield item;
  }
}

function executeSet({ target, value: node }: Node<"set">, frame: Frame): void {
  const { result, reads } = frame.run.tracing(() => evaluate(node, frame));
  frame.run.at = target.place;
  assignTo(target, result, { frame, from: [...reads] });
}

/** Prints a body on a sheet of its own. */
function capture(body: readonly Statement[], frame: Frame): { text: string; sheet: Sheet; reads: Set<string> } {
  const sheet = new Sheet(frame.run.work);
  const { reads } = frame.run.tracing(() => frame.run.execute(body, frame.with({ sheet })));
  return { text: sheet.text, sheet, reads };
}

function executeSetBlock(statement: Node<"set block">, frame: Frame): void {
  const inner = frame.inner(statement.names, { silent: false });
  const { text, sheet, reads } = capture(statement.body, inner);
  const value = filterChain(statement.filtered, text, inner);
  assignTo(statement.target, value, { frame, from: [...reads], sheet: sameLines(text, value) ? sheet : undefined });
}

/** The filters of a block over its text. */
function filterChain(node: Expression, text: string, frame: Frame): Value {
  return node.kind === "filter" ? filterValue(node, filterChain(node.input, text, frame), frame) : text;
}

function executeFilterBlock(statement: Node<"filter block">, frame: Frame): void {
  const inner = frame.inner(statement.names);
  const { text, sheet, reads } = capture(statement.body, inner);
  const value = filterChain(statement.filtered, text, inner);
  print({ value, sheet: sameLines(text, value) ? sheet : undefined }, { frame, place: statement.place, data: reads });
}

function executeCallBlock(statement: Node<"call block">, frame: Frame): void {
  const caller = makeMacro(statement.caller, frame);
  frame.run.printed = undefined;
  const { result, reads } = frame.run.tracing(() => withSheet(call(statement.call, frame, new Map([["caller", caller]])), frame));
  print(result, { frame, place: statement.place, data: reads });
}

function executeWith(statement: Node<"with">, frame: Frame): void {
  const values = statement.assignments.map(({ value }) => frame.run.tracing(() => evaluate(value, frame)));
  const inner = frame.inner(statement.names);
  for (const [i, { target }] of statement.assignments.entries()) {
    const traced = values[i];
    if (traced) assignTo(target, traced.result, { frame: inner, from: [...traced.reads] });
  }
  frame.run.execute(statement.body, inner);
}
