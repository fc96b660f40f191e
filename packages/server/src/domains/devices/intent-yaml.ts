/**
 * YAML with places: every fault names its line, and a fault in one document leaves the others whole. What readers of YAML 1.1 and 1.2
 * take for different things is refused, because templates were written for one and read by the other. Pure.
 */
import { LineCounter, parseAllDocuments, type Document } from "yaml";
import { findTooDeep } from "./yaml-depth.ts";
import { pathKey } from "./yaml-paths.ts";
import { convert, type Place, type YamlValue } from "./yaml-values.ts";

export interface Fault {
  /** `path:line`. */
  at: string;
  code: string;
  say: string;
}

export interface YamlDocument {
  /** As plain data; undefined for an empty document or one with faults. */
  value: YamlValue | undefined;
  faults: Fault[];
  /** The line (from 1) at which the member at a path stands; that of the nearest parent when it is not there. */
  lineOf(path: readonly PropertyKey[]): number;
}

/** Bytes would be more exact, but characters are what costs. */
const largest = 1024 * 1024;
const deepest = 64;

interface ReadOptions {
  /** For templates: `1.0` stays a float, and mappings are Maps whose keys keep their types. Else plain numbers and objects. */
  exact?: boolean;
}

/** The documents of a file. A file too large or too deep has one document, with that fault. */
export function readYaml(text: string, file: string, { exact = false }: ReadOptions = {}): YamlDocument[] {
  const refusal = refuse(text);
  if (refusal)
    return [
      { value: undefined, faults: [{ at: `${file}:${refusal.line}`, code: "intent_yaml", say: refusal.say }], lineOf: () => refusal.line },
    ];
  const lines = new LineCounter();
  // Doubled keys are looked for below: the library compares each with each.
  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false, intAsBigInt: true, version: "1.2" });
  return "empty" in parsed ? [] : parsed.map((document) => readDocument(document, { lines, file, exact }));
}

function readDocument(
  document: Document.Parsed,
  { lines, file, exact }: { lines: LineCounter; file: string; exact: boolean },
): YamlDocument {
  const lineAt = (offset: number): number => lines.linePos(offset).line || 1;
  const begins = lineAt(document.contents?.range?.[0] ?? document.range[0]);
  const faults = [...document.errors, ...document.warnings].map((error) => ({
    at: `${file}:${lineAt(error.pos[0])}`,
    code: "intent_yaml",
    say: firstLine(error.message),
  }));
  if (faults.length > 0) return { value: undefined, faults, lineOf: () => begins };
  const places = new Map<string, number>();
  const place: Place = {
    refuse: (offset, say) => void faults.push({ at: `${file}:${lineAt(offset)}`, code: "intent_yaml", say }),
    note: (path, offset) => void places.set(path, lineAt(offset)),
  };
  const value = convert(document, { place, exact });
  return { value: faults.length > 0 ? undefined : value, faults, lineOf: (path) => nearest(places, path) ?? begins };
}

/** The place of a member, or of the nearest thing around it. */
function nearest(places: ReadonlyMap<string, number>, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const line = places.get(pathKey(path.slice(0, length)));
    if (line !== undefined) return line;
  }
  return undefined;
}

/** The parser says "… at line 3, column 1:" and shows the place; we say the line ourselves. */
function firstLine(message: string): string {
  return (message.split("\n")[0] ?? message).replace(/ at line \d+, column \d+:?$/, "");
}

function refuse(text: string): { line: number; say: string } | undefined {
  if (text.length > largest) return { line: 1, say: `The file is larger than ${largest / 1024} KiB; split it.` };
  const line = findTooDeep(text, deepest);
  return line === undefined ? undefined : { line, say: `It is nested deeper than ${deepest} levels.` };
}
