/** Methods and attributes of values, those of Python that templates use. */
import { fail } from "./fault.ts";
import { dictMethods, listMethods, tupleMethods } from "./methods-containers.ts";
import { textMethods } from "./methods-text.ts";
import type { MethodTable } from "./method-types.ts";
import { binder } from "./signature.ts";
import { Callable, Dict, Float, isInt, List, Namespace, Range, Special, Tuple, Undefined, View, type Value } from "./values.ts";
import type { Work } from "./work.ts";

/** Methods that Python's types have and templates may not use here. They are refused by name and never mistaken for missing. */
const refused: Record<string, ReadonlySet<string>> = {
  string: new Set("casefold encode expandtabs format_map isidentifier maketrans translate".split(" ")),
  mapping: new Set(["fromkeys", "popitem"]),
  number: new Set(
    "as_integer_ratio bit_count bit_length conjugate denominator from_bytes fromhex hex imag is_integer numerator real to_bytes".split(" "),
  ),
  view: new Set(["isdisjoint", "mapping"]),
};

/** The method or attribute of a value; undefined where the type has none of that name. */
export function attributeOf(value: Value, name: string, work: Work): Value | undefined {
  if (typeof value === "string") return method(value, { name, table: textMethods, type: "string", work });
  if (value instanceof Dict) return method(value, { name, table: dictMethods, type: "mapping", work });
  if (value instanceof List) return method(value, { name, table: listMethods, type: "list", work });
  if (value instanceof Tuple)
    return value.fields?.includes(name) ? fieldOf(value, name) : method(value, { name, table: tupleMethods, type: "tuple", work });
  if (value instanceof Namespace) return value.attributes.get(name);
  if (value instanceof Special) return value.parts.attribute(name);
  if (isInt(value) || typeof value === "boolean" || value instanceof Float) return refuseKnown("number", name);
  if (value instanceof View) return refuseKnown("view", name);
  if (value instanceof Range) return name === "start" || name === "stop" || name === "step" ? value[name] : undefined;
  if (value instanceof Undefined) return value.refuse();
  return value instanceof Callable && name === "name" ? value.name : undefined;
}

function fieldOf(tuple: Tuple, name: string): Value | undefined {
  const index = tuple.fields?.indexOf(name) ?? -1;
  return index < 0 ? undefined : tuple.items[index];
}

interface MethodLookup<T> {
  name: string;
  table: MethodTable<T>;
  type: string;
  work: Work;
}

function method<T>(self: T, { name, table, type, work }: MethodLookup<T>): Value | undefined {
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!found) return refuseKnown(type, name);
  if ("applyOpen" in found) return new Callable(name, (args) => found.applyOpen(self, args, work));
  const bind = binder(`the method ${name}`, found.signature);
  return new Callable(name, (args) => found.apply(self, bind(args), work));
}

function refuseKnown(type: string, name: string): undefined {
  if (refused[type]?.has(name)) fail(`the method ${name} of a ${type} is not supported`);
  return undefined;
}
