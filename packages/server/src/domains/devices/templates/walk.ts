/** Looks through a tree for names. */
import type { Arguments, Expression, Statement } from "./nodes.ts";

/** The expressions directly inside an expression. */
export function childrenOf(node: Expression): Expression[] {
  switch (node.kind) {
    case "constant":
    case "name":
    case "captured":
      return [];
    case "list":
    case "tuple":
      return node.items;
    case "dict":
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case "attribute":
      return [node.object];
    case "item":
      return [node.object, node.index];
    case "slice":
      return [node.object, node.start, node.stop, node.step].filter((one) => one !== undefined);
    case "call":
      return [node.callee, ...argumentsOf(node.args)];
    case "filter":
    case "test":
      return [node.input, ...argumentsOf(node.args)];
    case "arithmetic":
    case "and":
    case "or":
      return [node.left, node.right];
    case "sign":
    case "not":
      return [node.operand];
    case "concat":
      return node.parts;
    case "compare":
      return [node.first, ...node.rest.map(({ operand }) => operand)];
    case "choice":
      return [node.test, node.yes, ...(node.no ? [node.no] : [])];
  }
}

function argumentsOf(args: Arguments): Expression[] {
  const spreads = [args.spread, args.spreadNamed].filter((one) => one !== undefined);
  return [...args.positional, ...args.named.map(({ value }) => value), ...spreads];
}

/** Calls `found` for every name that an expression reads. */
export function eachName(node: Expression, found: (name: string) => void): void {
  if (node.kind === "name") found(node.name);
  for (const child of childrenOf(node)) eachName(child, found);
}

/** The expressions that stand directly in a statement, not in its bodies. */
export function expressionsOf(node: Statement): Expression[] {
  switch (node.kind) {
    case "text":
    case "block":
      return [];
    case "print":
    case "set":
      return [node.value];
    case "if":
      return node.branches.map(({ test }) => test);
    case "for":
      return node.filter ? [node.items, node.filter] : [node.items];
    case "set block":
    case "filter block":
      return [node.filtered];
    case "macro":
      return node.macro.parameters.flatMap(({ fallback }) => fallback ?? []);
    case "call block":
      return [node.call, ...node.caller.parameters.flatMap(({ fallback }) => fallback ?? [])];
    case "with":
      return node.assignments.map(({ value }) => value);
    case "include":
    case "import":
    case "from import":
    case "extends":
      return [node.template];
  }
}

/** The bodies of a statement. A block's is not among them: it runs on its own. */
export function bodiesOf(node: Statement): Statement[][] {
  switch (node.kind) {
    case "if":
      return [...node.branches.map(({ body }) => body), node.otherwise];
    case "for":
      return [node.body, node.otherwise];
    case "set block":
    case "filter block":
    case "with":
      return [node.body];
    case "macro":
      return [node.macro.body];
    case "call block":
      return [node.caller.body];
    case "text":
    case "block":
    case "print":
    case "set":
    case "include":
    case "import":
    case "from import":
    case "extends":
      return [];
  }
}

/** Which of `names` are read anywhere in statements, blocks aside; a scoped block counts as reading `loop`. */
export function usesOf(body: readonly Statement[], names: readonly string[]): Record<string, boolean> {
  const uses: Record<string, boolean> = {};
  const note = (name: string): void => {
    if (names.includes(name)) uses[name] = true;
  };
  const look = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      if (statement.kind === "block" && statement.block.scoped) note("loop");
      for (const expression of expressionsOf(statement)) eachName(expression, note);
      for (const inner of bodiesOf(statement)) look(inner);
    }
  };
  look(body);
  return uses;
}
