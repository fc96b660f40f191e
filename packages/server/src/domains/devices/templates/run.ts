/** One run of a template: its budget, where it is, and what it has read. */
import { DataLookup, type Context, Layer, Scope, type Slot, unknownOrigin } from "./scope.ts";
import type { Place } from "./fault.ts";
import { makeGlobals } from "./globals.ts";
import { attributeOf } from "./methods.ts";
import { applyFilter } from "./filters.ts";
import { applyTest } from "./is-tests.ts";
import { lengthOf, pathOf } from "./iterate.ts";
import type { ScopeNames, Statement, Template } from "./nodes.ts";
import type { Sheet } from "./sheet.ts";
import type { Tools } from "./signature.ts";
import { codePoints } from "./text.ts";
import { describe, Dict, isInt, List, Range, Tuple, typeName, Undefined, type CallArgs, type Value } from "./values.ts";
import type { Work } from "./work.ts";

/** Most paths remembered for one value. */
const mostOrigins = 16;

export interface RunParts {
  work: Work;
  load: (name: string) => Template | undefined;
  execute: (body: readonly Statement[], frame: Frame) => void;
  at: Place;
}

export class Run implements Tools {
  readonly work: Work;
  /** Parses a template by name; undefined where there is none. */
  readonly load: (name: string) => Template | undefined;
  readonly globals: DataLookup;
  /** Carries out statements; given here because macros and blocks need it, and it needs them. */
  readonly execute: (body: readonly Statement[], frame: Frame) => void;
  /** What is being worked on: where an error is. */
  at: Place;
  /** From where the templates, macros and blocks around were entered. */
  readonly calls: Place[] = [];
  /** What the last macro, block or caller printed, so that its lines keep their sources when its text is printed. */
  printed: { sheet: Sheet; text: string } | undefined;
  /** Imported templates, each run once. */
  readonly modules = new Map<string, Value>();
  #reads = new Set<string>();

  constructor(parts: RunParts) {
    this.work = parts.work;
    this.load = parts.load;
    this.execute = parts.execute;
    this.at = parts.at;
    this.globals = new DataLookup(makeGlobals(parts.work));
  }

  /** Notes data that the current expression reads. */
  read(paths: readonly string[]): void {
    for (const path of paths) if (this.#reads.size < mostOrigins) this.#reads.add(path);
  }

  /** Runs a part and tells which data it read; what is around learns of them too. */
  tracing<T>(part: () => T): { result: T; reads: Set<string> } {
    const outer = this.#reads;
    const reads = new Set<string>();
    this.#reads = reads;
    const result = part();
    this.#reads = outer;
    for (const path of reads) if (outer.size < mostOrigins) outer.add(path);
    return { result, reads };
  }

  /** Enters a macro, block or template; bounded in depth. */
  entering<T>(what: string, part: () => T): T {
    this.work.enter(what);
    this.calls.push(this.at);
    const result = part();
    this.calls.pop();
    this.work.leave();
    return result;
  }

  /** `object.name`: a method before an entry, as in Jinja. */
  attribute(object: Value, name: string): Value {
    this.work.step();
    if (object instanceof Undefined) return object.refuse();
    const value = attributeOf(object, name, this.work);
    if (value !== undefined) return value;
    const entry = this.#entry(object, name);
    return entry === undefined ? missing(object, name) : entry;
  }

  /** `object[key]`: an entry before a method. */
  item(object: Value, key: Value): Value {
    this.work.step();
    if (object instanceof Undefined) return object.refuse();
    if (key instanceof Undefined) key.refuse();
    const entry = this.#entry(object, key);
    if (entry !== undefined) return entry;
    const value = typeof key === "string" ? attributeOf(object, key, this.work) : undefined;
    return value === undefined ? missing(object, key) : value;
  }

  #entry(object: Value, key: Value): Value | undefined {
    const value = entryOf(object, key);
    if (value === undefined) return undefined;
    const path = pathOf(object, key);
    if (path !== undefined) this.read([path]);
    return value;
  }

  filter(name: string, input: Value, args: CallArgs): Value {
    return applyFilter(name, input, { args, tools: this });
  }

  test(name: string, input: Value, args: CallArgs): boolean {
    return applyTest(name, input, { args, tools: this });
  }
}

function entryOf(object: Value, key: Value): Value | undefined {
  if (object instanceof Dict) return key instanceof List || key instanceof Dict ? undefined : object.get(key);
  if (!(isInt(key) || typeof key === "boolean")) return undefined;
  const length =
    typeof object === "string" || object instanceof List || object instanceof Tuple || object instanceof Range
      ? (lengthOf(object) ?? 0)
      : 0;
  const index = Number(key) < 0 ? Number(key) + length : Number(key);
  if (index < 0 || index >= length) return undefined;
  if (object instanceof List || object instanceof Tuple) return object.items[index] ?? null;
  if (object instanceof Range) return object.item(index);
  return typeof object === "string" ? codePoints(object)[index] : undefined;
}

/** Keys are named in the message, values never: they may be secret. */
function missing(object: Value, key: Value): Undefined {
  const shown = typeof key === "string" ? `"${key}"` : isInt(key) ? `item ${String(key)}` : describe(key);
  const at = (object instanceof Dict || object instanceof List) && object.at ? ` ${object.at}` : "";
  const say = `the ${typeName(object)}${at} has no ${shown}`;
  const mend =
    object instanceof Dict ? `It has ${keysOf(object)}. ` : object instanceof List ? `It has ${String(object.items.length)} items. ` : "";
  return new Undefined(say, `${mend}Add it to the data, or write \`| default(…)\` if it may be absent.`);
}

function keysOf(dict: Dict): string {
  const keys = [...dict.keys()].filter((key) => typeof key === "string" || isInt(key)).map(String);
  if (keys.length === 0) return "no keys";
  return keys.length > 8 ? `${keys.slice(0, 8).join(", ")} and ${String(keys.length - 8)} more` : keys.join(", ");
}

/** Where a statement runs: the names it sees and the sheet it prints on. */
export interface FrameParts {
  run: Run;
  context: Context;
  scope: Scope;
  sheet: Sheet;
  /** Assignments here are seen by blocks, parents and importers. */
  top: boolean;
  /** What the text here stands under: data of the loop's item or of the condition. */
  reason: readonly string[];
  /** Outside the blocks of a template that extends another: nothing is printed. */
  silent: boolean;
}

interface AssignOptions {
  from?: readonly string[];
  share?: boolean;
  sheet?: Sheet | undefined;
}

export class Frame {
  readonly run: Run;
  readonly context: Context;
  readonly scope: Scope;
  readonly sheet: Sheet;
  readonly top: boolean;
  readonly reason: readonly string[];
  readonly silent: boolean;

  constructor(parts: FrameParts) {
    this.run = parts.run;
    this.context = parts.context;
    this.scope = parts.scope;
    this.sheet = parts.sheet;
    this.top = parts.top;
    this.reason = parts.reason;
    this.silent = parts.silent;
  }

  /** A frame with a scope of its own inside this one. */
  inner(names: ScopeNames, changes: Partial<FrameParts> = {}): Frame {
    return this.with({ scope: new Scope(names, this.scope), top: false, ...changes });
  }

  /** The same place under a condition. */
  under(reason: readonly string[]): Frame {
    return reason.length === 0 ? this : this.with({ reason });
  }

  with(changes: Partial<FrameParts>): Frame {
    const { run, context, scope, sheet, top, reason, silent } = this;
    return new Frame({ run, context, scope, sheet, top, reason, silent, ...changes });
  }

  find(name: string): Slot | undefined {
    const slot = this.scope.find(name);
    return slot === "hidden" ? undefined : (slot ?? this.context.find(name));
  }

  /** Everything that a template included here sees: names assigned around, then the context. */
  visible(): Layer {
    return new Layer(this.scope.flatten(new Map(this.context.vars)), this.context.base);
  }

  /** Assigns in this scope, and where templates share names. */
  assign(name: string, value: Value, { from = unknownOrigin, share = true, sheet }: AssignOptions = {}): void {
    const slot = this.scope.set(name, value, from, sheet);
    if (!this.top) return;
    this.context.vars.set(name, slot);
    if (share && !name.startsWith("_")) this.context.exported.add(name);
  }
}
