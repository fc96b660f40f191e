/** The functions that every template has: range, dict, namespace, cycler, joiner. */
import { fail } from "./fault.ts";
import { entriesOf } from "./methods-containers.ts";
import { binder, countArgument } from "./signature.ts";
import { Callable, Dict, Namespace, Range, Special, type CallArgs, type Value } from "./values.ts";
import type { Work } from "./work.ts";

export function makeGlobals(work: Work): ReadonlyMap<string, Value> {
  const functions: Record<string, (args: CallArgs) => Value> = {
    range: makeRange,
    dict: (args) => makeDict(args, work),
    namespace: (args) => makeNamespace(args, work),
    cycler: makeCycler,
    joiner: makeJoiner,
    lipsum: () => fail("lipsum is not supported", "The same intent must always render the same."),
  };
  return new Map(Object.entries(functions).map(([name, call]) => [name, new Callable(name, call)]));
}

function makeRange({ positional, named }: CallArgs): Value {
  if (named.size > 0) return fail("range takes no named arguments");
  const counts = positional.map((value) => countArgument(value, "each argument of range", 0));
  const [first, second, step = 1] = counts;
  if (first === undefined || counts.length > 3) return fail("range takes one to three arguments");
  if (step === 0) fail("the step of a range must not be 0");
  return second === undefined ? new Range(0, first, 1) : new Range(first, second, step);
}

function makeDict({ positional, named }: CallArgs, work: Work): Dict {
  if (positional.length > 1) fail("dict takes one mapping or list of pairs, and named values");
  return new Dict([...entriesOf(positional[0], work), ...named]);
}

function makeNamespace(args: CallArgs, work: Work): Namespace {
  const namespace = new Namespace();
  for (const [key, value] of makeDict(args, work).entries()) if (typeof key === "string") namespace.attributes.set(key, value);
  return namespace;
}

function makeCycler({ positional: items }: CallArgs): Value {
  if (items.length === 0) return fail("cycler needs at least one item");
  let position = 0;
  const current = (): Value => items[position] ?? null;
  const methods: Record<string, () => Value> = {
    next: () => {
      const item = current();
      position = (position + 1) % items.length;
      return item;
    },
    reset: () => {
      position = 0;
      return null;
    },
  };
  const attribute = (name: string): Value | undefined => {
    if (name === "current") return current();
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    return method && new Callable(name, method);
  };
  return new Special({ title: "cycler", attribute });
}

const joinerArguments = binder("joiner", "sep?");

function makeJoiner(args: CallArgs): Value {
  const [separator = ", "] = joinerArguments(args);
  let used = false;
  return new Callable("joiner", (given) => {
    if (given.positional.length > 0 || given.named.size > 0) fail("a joiner takes no arguments");
    const first = !used;
    used = true;
    return first ? "" : separator;
  });
}
