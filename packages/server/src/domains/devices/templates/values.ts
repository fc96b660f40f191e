/** The values of a template: Python's, because that is what authors of Jinja templates expect. No value gives a way to JavaScript's objects. */
import { fail } from "./fault.ts";
import type { Work } from "./work.ts";

/** Integers are numbers (safe ones) or bigints (the rest); what Python calls float is a `Float`, so that 1.0 stays 1.0. */
export type Int = number | bigint;
export type Numeric = Int | Float | boolean;
export type Value =
  | null
  | boolean
  | Int
  | Float
  | string
  | List
  | Tuple
  | Dict
  | Range
  | View
  | Lazy
  | Undefined
  | Callable
  | Namespace
  | Special;

/** A floating point number. Also accepted in the data given to a template, where `1.0` must not become `1`. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** `at` is the path in the data that a container came from, e.g. `device.interfaces[0]`; absent for those made by the template. */
export class List {
  readonly items: Value[];
  readonly at: string | undefined;
  constructor(items: Value[], at?: string) {
    this.items = items;
    this.at = at;
  }
}

export class Tuple {
  readonly items: readonly Value[];
  readonly at: string | undefined;
  /** Names of the fields, for the pairs of `groupby`. */
  readonly fields: readonly string[] | undefined;
  constructor(items: readonly Value[], at?: string, fields?: readonly string[]) {
    this.items = items;
    this.at = at;
    this.fields = fields;
  }
}

/** An ordered mapping; keys that Python takes for equal (1, 1.0, True) are one key. */
export class Dict {
  readonly #entries = new Map<unknown, [Value, Value]>();
  readonly at: string | undefined;
  constructor(entries: Iterable<readonly [Value, Value]> = [], at?: string) {
    this.at = at;
    for (const [key, value] of entries) this.set(key, value);
  }
  get size(): number {
    return this.#entries.size;
  }
  get(key: Value): Value | undefined {
    return this.#entries.get(identity(key))?.[1];
  }
  has(key: Value): boolean {
    return this.#entries.has(identity(key));
  }
  set(key: Value, value: Value): void {
    const id = identity(key);
    const known = this.#entries.get(id);
    if (known) known[1] = value;
    else this.#entries.set(id, [key, value]);
  }
  delete(key: Value): boolean {
    return this.#entries.delete(identity(key));
  }
  clear(): void {
    this.#entries.clear();
  }
  *keys(): Generator<Value> {
    for (const [key] of this.#entries.values()) yield key;
  }
  *values(): Generator<Value> {
    for (const [, value] of this.#entries.values()) yield value;
  }
  entries(): Iterable<readonly [Value, Value]> {
    return this.#entries.values();
  }
}

/** What `range()` gives: never held in memory. `step` is not 0. */
export class Range {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  constructor(start: number, stop: number, step: number) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
  get length(): number {
    return Math.max(0, Math.ceil((this.stop - this.start) / this.step));
  }
  item(index: number): number {
    return this.start + index * this.step;
  }
}

/** `d.keys()`, `d.values()`, `d.items()`: follows its mapping. */
export class View {
  readonly of: Dict;
  readonly kind: "keys" | "values" | "items";
  constructor(of: Dict, kind: "keys" | "values" | "items") {
    this.of = of;
    this.kind = kind;
  }
}

/** What `map`, `select` and their like give: a sequence that can be gone through once. */
export class Lazy {
  readonly source: Iterator<Value>;
  constructor(source: Iterator<Value>) {
    this.source = source;
  }
}

/** A value that is not there. Asking whether it is defined is all one may do with it. */
export class Undefined {
  readonly say: string;
  readonly mend: string;
  constructor(say: string, mend = "") {
    this.say = say;
    this.mend = mend;
  }
  refuse(): never {
    fail(this.say, this.mend);
  }
}

/** What an inline `if` without `else` gives when it is false. Jinja lets it print as nothing, even where undefined values are errors. */
export class Blank extends Undefined {
  constructor() {
    super("an inline if is false here and has no else", "Add an else.");
  }
}

/** Arguments of one call. `origins` says which data an argument was read from, where the callee wants to know. */
export interface CallArgs {
  positional: Value[];
  named: Map<string, Value>;
  origins?: Map<number | string, readonly string[]>;
}

/** A method, a global function or a macro. */
export class Callable {
  readonly name: string;
  readonly call: (args: CallArgs) => Value;
  /** Whether arguments should come with their origins. */
  readonly wantsOrigins: boolean;
  constructor(name: string, call: (args: CallArgs) => Value, wantsOrigins = false) {
    this.name = name;
    this.call = call;
    this.wantsOrigins = wantsOrigins;
  }
}

/** `namespace()`: the one thing whose attributes a template may assign. */
export class Namespace {
  readonly attributes = new Map<string, Value>();
}

/** `loop`, `self`, `super`, imported templates, cyclers: things with attributes and sometimes a call. */
export interface SpecialParts {
  /** What it is, for messages: "the loop variable". */
  title: string;
  attribute(name: string): Value | undefined;
  call?: (args: CallArgs) => Value;
  length?: () => number;
}
export class Special {
  readonly parts: SpecialParts;
  constructor(parts: SpecialParts) {
    this.parts = parts;
  }
}

/** A plain number where it is safe, a bigint elsewhere. */
export function toInt(value: bigint): Int {
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : value;
}

export function isInt(value: Value): value is Int {
  return typeof value === "number" || typeof value === "bigint";
}

/** What identifies a key of a mapping. Only values that cannot change may be keys. */
function identity(key: Value): unknown {
  if (typeof key === "string") return key.startsWith("\0") ? `\0${key}` : key;
  if (typeof key === "boolean") return Number(key);
  if (key instanceof Float) return Number.isInteger(key.value) ? (toInt(BigInt(key.value)) as unknown) : key.value;
  if (key instanceof Tuple) return `\0(${key.items.map((item) => tagged(identity(item))).join(",")})`;
  if (key instanceof Range) return `\0[${String(key.length)},${String(key.start)},${String(key.step)}]`;
  if (key instanceof Undefined) key.refuse();
  if (key === null || isInt(key)) return key;
  return fail(`${describe(key)} cannot be a key of a mapping`);
}

function tagged(id: unknown): string {
  return typeof id === "string" ? JSON.stringify(id) : `${typeof id}:${String(id)}`;
}

/** Whether a value may be a key; throws where Python would call it unhashable. */
export function keyOf(value: Value): unknown {
  return identity(value);
}

/** The name of a value's type as authors know it from Python. */
export function typeName(value: Value): string {
  if (value === null) return "none";
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "boolean";
  if (isInt(value)) return "integer";
  if (value instanceof Float) return "float";
  if (value instanceof List) return "list";
  if (value instanceof Tuple) return "tuple";
  if (value instanceof Dict) return "mapping";
  if (value instanceof Range) return "range";
  if (value instanceof View) return `mapping's ${value.kind}`;
  if (value instanceof Lazy) return "generator";
  if (value instanceof Namespace) return "namespace";
  if (value instanceof Callable) return "function";
  if (value instanceof Undefined) return "undefined value";
  return value.parts.title;
}

/** A value or, where there is none at all, another. None is a value: `??` would take it for missing. */
export function orElse(value: Value | undefined, fallback: Value): Value {
  return value === undefined ? fallback : value;
}

/** The type of a value with its article, for sentences. */
export function describe(value: Value): string {
  const name = typeName(value);
  return value === null ? name : /^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`;
}

/** Python's truth: empty and zero are false. */
export function truthy(value: Value, work: Work): boolean {
  work.step();
  if (value === null) return false;
  if (typeof value === "boolean") return value;
  if (typeof value === "string") return value !== "";
  if (isInt(value)) return value !== 0;
  if (value instanceof Undefined) return value instanceof Blank ? false : value.refuse();
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof List || value instanceof Tuple) return value.items.length > 0;
  if (value instanceof Dict) return value.size > 0;
  if (value instanceof View) return value.of.size > 0;
  if (value instanceof Range) return value.length > 0;
  if (value instanceof Special && value.parts.length) return value.parts.length() > 0;
  return true;
}
