/** Filters that apply another filter or a test to each item: map, select, reject and their forms for attributes. */
import { fail } from "./fault.ts";
import { iterate } from "./iterate.ts";
import { getter } from "./getters.ts";
import { textArgument, type FilterTable, type OpenFilter, type Tools } from "./signature.ts";
import { Lazy, truthy, type CallArgs, type Value } from "./values.ts";

export const pickFilters: FilterTable = {
  map: { applyOpen: (input, args, tools) => new Lazy(map(input, args, tools)) },
  select: picker("select", { keep: true, byAttribute: false }),
  reject: picker("reject", { keep: false, byAttribute: false }),
  selectattr: picker("selectattr", { keep: true, byAttribute: true }),
  rejectattr: picker("rejectattr", { keep: false, byAttribute: true }),
};

function* map(input: Value, args: CallArgs, tools: Tools): Generator<Value> {
  if (!truthy(input, tools.work)) return;
  const change = changeOf(args, tools);
  for (const item of iterate(input, tools.work)) yield change(item);
}

/** `map('upper')`, `map('replace', 'a', 'b')`, `map(attribute='ip', default=…)`. */
function changeOf({ positional, named }: CallArgs, tools: Tools): (item: Value) => Value {
  const attribute = named.get("attribute");
  if (positional.length === 0 && attribute !== undefined) {
    const extra = [...named.keys()].find((name) => name !== "attribute" && name !== "default");
    if (extra !== undefined) fail(`the filter map has no argument ${extra}`);
    const fallback = named.get("default");
    return getter(attribute, { tools, ...(fallback === undefined || fallback === null ? {} : { fallback }) });
  }
  if (positional.length === 0) return fail("the filter map needs the name of a filter, or attribute=");
  const name = textArgument(positional[0], "the name of the filter");
  const rest = { positional: positional.slice(1), named };
  return (item) => tools.filter(name, item, rest);
}

function picker(filterName: string, { keep, byAttribute }: { keep: boolean; byAttribute: boolean }): OpenFilter {
  function* pick(input: Value, { positional, named }: CallArgs, tools: Tools): Generator<Value> {
    if (!truthy(input, tools.work)) return;
    const rest = [...positional];
    if (byAttribute && rest.length === 0) fail(`the filter ${filterName} needs the name of an attribute`);
    const get = byAttribute ? getter(rest.shift() ?? null, { tools }) : (item: Value) => item;
    const name = rest.length > 0 ? textArgument(rest.shift(), "the name of the test") : undefined;
    for (const item of iterate(input, tools.work)) {
      const value = get(item);
      const holds = name === undefined ? truthy(value, tools.work) : tools.test(name, value, { positional: rest, named });
      if (holds === keep) yield item;
    }
  }
  return { applyOpen: (input, args, tools) => new Lazy(pick(input, args, tools)) };
}
