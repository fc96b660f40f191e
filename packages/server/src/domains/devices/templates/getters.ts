/** How filters read an attribute of each item: `interface.ip`, `0`, or the item itself. */
import type { Tools } from "./signature.ts";
import { List, Undefined, type Value } from "./values.ts";

interface GetterOptions {
  tools: Tools;
  /** Lower-case strings, so that order and equality do not see case. */
  fold?: boolean;
  /** In place of what is not there. */
  fallback?: Value;
}

type Getter = (item: Value) => Value;

/** The attribute of an item; `null` is the item itself. */
export function getter(attribute: Value, { tools, fold = false, fallback }: GetterOptions): Getter {
  const parts = partsOf(attribute);
  return (item) => {
    let value = item;
    for (const part of parts) {
      value = tools.item(value, part);
      if (value instanceof Undefined && fallback !== undefined) value = fallback;
    }
    return fold ? foldCase(value) : value;
  };
}

/** Several attributes, `name,ip`, as one list to compare by. */
export function multiGetter(attribute: Value, options: GetterOptions): Getter {
  const getters = (typeof attribute === "string" ? attribute.split(",") : [attribute]).map((one) => getter(one, options));
  return (item) => new List(getters.map((get) => get(item)));
}

export function foldCase(value: Value): Value {
  return typeof value === "string" ? value.toLowerCase() : value;
}

function partsOf(attribute: Value): Value[] {
  if (attribute === null) return [];
  if (typeof attribute !== "string") return [attribute];
  return attribute.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
