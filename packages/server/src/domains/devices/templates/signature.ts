/** What filters, tests, methods and functions take: Python's rules for arguments with and without names. */
import { fail } from "./fault.ts";
import { asCount } from "./numbers.ts";
import { describe, truthy, Undefined, type CallArgs, type Value } from "./values.ts";
import type { Work } from "./work.ts";

/** What a filter may ask of the run it is part of. */
export interface Tools {
  work: Work;
  /** `object[key]`, noting the path in the data that was read. */
  item(object: Value, key: Value): Value;
  filter(name: string, input: Value, args: CallArgs): Value;
  test(name: string, input: Value, args: CallArgs): boolean;
}

/** The arguments in the order of the signature; undefined where one was not given. */
export type Given = readonly (Value | undefined)[];

/** A filter with a fixed signature. `lenient`: takes an undefined value. */
export interface PlainFilter {
  signature: string;
  lenient?: boolean;
  apply: (input: Value, given: Given, tools: Tools) => Value;
}

/** A filter that takes the name and the arguments of another one. */
export interface OpenFilter {
  applyOpen: (input: Value, args: CallArgs, tools: Tools) => Value;
}

export type FilterTable = Record<string, PlainFilter | OpenFilter>;

interface Parameter {
  name: string;
  optional: boolean;
}

/** Parses a signature such as `old new count?`. */
function parametersOf(signature: string): Parameter[] {
  return signature.split(" ").flatMap((word) => (word === "" ? [] : [{ name: word.replace("?", ""), optional: word.endsWith("?") }]));
}

/** Makes a binder for a signature: names of parameters, `?` for those that may be left out. */
export function binder(title: string, signature: string): (args: CallArgs) => Given {
  const parameters = parametersOf(signature);
  return ({ positional, named }) => {
    if (positional.length > parameters.length) fail(`${title} takes ${atMost(parameters.length)}, not ${String(positional.length)}`);
    for (const name of named.keys()) {
      const index = parameters.findIndex((one) => one.name === name);
      if (index < 0)
        fail(`${title} has no argument ${name}`, parameters.length > 0 ? `It takes ${parameters.map((one) => one.name).join(", ")}.` : "");
      if (index < positional.length) fail(`${title} gets its argument ${name} twice`);
    }
    return parameters.map(({ name, optional }, i) => {
      const value = i < positional.length ? positional[i] : named.get(name);
      if (value === undefined && !optional) fail(`${title} needs its argument ${name}`);
      return value;
    });
  };
}

function atMost(count: number): string {
  return count === 0 ? "no arguments" : count === 1 ? "one argument" : `at most ${String(count)} arguments`;
}

export function textArgument(value: Value | undefined, what: string, fallback?: string): string {
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value === "string") return value;
  if (value instanceof Undefined) value.refuse();
  return fail(`${what} must be a string, not ${describe(value ?? null)}`);
}

export function countArgument(value: Value | undefined, what: string, fallback: number): number {
  if (value === undefined) return fallback;
  if (value instanceof Undefined) value.refuse();
  return asCount(value, what);
}

export function flagArgument(value: Value | undefined, work: Work, fallback = false): boolean {
  return value === undefined ? fallback : truthy(value, work);
}
