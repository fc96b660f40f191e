/** Makes an input shape refuse keys it does not know, at any depth: a mistyped key must not be ignored silently. */
import { z } from "zod";

/** A copy of `schema` in which every object refuses unknown keys. Objects with a catch-all of their own keep it. Types are unchanged. */
export function strict<Schema extends z.core.$ZodType>(schema: Schema): Schema {
  return tighten(schema as unknown as z.core.$ZodTypes) as unknown as Schema;
}

function tighten(schema: z.core.$ZodTypes): z.core.$ZodType {
  const { def } = schema._zod;
  switch (def.type) {
    case "object": {
      const shape = Object.fromEntries(Object.entries(def.shape).map(([key, value]) => [key, strict(value)]));
      return copy(schema, { ...def, shape, catchall: def.catchall ?? z.never() });
    }
    case "array":
      return copy(schema, { ...def, element: strict(def.element) });
    case "record":
      return copy(schema, { ...def, valueType: strict(def.valueType) });
    case "union":
      return copy(schema, { ...def, options: def.options.map((option) => strict(option)) });
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
      return copy(schema, { ...def, innerType: strict(def.innerType) });
    case "pipe":
      return copy(schema, { ...def, in: strict(def.in), out: strict(def.out) });
    default:
      return schema;
  }
}

/** `parent` keeps the description of the original. */
function copy(schema: z.core.$ZodTypes, def: object): z.core.$ZodType {
  return z.core.clone(schema as z.core.$ZodType, def as never, { parent: true });
}
