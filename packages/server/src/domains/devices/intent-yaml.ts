/** YAML with places: every fault of a file names its line. Bombs and depths are refused before they are parsed. Pure. */
import { LineCounter, parseAllDocuments, type Document } from "yaml";

export interface Fault {
  /** `path:line`. */
  at: string;
  code: string;
  say: string;
}

export interface YamlDocument {
  /** As plain data; undefined for an empty document. */
  value: unknown;
  /** The line (from 1) at which the member at a path stands; that of the nearest parent when it is not there. */
  lineOf(path: readonly PropertyKey[]): number;
}

const largest = 1024 * 1024;
const deepest = 64;
const mostAliases = 100;

/** The documents of a file, and what is wrong with it. A file with a fault gives no documents. */
export function readYaml(text: string, file: string): { documents: YamlDocument[]; faults: Fault[] } {
  const refusal = refuse(text);
  if (refusal) return { documents: [], faults: [{ at: `${file}:${refusal.line}`, code: "intent_yaml", say: refusal.say }] };
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, strict: true, version: "1.2" });
  const documents = "empty" in parsed ? [] : parsed;
  const faults = documents.flatMap((document) =>
    [...document.errors, ...document.warnings].map((error) => ({
      at: `${file}:${lines.linePos(error.pos[0]).line || 1}`,
      code: "intent_yaml",
      say: firstLine(error.message),
    })),
  );
  if (faults.length > 0) return { documents: [], faults };
  return collect(documents, lines, file);
}

function collect(documents: Document.Parsed[], lines: LineCounter, file: string): { documents: YamlDocument[]; faults: Fault[] } {
  try {
    return { documents: documents.map((document) => described(document, lines)), faults: [] };
  } catch (thrown) {
    // The library refuses aliases that would expand without end.
    const say = thrown instanceof Error ? firstLine(thrown.message) : "it cannot be read";
    return { documents: [], faults: [{ at: `${file}:1`, code: "intent_yaml", say }] };
  }
}

function described(document: Document.Parsed, lines: LineCounter): YamlDocument {
  const begins = lines.linePos(document.contents?.range?.[0] ?? document.range[0]).line || 1;
  return {
    value: document.toJS({ maxAliasCount: mostAliases }) as unknown,
    lineOf(path) {
      for (let length = path.length; length > 0; length--) {
        const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
        if (node?.range) return lines.linePos(node.range[0]).line || begins;
      }
      return begins;
    },
  };
}

/** The parser says "… at line 3, column 1:" and shows the place; we say the line ourselves. */
function firstLine(message: string): string {
  return (message.split("\n")[0] ?? message).replace(/ at line \d+, column \d+:?$/, "");
}

/** A cheap look before the parser, which would overflow its stack on deep nesting. */
function refuse(text: string): { line: number; say: string } | undefined {
  if (text.length > largest) return { line: 1, say: `The file is larger than ${largest / 1024} KiB.` };
  let depth = 0;
  let line = 1;
  for (const char of text) {
    if (char === "\n") line += 1;
    else if (char === "[" || char === "{") depth += 1;
    else if ((char === "]" || char === "}") && depth > 0) depth -= 1;
    if (depth > deepest) return { line, say: `It is nested deeper than ${deepest} levels.` };
  }
  const indents = text.split("\n").findIndex((row) => (/^(?: |- )*/.exec(row)?.[0].length ?? 0) > deepest * 8);
  return indents < 0 ? undefined : { line: indents + 1, say: `It is nested deeper than ${deepest} levels.` };
}
