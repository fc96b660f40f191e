/** From the data that a caller gives to the values of a template, each container with its path. */
import { fail } from "./fault.ts";
import { pathOf } from "./iterate.ts";
import { Dict, Float, List, type Value } from "./values.ts";
import type { Work } from "./work.ts";

/**
 * What may be given to a template: JSON, with three additions. A whole `number` is an integer and any other a float; `Float` keeps a float
 * that happens to be whole; a `Map` is a mapping whose keys need not be strings.
 */
export type TemplateData =
  | null
  | boolean
  | number
  | bigint
  | string
  | Float
  | readonly TemplateData[]
  | ReadonlyMap<TemplateData, TemplateData>
  | { readonly [key: string]: TemplateData };

/** The variables of a template as a mapping whose path is empty. */
export function toVariables(data: Readonly<Record<string, TemplateData>>, work: Work): Dict {
  const variables = new Dict([], "");
  for (const [name, value] of Object.entries(data)) variables.set(name, toValue(value, name, work));
  return variables;
}

function toValue(data: TemplateData, at: string, work: Work): Value {
  work.step();
  if (data === null || typeof data === "string" || typeof data === "boolean" || typeof data === "bigint") return data;
  if (typeof data === "number") return Number.isSafeInteger(data) ? data : new Float(data);
  if (data instanceof Float) return data;
  if (typeof data !== "object") return fail(`the value of ${at} is neither text, number, true, false, null, list nor mapping`);
  work.enter("the data");
  const result = Array.isArray(data) ? toListValue(data, at, work) : toDict(data as ReadonlyMap<TemplateData, TemplateData>, at, work);
  work.leave();
  return result;
}

function toListValue(data: readonly TemplateData[], at: string, work: Work): List {
  return new List(
    data.map((item, i) => toValue(item, `${at}[${String(i)}]`, work)),
    at,
  );
}

function toDict(data: ReadonlyMap<TemplateData, TemplateData> | { readonly [key: string]: TemplateData }, at: string, work: Work): Dict {
  const dict = new Dict([], at);
  for (const [key, item] of data instanceof Map ? data.entries() : Object.entries(data)) {
    const plainKey = toValue(key, at, work);
    dict.set(plainKey, toValue(item, pathOf(dict, plainKey) ?? at, work));
  }
  return dict;
}
