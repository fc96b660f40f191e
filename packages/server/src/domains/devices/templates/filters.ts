/** All filters. */
import { listFilters } from "./filters-lists.ts";
import { networkFilters } from "./filters-network.ts";
import { numberFilters } from "./filters-numbers.ts";
import { pickFilters } from "./filters-pick.ts";
import { textFilters } from "./filters-text.ts";
import { fail } from "./fault.ts";
import { unknownFilter } from "./known.ts";
import { binder, type OpenFilter, type PlainFilter, type Tools } from "./signature.ts";
import { Blank, Undefined, type CallArgs, type Value } from "./values.ts";

type Bound = (input: Value, args: CallArgs, tools: Tools) => Value;
let bound: Map<string, Bound> | undefined;

function table(): Map<string, Bound> {
  bound ??= new Map(
    [textFilters, listFilters, pickFilters, numberFilters, networkFilters].flatMap((filters) =>
      Object.entries(filters).map(([name, filter]) => [name, bindFilter(name, filter)] as const),
    ),
  );
  return bound;
}

function bindFilter(name: string, filter: PlainFilter | OpenFilter): Bound {
  if ("applyOpen" in filter) return filter.applyOpen;
  const bind = binder(`the filter ${name}`, filter.signature);
  return (input, args, tools) => {
    if (input instanceof Undefined && !(input instanceof Blank) && !filter.lenient) input.refuse();
    return filter.apply(input, bind(args), tools);
  };
}

export function filterNames(): string[] {
  return [...table().keys()];
}

export function applyFilter(name: string, input: Value, call: { args: CallArgs; tools: Tools }): Value {
  const filter = table().get(name);
  if (!filter) {
    const { say, mend } = unknownFilter(name, filterNames());
    return fail(say, mend);
  }
  return filter(input, call.args, call.tools);
}
