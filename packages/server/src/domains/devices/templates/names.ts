/**
 * Which names a scope begins without. Jinja decides when it compiles a template what each name of a scope refers to, and a name that a scope
 * assigns is that scope's own from its start: `{% for i in l %}{{ x }}{% endfor %}{% set x = 1 %}` finds no x, even where the data have one.
 * Templates that work in Jinja must not mean something else here, so the same is worked out, scope by scope.
 */
import type { Expression, MacroShape, ScopeNames, Statement, Target, Template } from "./nodes.ts";
import { eachName, expressionsOf } from "./walk.ts";

export const noNames: ScopeNames = { hidden: new Set() };

/** How a name of a scope gets its value when the scope begins: from a parameter, the data, an outer scope, or not at all. */
type Source = "parameter" | "data" | "outer" | "nothing";

class ScopeTable {
  readonly parent: ScopeTable | undefined;
  sources = new Map<string, Source>();
  stores = new Set<string>();

  constructor(parent?: ScopeTable) {
    this.parent = parent;
  }

  knows(name: string): boolean {
    return this.sources.has(name) || (this.parent?.knows(name) ?? false);
  }

  read(name: string): void {
    if (!this.knows(name)) this.sources.set(name, "data");
  }

  store(name: string): void {
    this.stores.add(name);
    if (!this.sources.has(name)) this.sources.set(name, this.parent?.knows(name) ? "outer" : "nothing");
  }

  declare(name: string): void {
    this.stores.add(name);
    this.sources.set(name, "parameter");
  }

  /** A copy that one branch of an `if` works on. */
  branch(): ScopeTable {
    const copy = new ScopeTable(this.parent);
    copy.sources = new Map(this.sources);
    copy.stores = new Set(this.stores);
    return copy;
  }

  /** What a branch stores may have been stored or not, so it begins with what is outside. */
  join(branches: readonly ScopeTable[]): void {
    const stored = new Set(branches.flatMap((one) => [...one.stores]).filter((name) => !this.stores.has(name)));
    for (const one of branches) {
      for (const [name, source] of one.sources) this.sources.set(name, source);
      for (const name of one.stores) this.stores.add(name);
    }
    for (const name of stored) this.sources.set(name, this.parent?.knows(name) ? "outer" : "data");
  }

  names(): ScopeNames {
    const hidden = [...this.sources].filter(([, source]) => source === "nothing").map(([name]) => name);
    return hidden.length === 0 ? noNames : { hidden: new Set(hidden) };
  }
}

/** Fills in the names of every scope of a template. */
export function settleNames(template: Template): void {
  template.names = settleScope(template.body, [], undefined);
  for (const block of template.blocks.values()) block.names = settleScope(block.body, [], undefined);
}

/** One scope, then the scopes inside it. */
function settleScope(body: readonly Statement[], parameters: readonly string[], parent: ScopeTable | undefined): ScopeNames {
  const table = new ScopeTable(parent);
  for (const name of parameters) table.declare(name);
  note(body, table);
  settleInner(body, table);
  return table.names();
}

function note(body: readonly Statement[], table: ScopeTable): void {
  for (const statement of body) noteStatement(statement, table);
}

function readAll(expressions: readonly Expression[], table: ScopeTable): void {
  for (const expression of expressions) eachName(expression, (name) => table.read(name));
}

/** What a statement reads and stores in the scope it stands in; bodies with a scope of their own are left out. */
function noteStatement(statement: Statement, table: ScopeTable): void {
  switch (statement.kind) {
    case "if":
      return noteIf(statement, table);
    case "for":
      return readAll([statement.items], table);
    case "macro":
      return table.store(statement.macro.name);
    case "call block":
      return readAll([statement.call], table);
    case "set":
      readAll([statement.value], table);
      return noteTarget(statement.target, table);
    case "set block":
      return noteTarget(statement.target, table);
    case "import":
      readAll([statement.template], table);
      return table.store(statement.target);
    case "from import":
      readAll([statement.template], table);
      for (const { target } of statement.names) table.store(target);
      return;
    case "text":
    case "print":
    case "filter block":
    case "with":
    case "include":
    case "extends":
    case "block":
      return readAll(expressionsOf(statement), table);
  }
}

function noteIf(statement: Extract<Statement, { kind: "if" }>, table: ScopeTable): void {
  const [first, ...others] = statement.branches;
  if (!first) return;
  readAll([first.test], table);
  const main = table.branch();
  note(first.body, main);
  const elifs = table.branch();
  for (const { test, body } of others) {
    readAll([test], elifs);
    const one = elifs.branch();
    note(body, one);
    elifs.join([one]);
  }
  const otherwise = table.branch();
  note(statement.otherwise, otherwise);
  table.join([main, elifs, otherwise]);
}

function noteTarget(target: Target, table: ScopeTable): void {
  if (target.kind === "target") table.store(target.name);
  else if (target.kind === "targets") for (const one of target.items) noteTarget(one, table);
  else table.read(target.name);
}

/** The names that an assignment sets. */
export function targetNames(target: Target): string[] {
  if (target.kind === "target") return [target.name];
  return target.kind === "targets" ? target.items.flatMap(targetNames) : [];
}

function settleInner(body: readonly Statement[], table: ScopeTable): void {
  for (const statement of body) {
    switch (statement.kind) {
      case "if":
        for (const branch of statement.branches) settleInner(branch.body, table);
        settleInner(statement.otherwise, table);
        break;
      case "for":
        statement.names = settleScope(statement.body, [...(statement.usesLoop ? ["loop"] : []), ...targetNames(statement.target)], table);
        statement.otherwiseNames = settleScope(statement.otherwise, [], table);
        break;
      case "macro":
        settleMacro(statement.macro, table);
        break;
      case "call block":
        settleMacro(statement.caller, table);
        break;
      case "with":
        statement.names = settleScope(
          statement.body,
          statement.assignments.flatMap(({ target }) => targetNames(target)),
          table,
        );
        break;
      case "set block":
      case "filter block":
        statement.names = settleScope(statement.body, [], table);
        break;
      default:
        break;
    }
  }
}

function settleMacro(macro: MacroShape, parent: ScopeTable): void {
  const specials = (["caller", "kwargs", "varargs"] as const).filter((name) => macro.uses[name]);
  const table = new ScopeTable(parent);
  for (const { name } of macro.parameters) table.declare(name);
  readAll(
    macro.parameters.flatMap(({ fallback }) => fallback ?? []),
    table,
  );
  for (const name of specials) table.declare(name);
  note(macro.body, table);
  settleInner(macro.body, table);
  macro.names = table.names();
}
