/** From the text of a template to its tree. */
import { Cursor } from "./cursor.ts";
import { TemplateFault, type Place } from "./fault.ts";
import { tokenize } from "./lexer.ts";
import { noNames, settleNames } from "./names.ts";
import type { BlockShape, Statement, Template } from "./nodes.ts";
import { parseStatements } from "./parse-body.ts";
import { reuseTags } from "./parse-reuse.ts";
import { statementTags } from "./parse-statement.ts";
import { bodiesOf } from "./walk.ts";

const tags = new Map(Object.entries({ ...statementTags, ...reuseTags }));

/** @throws TemplateFault with a place. */
export function parseTemplate(name: string, source: string): Template {
  const body = parseStatements(new Cursor(tokenize(name, source), tags));
  const blocks = new Map<string, BlockShape>();
  collectBlocks(body, blocks);
  checkInheritance(body);
  const template: Template = { name, body, blocks, names: noNames };
  settleNames(template);
  return template;
}

function collectBlocks(body: readonly Statement[], blocks: Map<string, BlockShape>): void {
  for (const statement of body) {
    if (statement.kind === "block") {
      const { block, place } = statement;
      if (blocks.has(block.name)) throw new TemplateFault(`the block ${block.name} is defined twice`, "", place);
      blocks.set(block.name, block);
      collectBlocks(block.body, blocks);
    }
    for (const inner of bodiesOf(statement)) collectBlocks(inner, blocks);
  }
}

/** A template that extends another is its blocks and what they need; nothing else of it would be printed. */
function checkInheritance(body: readonly Statement[]): void {
  const at = body.findIndex(({ kind }) => kind === "extends");
  for (const [i, statement] of body.entries()) {
    const nested = findNested(statement);
    if (nested) throw new TemplateFault("extends must stand at the top of a template, outside other tags", "", nested);
    if (statement.kind === "extends" && i !== at) throw new TemplateFault("a template can extend one other only", "", statement.place);
    if (at >= 0 && i > at) checkSilent(statement, false);
  }
}

const printing = new Set<Statement["kind"]>(["include", "call block", "filter block"]);

/** Behind extends, outside blocks: assignments and macros make sense, what prints does not. */
function checkSilent(statement: Statement, within: boolean): void {
  if (printing.has(statement.kind) || (within && statement.kind === "block"))
    throw new TemplateFault(
      `${statement.kind} cannot stand here, outside the blocks of a template that extends another`,
      "Move it into a block.",
      statement.place,
    );
  if (statement.kind === "macro" || statement.kind === "set block") return;
  const inLoop = within || statement.kind === "for" || statement.kind === "with";
  for (const inner of bodiesOf(statement).flat()) checkSilent(inner, inLoop);
}

function findNested(statement: Statement): Place | undefined {
  const bodies = statement.kind === "block" ? [statement.block.body] : bodiesOf(statement);
  for (const inner of bodies.flat()) {
    const found = inner.kind === "extends" ? inner.place : findNested(inner);
    if (found) return found;
  }
  return undefined;
}
