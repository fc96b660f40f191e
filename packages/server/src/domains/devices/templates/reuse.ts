/** Templates that use one another: include, import, extends and blocks. */
import { evaluate } from "./evaluate.ts";
import { fail } from "./fault.ts";
import { toList } from "./iterate.ts";
import type { BlockShape, Expression, Statement, Template } from "./nodes.ts";
import { Frame, type Run } from "./run.ts";
import { Context, Scope } from "./scope.ts";
import { Sheet } from "./sheet.ts";
import { describe, List, orElse, Special, Tuple, Undefined, type Value } from "./values.ts";

type Node<Kind extends Statement["kind"]> = Extract<Statement, { kind: Kind }>;

interface Printing {
  context: Context;
  sheet: Sheet;
  reason: readonly string[];
}

/** Runs a template and, where it extends another, that one with its blocks. */
export function runTemplate(template: Template, run: Run, { context, sheet, reason }: Printing): void {
  context.extend(template);
  const frame = new Frame({ run, context, scope: new Scope(template.names), sheet, top: true, reason, silent: false });
  frame.scope.set("self", selfOf(frame));
  const at = template.body.findIndex(({ kind }) => kind === "extends");
  const statement = template.body[at];
  if (statement?.kind !== "extends") return run.execute(template.body, frame);
  run.execute(template.body.slice(0, at), frame);
  run.at = statement.place;
  const parent = loadTemplate(evaluate(statement.template, frame), run);
  run.execute(template.body.slice(at + 1), frame.with({ silent: true }));
  run.at = statement.place;
  run.entering("inheritance", () => runTemplate(parent, run, { context, sheet, reason }));
}

export function printBlock(block: BlockShape, frame: Frame): void {
  const { context } = frame;
  if (block.required && (context.blocks.get(block.name)?.length ?? 0) <= 1)
    fail(`the required block ${block.name} is not defined by a template that extends this one`);
  runBlock(block.name, 0, block.scoped ? frame.with({ context: new Context(frame.visible(), context.blocks) }) : frame);
}

/** `index` counts from the most derived template. */
function runBlock(name: string, index: number, frame: Frame): void {
  const found = frame.context.blocks.get(name)?.[index];
  if (!found) return fail(`there is no block ${name}`);
  const scope = new Scope(found.block.names);
  const inner = frame.with({ scope, top: false, silent: false });
  scope.set("self", selfOf(inner));
  scope.set("super", blockText(name, index + 1, inner));
  frame.run.entering("a block", () => frame.run.execute(found.block.body, inner));
}

/** A block as a value: call it for its text; `.super` is the one that it overrides. */
function blockText(name: string, index: number, frame: Frame): Value {
  if (!frame.context.blocks.get(name)?.[index]) return new Undefined(`no template above this one defines the block ${name}`);
  const print = (): Value => {
    const sheet = new Sheet(frame.run.work);
    runBlock(name, index, frame.with({ sheet }));
    const { text } = sheet;
    frame.run.printed = { sheet, text };
    return text;
  };
  return new Special({
    title: "block",
    call: print,
    attribute: (attribute) => (attribute === "super" ? blockText(name, index + 1, frame) : undefined),
  });
}

function selfOf(frame: Frame): Value {
  return new Special({ title: "template", attribute: (name) => (frame.context.blocks.has(name) ? blockText(name, 0, frame) : undefined) });
}

function templateName(value: Value): string {
  if (value instanceof Undefined) value.refuse();
  return typeof value === "string" ? value : fail(`the name of a template must be a string, not ${describe(value)}`);
}

function loadTemplate(value: Value, run: Run): Template {
  const name = templateName(value);
  return run.load(name) ?? fail(`there is no template ${JSON.stringify(name)}`, "Names begin below templates/, for example frr/bgp.j2.");
}

/** The first of one or several templates that exists. */
function findTemplate(node: Expression, frame: Frame): Template | undefined {
  const value = evaluate(node, frame);
  frame.run.at = node.place;
  const names = value instanceof List || value instanceof Tuple ? toList(value, frame.run.work) : [value];
  for (const name of names) {
    const template = frame.run.load(templateName(name));
    if (template) return template;
  }
  return undefined;
}

export function includeTemplate(statement: Node<"include">, frame: Frame): void {
  const { run } = frame;
  const template = findTemplate(statement.template, frame);
  if (!template) {
    if (statement.ignoreMissing) return;
    return void loadTemplate(evaluate(statement.template, frame), run);
  }
  const context = new Context(statement.withContext ? frame.visible() : run.globals);
  run.at = statement.place;
  run.entering("an include", () => runTemplate(template, run, { context, sheet: frame.sheet, reason: frame.reason }));
}

/** The names that a template assigns at its top, as attributes. */
export function importTemplate(statement: Node<"import" | "from import">, frame: Frame): Special {
  const { run } = frame;
  const name = evaluate(statement.template, frame);
  run.at = statement.template.place;
  const template = loadTemplate(name, run);
  const known = statement.withContext ? undefined : run.modules.get(template.name);
  if (known instanceof Special) return known;
  const context = new Context(statement.withContext ? frame.visible() : run.globals);
  run.at = statement.place;
  run.entering("an import", () => runTemplate(template, run, { context, sheet: new Sheet(run.work), reason: [] }));
  const module = new Special({
    title: "imported template",
    attribute: (attribute) => (context.exported.has(attribute) ? context.vars.get(attribute)?.value : undefined),
  });
  if (!statement.withContext) run.modules.set(template.name, module);
  return module;
}

export function fromImport(statement: Node<"from import">, frame: Frame): void {
  const module = importTemplate(statement, frame);
  for (const { name, target } of statement.names) {
    const value = orElse(module.parts.attribute(name), new Undefined(`the imported template does not define "${name}" at its top`));
    frame.assign(target, value, { share: false });
  }
}
