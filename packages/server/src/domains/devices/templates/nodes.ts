/** The tree of a template. Every node knows its place. */
import type { Place } from "./fault.ts";
import type { Operator } from "./numbers.ts";
import type { Value } from "./values.ts";

interface At {
  place: Place;
}

export interface Arguments {
  positional: Expression[];
  named: { name: string; value: Expression }[];
  /** `*args` and `**kwargs` of the caller. */
  spread: Expression | undefined;
  spreadNamed: Expression | undefined;
}

export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";

export type Expression =
  | (At & { kind: "constant"; value: Value })
  | (At & { kind: "name"; name: string })
  | (At & { kind: "list" | "tuple"; items: Expression[] })
  | (At & { kind: "dict"; entries: { key: Expression; value: Expression }[] })
  | (At & { kind: "attribute"; object: Expression; name: string })
  | (At & { kind: "item"; object: Expression; index: Expression })
  | (At & { kind: "slice"; object: Expression; start: Expression | undefined; stop: Expression | undefined; step: Expression | undefined })
  | (At & { kind: "call"; callee: Expression; args: Arguments })
  | (At & { kind: "filter"; name: string; input: Expression; args: Arguments })
  | (At & { kind: "test"; name: string; input: Expression; args: Arguments })
  | (At & { kind: "arithmetic"; operator: Operator; left: Expression; right: Expression })
  | (At & { kind: "sign"; negative: boolean; operand: Expression })
  | (At & { kind: "concat"; parts: Expression[] })
  | (At & { kind: "compare"; first: Expression; rest: { operator: Comparison; operand: Expression }[] })
  | (At & { kind: "and" | "or"; left: Expression; right: Expression })
  | (At & { kind: "not"; operand: Expression })
  | (At & { kind: "choice"; test: Expression; yes: Expression; no: Expression | undefined })
  /** The text that a `{% filter %}` block or a `{% set x | f %}` block hands to its filters. */
  | (At & { kind: "captured" });

export type Target = At &
  ({ kind: "target"; name: string } | { kind: "targets"; items: Target[] } | { kind: "namespace"; name: string; attribute: string });

/** Names that are not yet there when a scope begins although something outside may have the name; see names.ts. */
export interface ScopeNames {
  hidden: ReadonlySet<string>;
}

export interface Parameter {
  name: string;
  fallback: Expression | undefined;
}

export interface MacroShape {
  name: string;
  parameters: Parameter[];
  body: Statement[];
  /** Which of the special names its body uses. */
  uses: { caller: boolean; kwargs: boolean; varargs: boolean };
  names: ScopeNames;
}

export type Statement =
  | (At & { kind: "text"; text: string })
  | (At & { kind: "print"; value: Expression })
  | (At & { kind: "if"; branches: { test: Expression; body: Statement[] }[]; otherwise: Statement[] })
  | (At & ForStatement)
  | (At & { kind: "set"; target: Target; value: Expression })
  | (At & { kind: "set block"; target: Target; filtered: Expression; body: Statement[]; names: ScopeNames })
  | (At & { kind: "macro"; macro: MacroShape })
  | (At & { kind: "call block"; caller: MacroShape; call: Extract<Expression, { kind: "call" }> })
  | (At & { kind: "filter block"; filtered: Expression; body: Statement[]; names: ScopeNames })
  | (At & { kind: "with"; assignments: { target: Target; value: Expression }[]; body: Statement[]; names: ScopeNames })
  | (At & { kind: "include"; template: Expression; ignoreMissing: boolean; withContext: boolean })
  | (At & { kind: "import"; template: Expression; target: string; withContext: boolean })
  | (At & { kind: "from import"; template: Expression; names: { name: string; target: string }[]; withContext: boolean })
  | (At & { kind: "extends"; template: Expression })
  | (At & { kind: "block"; block: BlockShape });

export interface ForStatement {
  kind: "for";
  target: Target;
  items: Expression;
  filter: Expression | undefined;
  body: Statement[];
  otherwise: Statement[];
  /** Whether the body mentions `loop`, so that included templates see it too. */
  usesLoop: boolean;
  names: ScopeNames;
  otherwiseNames: ScopeNames;
}

export interface BlockShape {
  name: string;
  body: Statement[];
  scoped: boolean;
  required: boolean;
  names: ScopeNames;
}

export interface Template {
  name: string;
  body: Statement[];
  blocks: Map<string, BlockShape>;
  names: ScopeNames;
}
