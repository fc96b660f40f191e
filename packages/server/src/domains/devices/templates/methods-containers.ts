/** Methods of lists, tuples and mappings. Templates may change what they were given: it is their copy. */
import { equal, sortBy } from "./compare.ts";
import { fail } from "./fault.ts";
import { toList } from "./iterate.ts";
import type { MethodTable } from "./method-types.ts";
import { countArgument, flagArgument, type Given } from "./signature.ts";
import { describe, Dict, List, orElse, Undefined, View, type CallArgs, type Tuple, type Value } from "./values.ts";
import type { Work } from "./work.ts";

export const tupleMethods: MethodTable<Tuple> = {
  count: { signature: "value", apply: (self, [value], work) => occurrences(self.items, value ?? null, work) },
  index: { signature: "value start? stop?", apply: (self, given, work) => indexOf(self.items, given, work) },
};

export const listMethods: MethodTable<List> = {
  append: { signature: "object", apply: (self, [item], work) => change(work, () => self.items.push(item ?? null)) },
  extend: { signature: "iterable", apply: (self, [items], work) => extend(self, items ?? null, work) },
  insert: {
    signature: "index object",
    apply: (self, [index, item], work) => change(work, () => self.items.splice(countArgument(index, "the index", 0), 0, item ?? null)),
  },
  remove: {
    signature: "value",
    apply: (self, [value], work) => change(work, () => self.items.splice(indexOf(self.items, [value], work), 1)),
  },
  pop: { signature: "index?", apply: pop },
  clear: { signature: "", apply: (self, _, work) => change(work, () => self.items.splice(0)) },
  copy: { signature: "", apply: (self, _, work) => new List(copyItems(self.items, work)) },
  reverse: { signature: "", apply: (self, _, work) => change(work, () => self.items.reverse()) },
  sort: { signature: "reverse?", apply: sortInPlace },
  count: { signature: "value", apply: (self, [value], work) => occurrences(self.items, value ?? null, work) },
  index: { signature: "value start? stop?", apply: (self, given, work) => indexOf(self.items, given, work) },
};

export const dictMethods: MethodTable<Dict> = {
  items: { signature: "", apply: (self) => new View(self, "items") },
  keys: { signature: "", apply: (self) => new View(self, "keys") },
  values: { signature: "", apply: (self) => new View(self, "values") },
  get: { signature: "key default?", apply: (self, [key, fallback]) => orElse(self.get(key ?? null), fallback ?? null) },
  pop: { signature: "key default?", apply: popKey },
  setdefault: { signature: "key default?", apply: setDefault },
  update: { applyOpen: update },
  clear: { signature: "", apply: (self, _, work) => change(work, () => self.clear()) },
  copy: { signature: "", apply: (self) => new Dict(self.entries()) },
};

function change(work: Work, act: () => unknown): null {
  work.step();
  act();
  return null;
}

function copyItems(items: readonly Value[], work: Work): Value[] {
  work.list(items.length);
  return [...items];
}

function extend(self: List, items: Value, work: Work): null {
  const more = toList(items, work);
  work.list(self.items.length + more.length);
  for (const item of more) self.items.push(item);
  return null;
}

function occurrences(items: readonly Value[], value: Value, work: Work): number {
  return items.filter((item) => equal(item, value, work)).length;
}

function indexOf(items: readonly Value[], [value, start, stop]: Given, work: Work): number {
  const from = fromEnd(countArgument(start, "the start", 0), items.length);
  const to = fromEnd(countArgument(stop, "the stop", items.length), items.length);
  const at = items.findIndex((item, i) => i >= from && i < to && equal(item, value ?? null, work));
  return at < 0 ? fail("the value is not in the list") : at;
}

function fromEnd(index: number, length: number): number {
  return index < 0 ? Math.max(0, index + length) : index;
}

function pop(self: List, [index]: Given): Value {
  const at = countArgument(index, "the index", -1);
  const position = at < 0 ? at + self.items.length : at;
  const [item] = position < 0 ? [] : self.items.splice(position, 1);
  return item === undefined ? fail("there is no item to take from the list") : item;
}

function sortInPlace(self: List, [reverse]: Given, work: Work): null {
  const sorted = sortBy(self.items, (item) => item, { reverse: flagArgument(reverse, work), work });
  self.items.splice(0, self.items.length, ...sorted);
  return null;
}

function popKey(self: Dict, [key, fallback]: Given): Value {
  const value = self.get(key ?? null);
  self.delete(key ?? null);
  if (value === undefined && fallback === undefined) fail("the key is not in the mapping");
  return orElse(value, fallback ?? null);
}

function setDefault(self: Dict, [key, fallback]: Given, work: Work): Value {
  work.step();
  const known = self.get(key ?? null);
  if (known !== undefined) return known;
  self.set(key ?? null, fallback ?? null);
  return fallback ?? null;
}

function update(self: Dict, { positional, named }: CallArgs, work: Work): null {
  if (positional.length > 1) fail("the method update takes one mapping");
  for (const [key, value] of entriesOf(positional[0], work)) self.set(key, value);
  for (const [key, value] of named) self.set(key, value);
  work.step(1 + named.size);
  return null;
}

/** The entries of a mapping or of a list of pairs. */
export function entriesOf(value: Value | undefined, work: Work): (readonly [Value, Value])[] {
  if (value === undefined) return [];
  if (value instanceof Undefined) return value.refuse();
  if (value instanceof Dict) {
    work.list(value.size);
    return [...value.entries()];
  }
  return toList(value, work).map((pair) => {
    const [key, item, ...rest] = toList(pair, work);
    if (key === undefined || item === undefined || rest.length > 0) return fail(`${describe(pair)} is no pair of a key and a value`);
    return [key, item] as const;
  });
}
