/** The data that templates see: read from `data/`, merged from the general to the particular. Pure. */
import type { DeviceSpec } from "@holdfast/contract";
import { readYaml, type Fault, type YamlDocument } from "./intent-yaml.ts";
import type { YamlMapping, YamlValue } from "./yaml-values.ts";

/** One data file. */
export interface DataFile {
  path: string;
  /** Empty where it has faults; then nothing that needs it is rendered. */
  value: YamlMapping;
  faults: Fault[];
  lineOf(path: readonly PropertyKey[]): number;
}

const nothing: YamlMapping = new Map();

export function readDataFile(text: string, path: string): DataFile {
  const documents = readYaml(text, path, { exact: true });
  const [first, second] = documents;
  const base = { path, value: nothing, faults: documents.flatMap(({ faults }) => faults), lineOf: first?.lineOf ?? (() => 1) };
  if (base.faults.length > 0 || first?.value === undefined || first.value === null) return base;
  const refuse = (line: number, say: string): DataFile => ({ ...base, faults: [{ at: `${path}:${line}`, code: "intent_data", say }] });
  if (second) return refuse(second.lineOf([]), "A data file holds one document.");
  if (!(first.value instanceof Map)) return refuse(first.lineOf([]), "A data file holds a mapping: names and their values.");
  return { ...base, value: first.value as YamlMapping, faults: nameFaults(first, path) };
}

/** What is at the top becomes a variable, so it needs a name that a template can say. */
function nameFaults(document: YamlDocument, path: string): Fault[] {
  const names = [...(document.value as YamlMapping).keys()];
  const bad = names.filter((name) => typeof name !== "string" || !/^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(name));
  return bad.map((name) => {
    const shown = typeof name === "string" ? name : JSON.stringify(name);
    return {
      at: `${path}:${document.lineOf([shown])}`,
      code: "intent_data",
      say: `${shown} cannot be the name of a variable; use letters, digits and _.`,
    };
  });
}

/** The data files that a device may have, the most particular last. */
export function layersOf({ name, site }: Pick<DeviceSpec, "name" | "site">): string[] {
  return ["data/global.yaml", ...(site === undefined ? [] : [`data/sites/${site}.yaml`]), `data/devices/${name}.yaml`];
}

/** Mappings are merged at any depth; lists and values replace. */
export function mergeData(base: YamlMapping, over: YamlMapping): YamlMapping {
  const merged = new Map(base);
  for (const [key, value] of over) {
    const below = merged.get(key);
    merged.set(key, isMapping(below) && isMapping(value) ? mergeData(below, value) : value);
  }
  return merged;
}

export function isMapping(value: YamlValue | undefined): value is YamlMapping {
  return value instanceof Map;
}

/** Files that no device of the inventory reads: most often a name spelt wrong. */
export function unreadFaults(files: Iterable<DataFile>, devices: readonly Pick<DeviceSpec, "name" | "site">[]): Fault[] {
  const read = new Set(devices.flatMap(layersOf)).add("data/global.yaml");
  return [...files].flatMap(({ path }) =>
    read.has(path.replace(/\.yml$/, ".yaml")) ? [] : [{ at: `${path}:1`, code: "intent_unread", say: sayUnread(path) }],
  );
}

function sayUnread(path: string): string {
  const [, kind, name] = /^data\/(sites|devices)\/([^/]+)\.ya?ml$/.exec(path) ?? [];
  if (kind === "sites") return `No device is at the site ${name}, so this file is not read.`;
  if (kind === "devices") return `No device is called ${name}, so this file is not read.`;
  return "This file is not read: data are in data/global.yaml, data/sites/<site>.yaml and data/devices/<name>.yaml.";
}
