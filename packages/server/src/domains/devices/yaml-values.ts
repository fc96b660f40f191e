/** From the nodes of a YAML document to values, with every member's place. Pure. */
import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import { Float } from "./templates/index.ts";
import { pathKey } from "./yaml-paths.ts";

export type YamlValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Float
  | readonly YamlValue[]
  | YamlMapping
  | { readonly [key: string]: YamlValue };
export type YamlMapping = ReadonlyMap<YamlValue, YamlValue>;

/** Where faults and places of members go; offsets are into the text. */
export interface Place {
  refuse(offset: number, say: string): void;
  note(path: string, offset: number): void;
}

/** Most values of a document, those that aliases repeat counted each time. */
const mostValues = 200_000;

interface Conversion {
  document: Document.Parsed;
  place: Place;
  exact: boolean;
  left: number;
  /** Anchored nodes that are being expanded. */
  open: Set<Node>;
  /** Set once: a second report of the same flood helps nobody. */
  stopped: boolean;
}

export function convert(document: Document.Parsed, options: { place: Place; exact: boolean }): YamlValue | undefined {
  if (document.contents === null) return undefined;
  return toValue(document.contents, [], { document, ...options, left: mostValues, open: new Set(), stopped: false });
}

function toValue(node: unknown, path: readonly PropertyKey[], work: Conversion): YamlValue {
  if (work.stopped) return null;
  if (--work.left < 0) return stop(node, `It holds more than ${mostValues} values; aliases count each time.`, work);
  if (isAlias(node)) return expand(node, path, work);
  if (isMap(node)) return toMapping(node, path, work);
  if (isSeq(node)) return toSequence(node, path, work);
  return isScalar(node) ? toScalar(node, work) : null;
}

function offsetOf(node: unknown): number {
  return (node as { range?: [number, number, number] | null } | null)?.range?.[0] ?? 0;
}

function stop(node: unknown, say: string, work: Conversion): null {
  if (!work.stopped) work.place.refuse(offsetOf(node), say);
  work.stopped = true;
  return null;
}

function expand(
  alias: Node & { source: string; resolve(document: Document): Node | undefined },
  path: readonly PropertyKey[],
  work: Conversion,
): YamlValue {
  const target = alias.resolve(work.document);
  if (!target) return stop(alias, `There is no anchor &${alias.source} before this.`, work);
  if (work.open.has(target)) return stop(alias, `*${alias.source} stands inside what it names.`, work);
  work.open.add(target);
  const value = toValue(target, path, work);
  work.open.delete(target);
  return value;
}

function toSequence(node: YAMLSeq, path: readonly PropertyKey[], work: Conversion): YamlValue {
  return node.items.map((item, i) => {
    const at = [...path, i];
    work.place.note(pathKey(at), offsetOf(item));
    return toValue(item, at, work);
  });
}

function toMapping(node: YAMLMap, path: readonly PropertyKey[], work: Conversion): YamlValue {
  const own = new Map<YamlValue, YamlValue>();
  const merged = new Map<YamlValue, YamlValue>();
  for (const pair of node.items) {
    if (isMergeKey(pair)) for (const [key, value] of mergedEntries(pair.value, path, work)) merged.set(key, value);
    else addEntry(own, pair, path, work);
  }
  const all = new Map([...merged, ...own]);
  return work.exact ? all : Object.fromEntries([...all].map(([key, value]) => [keyText(key), value]));
}

function addEntry(into: Map<YamlValue, YamlValue>, pair: Pair, path: readonly PropertyKey[], work: Conversion): void {
  const key = isScalar(pair.key) ? toScalar(pair.key, work) : undefined;
  if (key === undefined || key instanceof Float) return void stop(pair.key, "A key must be a text or a whole number.", work);
  if (!work.exact && typeof key !== "string")
    work.place.refuse(offsetOf(pair.key), `The key ${keyText(key)} must be a text; put it in quotes.`);
  if (into.has(key)) work.place.refuse(offsetOf(pair.key), `The key ${keyText(key)} stands twice in this mapping.`);
  const at = [...path, keyText(key)];
  work.place.note(pathKey(at), offsetOf(pair.key));
  into.set(key, toValue(pair.value, at, work));
}

/** Keys are texts, numbers, true, false or null. */
function keyText(key: YamlValue): string {
  return typeof key === "string" ? key : JSON.stringify(typeof key === "bigint" ? Number(key) : key);
}

function isMergeKey({ key }: Pair): boolean {
  return isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}

/** `<<: *base` or `<<: [*first, *second]`: an earlier one counts more, and the mapping's own keys most. */
function mergedEntries(node: unknown, path: readonly PropertyKey[], work: Conversion): [YamlValue, YamlValue][] {
  const values = isSeq(node) ? node.items.toReversed() : [node];
  return values.flatMap((one) => {
    const entries = entriesOf(toValue(one, path, work));
    if (!entries) stop(one, "<< takes a mapping, or a list of mappings.", work);
    return entries ?? [];
  });
}

function entriesOf(value: YamlValue): [YamlValue, YamlValue][] | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value) || value instanceof Float) return undefined;
  return value instanceof Map ? [...(value as YamlMapping)] : Object.entries(value);
}

/** Plain words that are true or false in YAML 1.1 (PyYAML, Ansible) and text in YAML 1.2. */
const halfBooleans = /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/;
/** Plain digits that are octal, or one number, in YAML 1.1 and something else in YAML 1.2. */
const halfNumbers = /^[-+]?(?:0[0-9]+|[0-9][0-9]*_[0-9_]*)$/;

function toScalar(node: Scalar, { place, exact }: Conversion): YamlValue {
  const { value, source = "", type } = node;
  if (type === "PLAIN" && halfBooleans.test(source))
    place.refuse(
      offsetOf(node),
      `${source} is ${/^(?:y|on)/i.test(source) ? "true" : "false"} to some readers of YAML and text to others; write true or false, or put it in quotes.`,
    );
  if (type === "PLAIN" && halfNumbers.test(source))
    place.refuse(
      offsetOf(node),
      `${source} is a different number to different readers of YAML; write it without leading 0 and _, or put it in quotes.`,
    );
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value === "number") return exact ? new Float(value) : value;
  return value === null || typeof value === "boolean" || typeof value === "string" ? value : null;
}
