/** Macros: functions that a template defines, and the bodies of call blocks. */
import { evaluate } from "./evaluate.ts";
import { fail } from "./fault.ts";
import type { MacroShape, Parameter } from "./nodes.ts";
import type { Frame } from "./run.ts";
import { unknownOrigin } from "./scope.ts";
import { Sheet } from "./sheet.ts";
import { Callable, Dict, Tuple, Undefined, type CallArgs, type Value } from "./values.ts";

/** A macro sees the names around its definition as they are when it is called. */
export function makeMacro(macro: MacroShape, defined: Frame): Callable {
  return new Callable(macro.name, (args) => callMacro(macro, args, defined), true);
}

function callMacro(macro: MacroShape, args: CallArgs, defined: Frame): Value {
  const { run } = defined;
  const sheet = new Sheet(run.work);
  const frame = defined.inner(macro.names, { sheet, silent: false, reason: [] });
  run.entering("a macro", () => {
    bindArguments(macro, args, frame);
    run.execute(macro.body, frame);
  });
  const { text } = sheet;
  run.printed = { sheet, text };
  return text;
}

function bindArguments(macro: MacroShape, { positional, named, origins }: CallArgs, frame: Frame): void {
  const rest = new Map(named);
  const assign = (name: string, value: Value, key: number | string): void => {
    frame.scope.set(name, value, origins?.get(key) ?? unknownOrigin);
  };
  const absent: Parameter[] = [];
  for (const [i, parameter] of macro.parameters.entries()) {
    const { name } = parameter;
    const value = i < positional.length ? positional[i] : rest.get(name);
    if (value === undefined) {
      absent.push(parameter);
      assign(name, new Undefined(`the argument ${name} was not given`), name);
    } else assign(name, value, i < positional.length ? i : name);
    if (i >= positional.length) rest.delete(name);
  }
  bindCaller(macro, rest, frame);
  bindRest(macro, { positional, rest }, frame);
  for (const { name, fallback } of absent) if (fallback) frame.scope.set(name, evaluate(fallback, frame));
}

function bindCaller(macro: MacroShape, rest: Map<string, Value>, frame: Frame): void {
  if (!macro.uses.caller || macro.parameters.some(({ name }) => name === "caller")) return;
  frame.scope.set("caller", rest.get("caller") ?? new Undefined("the macro was not called by a call block, so it has no caller"));
  rest.delete("caller");
}

function bindRest(macro: MacroShape, { positional, rest }: { positional: Value[]; rest: Map<string, Value> }, frame: Frame): void {
  const title = `the macro ${macro.name}`;
  const [extra] = rest.keys();
  if (macro.uses.kwargs) frame.scope.set("kwargs", new Dict(rest));
  else if (extra === "caller") fail(`${title} does not call caller(), so a call block has no use for it`);
  else if (extra !== undefined)
    fail(
      `${title} has no argument ${extra}, or gets it twice`,
      `It takes ${macro.parameters.map(({ name }) => name).join(", ") || "none"}.`,
    );
  const count = macro.parameters.length;
  if (macro.uses.varargs) frame.scope.set("varargs", new Tuple(positional.slice(count)));
  else if (positional.length > count) fail(`${title} takes at most ${String(count)} arguments, not ${String(positional.length)}`);
}
