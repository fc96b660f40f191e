/** Filters over sequences and mappings. */
import { equal, order, sortBy } from "./compare.ts";
import { fail } from "./fault.ts";
import { iterate, lengthOf, pairs, toList } from "./iterate.ts";
import { arithmetic, asCount, isNumeric } from "./numbers.ts";
import { joined, show } from "./show.ts";
import { countArgument, flagArgument, textArgument, type FilterTable, type Given, type Tools } from "./signature.ts";
import { add } from "./operators.ts";
import { codePoints } from "./text.ts";
import { describe, Dict, keyOf, Lazy, List, orElse, Range, truthy, Tuple, Undefined, View, type Value } from "./values.ts";
import { foldCase, getter, multiGetter } from "./getters.ts";

export const listFilters: FilterTable = {
  default: { signature: "default_value? boolean?", lenient: true, apply: withDefault },
  d: { signature: "default_value? boolean?", lenient: true, apply: withDefault },
  length: { signature: "", apply: size },
  count: { signature: "", apply: size },
  first: { signature: "", apply: (input, _, { work }) => firstOf(iterate(input, work), "first") },
  last: { signature: "", apply: (input, _, { work }) => firstOf(reversed(input, work), "last") },
  list: { signature: "", apply: (input, _, { work }) => new List(toList(input, work)) },
  reverse: { signature: "", apply: (input, _, { work }) => reverse(input, work) },
  join: {
    signature: "d? attribute?",
    apply: (input, [between, attribute], tools) => join(input, { between: orElse(between, ""), attribute }, tools),
  },
  sort: {
    signature: "reverse? case_sensitive? attribute?",
    apply: (input, [reverse, caseSensitive, attribute], tools) => {
      const key = multiGetter(attribute ?? null, { fold: !flagArgument(caseSensitive, tools.work), tools });
      return new List(sortBy(toList(input, tools.work), key, { reverse: flagArgument(reverse, tools.work), work: tools.work }));
    },
  },
  dictsort: { signature: "case_sensitive? by? reverse?", apply: dictSort },
  items: { signature: "", lenient: true, apply: (input, _, { work }) => new Lazy(itemsOf(input, work)) },
  unique: { signature: "case_sensitive? attribute?", lenient: true, apply: (input, given, tools) => new Lazy(unique(input, given, tools)) },
  min: { signature: "case_sensitive? attribute?", apply: (input, given, tools) => extreme(input, given, { sign: -1, tools }) },
  max: { signature: "case_sensitive? attribute?", apply: (input, given, tools) => extreme(input, given, { sign: 1, tools }) },
  sum: { signature: "attribute? start?", apply: sum },
  batch: { signature: "linecount fill_with?", lenient: true, apply: (input, given, tools) => new Lazy(batch(input, given, tools)) },
  slice: { signature: "slices fill_with?", lenient: true, apply: (input, given, tools) => new Lazy(slice(input, given, tools)) },
  groupby: { signature: "attribute default? case_sensitive?", apply: groupBy },
};

function withDefault(input: Value, [fallback, boolean]: Given, { work }: Tools): Value {
  if (input instanceof Undefined) return orElse(fallback, "");
  return flagArgument(boolean, work) && !truthy(input, work) ? orElse(fallback, "") : input;
}

function size(input: Value): Value {
  return (
    lengthOf(input) ?? fail(`${describe(input)} has no length`, input instanceof Lazy ? "Make a list of it first: `| list | length`." : "")
  );
}

function firstOf(items: Iterable<Value>, which: string): Value {
  for (const item of items) return item;
  return new Undefined(`there is no ${which} item, the sequence is empty`);
}

/** From the end; only what has an end. */
function* reversed(input: Value, work: Tools["work"]): Generator<Value> {
  if (input instanceof Lazy) fail("a generator cannot be read from its end", "Make a list of it first: `| list`.");
  yield* toList(input, work).toReversed();
}

function reverse(input: Value, work: Tools["work"]): Value {
  if (typeof input === "string") return codePoints(input).toReversed().join("");
  if (input instanceof Lazy) return new List(toList(input, work).toReversed());
  if (!(input instanceof List || input instanceof Tuple || input instanceof Dict || input instanceof Range || input instanceof View))
    return fail(`${describe(input)} cannot be reversed`);
  return new Lazy(reversed(input, work));
}

function join(input: Value, { between, attribute }: { between: Value; attribute: Value | undefined }, tools: Tools): Value {
  const get = attribute === undefined || attribute === null ? (item: Value) => item : getter(attribute, { tools });
  const parts: string[] = [];
  for (const item of iterate(input, tools.work)) parts.push(show(get(item), tools.work));
  return joined(parts, show(between, tools.work), tools.work);
}

function dictSort(input: Value, [caseSensitive, by, reverseGiven]: Given, { work }: Tools): Value {
  if (!(input instanceof Dict)) return fail(`dictsort needs a mapping, not ${describe(input)}`);
  const which = textArgument(by, "by", "key");
  if (which !== "key" && which !== "value") return fail('dictsort sorts by "key" or by "value"');
  const fold = flagArgument(caseSensitive, work) ? (value: Value) => value : foldCase;
  const key = (pair: Tuple): Value => fold(pair.items[which === "key" ? 0 : 1] ?? null);
  return new List(sortBy([...pairs(input)], key, { reverse: flagArgument(reverseGiven, work), work }));
}

function* itemsOf(input: Value, work: Tools["work"]): Generator<Value> {
  if (input instanceof Undefined) return;
  if (!(input instanceof Dict)) return fail(`items needs a mapping, not ${describe(input)}`);
  for (const pair of pairs(input)) {
    work.step();
    yield pair;
  }
}

function* unique(input: Value, [caseSensitive, attribute]: Given, tools: Tools): Generator<Value> {
  const get = getter(attribute ?? null, { fold: !flagArgument(caseSensitive, tools.work), tools });
  const seen = new Set<unknown>();
  for (const item of iterate(input, tools.work)) {
    const key = keyOf(get(item));
    if (seen.has(key)) continue;
    seen.add(key);
    yield item;
  }
}

function extreme(input: Value, [caseSensitive, attribute]: Given, { sign, tools }: { sign: 1 | -1; tools: Tools }): Value {
  const get = getter(attribute ?? null, { fold: !flagArgument(caseSensitive, tools.work), tools });
  let best: { item: Value; key: Value } | undefined;
  for (const item of iterate(input, tools.work)) {
    const key = get(item);
    if (!best || sign * order(key, best.key, tools.work) > 0) best = { item, key };
  }
  return best ? best.item : new Undefined("there is no item, the sequence is empty");
}

function sum(input: Value, [attribute, start]: Given, tools: Tools): Value {
  const get = getter(attribute ?? null, { tools });
  let total = orElse(start, 0);
  if (typeof total === "string") return fail("strings are joined, not summed", "Write `| join`.");
  for (const item of iterate(input, tools.work)) {
    const value = get(item);
    total = isNumeric(total) && isNumeric(value) ? arithmetic("+", total, value) : add(total, value, tools.work);
  }
  return total;
}

function* batch(input: Value, [lineCount, fill]: Given, { work }: Tools): Generator<Value> {
  const most = lineCount instanceof Undefined ? lineCount.refuse() : (lineCount ?? null);
  let line: Value[] = [];
  for (const item of iterate(input, work)) {
    if (equal(line.length, most, work)) {
      yield new List(line);
      line = [];
    }
    line.push(item);
  }
  if (line.length === 0) return;
  if (fill !== undefined && fill !== null) {
    const room = asCount(most, "the size of a batch") - line.length;
    work.list(Math.max(0, room));
    for (let i = 0; i < room; i++) line.push(fill);
  }
  yield new List(line);
}

function* slice(input: Value, [sliceCount, fill]: Given, { work }: Tools): Generator<Value> {
  const items = toList(input, work);
  const slices = countArgument(sliceCount, "the number of slices", 0);
  if (slices === 0) fail("there cannot be 0 slices");
  const each = Math.floor(items.length / slices);
  const withExtra = items.length - each * slices;
  for (let i = 0, from = 0; i < slices; i++) {
    work.step();
    const to = from + each + (i < withExtra ? 1 : 0);
    const part = items.slice(from, to);
    if (fill !== undefined && fill !== null && i >= withExtra) part.push(fill);
    from = to;
    yield new List(part);
  }
}

function groupBy(input: Value, [attribute, fallback, caseSensitive]: Given, tools: Tools): Value {
  const { work } = tools;
  const options = { tools, ...(fallback === undefined || fallback === null ? {} : { fallback }) };
  const get = getter(attribute ?? null, { ...options, fold: !flagArgument(caseSensitive, work) });
  const exact = getter(attribute ?? null, options);
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sortBy(toList(input, work), get, { reverse: false, work })) {
    const key = get(item);
    const last = groups.at(-1);
    if (last && equal(last.key, key, work)) last.items.push(item);
    else groups.push({ key, items: [item] });
  }
  return new List(groups.map(({ items }) => new Tuple([exact(items[0] ?? null), new List(items)], undefined, ["grouper", "list"])));
}
