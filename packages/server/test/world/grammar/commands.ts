/**
 * Reads a line the way a router's command line does: words may be shortened as long as they stay unique, and a line that cannot
 * be read says where it stopped making sense.
 */
import type { Token } from "./pattern.ts";
import { valueType, type ValueType } from "./values.ts";

interface Edge {
  token: Token;
  type?: ValueType;
  to: Node;
}

interface Node {
  edges: Edge[];
  end?: number;
}

export interface ReadWord {
  /** In full, as the device writes it. */
  text: string;
  value: boolean;
}

export type Reading =
  | { is: "command"; index: number; words: ReadWord[]; args: Record<string, string> }
  | { is: "incomplete" }
  | { is: "ambiguous"; at: number; choices: string[] }
  /** `at`: offset of the first character that fits nothing. */
  | { is: "unknown"; at: number; word: number };

export interface Commands {
  read(line: string): Reading;
  /** What may come next after `line`, for `?` and the tab key. */
  next(line: string): string[];
}

interface Spelling {
  sequences: Token[][];
}

interface Options {
  types?: Record<string, ValueType>;
  foldCase?: boolean;
  /** A short word may mean several things as long as the rest of the line leaves one. */
  patient?: boolean;
}

/** Compiles command forms; `index` in a reading is the position in `forms`. The first of two equal forms wins. */
export function commandsOf(forms: Spelling[], options: Options = {}): Commands {
  const root: Node = { edges: [] };
  for (const [index, form] of forms.entries()) {
    for (const sequence of form.sequences) plant(root, sequence, index, options.types ?? {});
  }
  const fold = options.foldCase ? (text: string) => text.toLowerCase() : (text: string) => text;
  return {
    read: (line) => read(root, line, { fold, patient: options.patient ?? false }),
    next: (line) => next(root, line, fold),
  };
}

function plant(root: Node, sequence: Token[], index: number, types: Record<string, ValueType>): void {
  let node = root;
  for (const token of sequence) {
    let edge = node.edges.find((edge) => same(edge.token, token));
    if (!edge) {
      edge = { token, to: { edges: [] }, ...("arg" in token ? { type: valueType(token.type, types) } : {}) };
      node.edges.push(edge);
    }
    node = edge.to;
  }
  node.end ??= index;
}

function same(a: Token, b: Token): boolean {
  if (a.value !== b.value) return false;
  if ("keyword" in a) return "keyword" in b && a.keyword === b.keyword;
  return "arg" in b && a.arg === b.arg && a.type === b.type;
}

interface Trail {
  node: Node;
  words: ReadWord[];
  args: Record<string, string>;
}

interface Step {
  edge: Edge;
  from: Trail;
  text: string;
  rank: number;
}

const EXACT = 4;
const PREFIX = 2;

/** Everything that the word may mean after one trail. */
function stepsOf(from: Trail, word: string, rest: string, fold: (text: string) => string): Step[] {
  const steps: Step[] = [];
  const folded = fold(word);
  for (const edge of from.node.edges) {
    if ("keyword" in edge.token) {
      const keyword = fold(edge.token.keyword);
      if (keyword.startsWith(folded)) {
        steps.push({ edge, from, text: edge.token.keyword, rank: keyword === folded ? EXACT : PREFIX });
      }
      continue;
    }
    const text = edge.type!.parse(edge.type!.rest ? rest : word);
    if (text !== undefined) steps.push({ edge, from, text, rank: edge.type!.rank });
  }
  return steps;
}

function follow(step: Step): Trail {
  const { token } = step.edge;
  return {
    node: step.edge.to,
    words: [...step.from.words, { text: step.text, value: token.value }],
    args: "arg" in token ? { ...step.from.args, [token.arg]: step.text } : step.from.args,
  };
}

function read(root: Node, line: string, { fold, patient }: { fold: (text: string) => string; patient: boolean }): Reading {
  let trails: Trail[] = [{ node: root, words: [], args: {} }];
  for (const [index, word] of [...line.matchAll(/\S+/g)].entries()) {
    const steps = trails.flatMap((trail) => stepsOf(trail, word[0], line.slice(word.index), fold));
    const best = Math.max(-1, ...steps.map((step) => step.rank));
    if (best === -1) return { is: "unknown", at: word.index + agreeing(trails, word[0], fold), word: index };
    const kept = steps.filter((step) => step.rank === best);
    if (best === PREFIX && !patient) {
      const choices = [...new Set(kept.map((step) => step.text))];
      if (choices.length > 1) return { is: "ambiguous", at: word.index, choices };
    }
    trails = kept.map((step) => follow(step));
    if (best === 0) break;
  }
  const ended = trails.filter((trail) => trail.node.end !== undefined);
  if (ended.length === 0) return { is: "incomplete" };
  const meanings = new Set(ended.map((trail) => trail.words.map((word) => word.text).join(" ")));
  if (patient && meanings.size > 1) return { is: "ambiguous", at: 0, choices: [...meanings] };
  const found = ended.reduce((a, b) => (b.node.end! < a.node.end! ? b : a));
  return { is: "command", index: found.node.end!, words: found.words, args: found.args };
}

/** How many leading characters of the word fit some keyword: routers point at the first letter that is wrong. */
function agreeing(trails: Trail[], word: string, fold: (text: string) => string): number {
  let longest = 0;
  for (const { token } of trails.flatMap((trail) => trail.node.edges)) {
    if (!("keyword" in token)) continue;
    const keyword = fold(token.keyword);
    const folded = fold(word);
    let length = 0;
    while (length < folded.length && folded[length] === keyword[length]) length += 1;
    longest = Math.max(longest, length);
  }
  return longest;
}

function next(root: Node, line: string, fold: (text: string) => string): string[] {
  const words = [...line.matchAll(/\S+/g)];
  const partial = line === "" || line.endsWith(" ") ? "" : (words.pop()?.[0] ?? "");
  let trails: Trail[] = [{ node: root, words: [], args: {} }];
  for (const word of words) {
    const steps = trails.flatMap((trail) => stepsOf(trail, word[0], line.slice(word.index), fold));
    const best = Math.max(-1, ...steps.map((step) => step.rank));
    trails = steps.filter((step) => step.rank === best).map((step) => follow(step));
  }
  const offers = trails.flatMap((trail) => trail.node.edges.map((edge) => edge.token));
  const texts = offers.map((token) => ("keyword" in token ? token.keyword : token.type.toUpperCase()));
  const keywords = offers.filter((token) => "keyword" in token).map((token) => token.keyword);
  if (trails.some((trail) => trail.node.end !== undefined) && partial === "") texts.push("<cr>");
  const all = partial === "" ? texts : keywords.filter((keyword) => fold(keyword).startsWith(fold(partial)));
  return [...new Set(all)].sort();
}
