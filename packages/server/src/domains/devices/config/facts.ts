/** What one line means to its neighbours: the place that it fills, what takes it away, the names that it defines and uses. */
import { lineRule, sectionRule, type LineRule, type Rules, type SectionRule } from "./dialect.ts";
import { fill, type Words } from "./pattern.ts";
import type { ConfigNode } from "./tree.ts";

/** Where a line stands. */
export interface Place {
  /** Kind of the section around it. */
  kind: string;
  /** Slot of the top-level section that it is in; empty at the top. */
  top: string;
}

export const atTop: Place = { kind: "top", top: "" };

export interface Facts {
  /** Two lines of one slot replace each other. */
  slot: string;
  /** The command that takes the line away. */
  no: string;
  defines: string[];
  uses: string[];
  holds: { what: string; holder: string }[];
  owner?: string;
  line?: LineRule;
  section?: SectionRule;
}

/** `no x` and `x` are about one thing. */
function positiveOf(text: string): string {
  return text.startsWith("no ") ? text.slice(3) : text;
}

function referencesIn(rules: Rules, text: string, own: string[]): string[] {
  const found: string[] = [];
  for (const { pattern, kind } of rules.dialect.references) {
    for (const match of text.matchAll(pattern)) {
      for (const name of (match[1] ?? "").split(" ")) if (name && !own.includes(`${kind}:${name}`)) found.push(`${kind}:${name}`);
    }
  }
  return found;
}

function holdsOf(holds: LineRule["holds"], words: Words): Facts["holds"] {
  const told = typeof holds === "function" ? holds(words) : (holds ?? []).map((template) => fill(template, words));
  return told.map((filled) => {
    const cut = filled.lastIndexOf("=");
    return { what: filled.slice(0, cut), holder: filled.slice(cut + 1) };
  });
}

function negation(rule: LineRule | SectionRule, words: Words, positive: string): string {
  return rule.no === undefined ? `no ${positive}` : fill(rule.no, words);
}

/** Whether a node is a section by rule, or has lines under it. */
function isSection(rules: Rules, place: Place, node: ConfigNode): boolean {
  return node.children.length > 0 || sectionRule(rules, place.kind, node.text) !== undefined;
}

function sectionFacts(rules: Rules, place: Place, node: ConfigNode): Facts {
  const found = sectionRule(rules, place.kind, node.text);
  if (!found) return { slot: node.text, no: `no ${node.text}`, defines: [], uses: referencesIn(rules, node.text, []), holds: [] };
  const words = { ...found.words, top: place.top };
  const defines = (found.rule.defines ?? []).map((template) => fill(template, words));
  const uses = [...(found.rule.uses ?? []).map((template) => fill(template, words)), ...referencesIn(rules, node.text, defines)];
  const slot = found.rule.slot === undefined ? node.text : fill(found.rule.slot, words);
  return { slot, no: negation(found.rule, words, node.text), defines, uses, holds: holdsOf(found.rule.holds, words), section: found.rule };
}

function lineFacts(rules: Rules, place: Place, text: string): Facts {
  const positive = positiveOf(text);
  const negative = positive !== text;
  const found = lineRule(rules, place.kind, positive);
  if (!found) {
    const uses = negative ? [] : referencesIn(rules, text, []);
    return { slot: positive, no: negative ? positive : `no ${text}`, defines: [], uses, holds: [] };
  }
  const { rule } = found;
  const words = { ...found.words, top: place.top };
  const slot = rule.slot === undefined ? positive : fill(rule.slot, found.words);
  const owner = rule.owner === undefined ? {} : { owner: fill(rule.owner, words) };
  if (negative) return { slot, no: positive, defines: [], uses: [], holds: [], ...owner, line: rule };
  const defines = (rule.defines ?? []).map((template) => fill(template, words));
  const uses = [...(rule.uses ?? []).map((template) => fill(template, words)), ...referencesIn(rules, text, defines)];
  return { slot, no: negation(rule, words, positive), defines, uses, holds: holdsOf(rule.holds, words), ...owner, line: rule };
}

/** The slot of a line that has one by rule: lines of one slot overwrite each other. */
export function slotOf(rules: Rules, place: Place, text: string): string | undefined {
  const found = lineRule(rules, place.kind, positiveOf(text));
  return found?.rule.slot === undefined ? undefined : fill(found.rule.slot, found.words);
}

/** The names that a node defines: a part of its facts, for walks over whole configurations. */
export function definesOf(rules: Rules, place: Place, node: ConfigNode): string[] {
  const found = sectionRule(rules, place.kind, node.text) ?? lineRule(rules, place.kind, node.text);
  return (found?.rule.defines ?? []).map((template) => fill(template, { ...found?.words, top: place.top }));
}

/** What a node means where it stands. */
export function factsOf(rules: Rules, place: Place, node: ConfigNode): Facts {
  return isSection(rules, place, node) ? sectionFacts(rules, place, node) : lineFacts(rules, place, node.text);
}

/** The place of the lines under a node. */
export function under(rules: Rules, place: Place, node: ConfigNode): Place {
  const found = sectionRule(rules, place.kind, node.text);
  const kind = found?.rule.kind ?? "other";
  if (place.top !== "") return { kind, top: place.top };
  const slot = found?.rule.slot;
  return { kind, top: found && slot !== undefined ? fill(slot, found.words) : node.text };
}
