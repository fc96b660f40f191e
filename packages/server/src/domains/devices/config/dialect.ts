/** What a platform's configuration language is, as data. One file per dialect fills these shapes. */
import type { ConfigTree } from "./tree.ts";
import { compile, headOf, type Pattern, type Words } from "./pattern.ts";

export type DialectName = "ios" | "frr";

/**
 * Names are written `kind:name` and tie lines together: who defines a name comes before who uses it, who uses it leaves before it
 * is taken away. `{top}` stands for the top-level section that a line is in.
 */
interface Meaning {
  /** Pattern of the line, without a leading `no`. */
  line: string | RegExp;
  /** Lines of one slot replace each other; without it a line is its own slot. */
  slot?: string;
  /** How it is taken away; `no` and the line unless told. */
  no?: string;
  defines?: string[];
  uses?: string[];
  /** What only one may hold at a time, `what=holder`; the old holder lets go before the new one takes. */
  holds?: string[] | ((words: Words) => string[]);
  /** `first`: changes what other lines mean. `last`: may cut the hand that types. `break`: takes something out of use. */
  when?: "first" | "last" | "break";
}

export interface LineRule extends Meaning {
  /** The platform does not overwrite: the old value is taken away first. `overlap`: only where both say the same word, else afterwards. */
  clear?: true | "overlap";
  /** The thing that this line describes; when all its lines go, the thing goes in one command. */
  owner?: string;
  /** On lines that make what they own: how the whole is taken away. */
  unmake?: string;
  /** The thing is made anew when this line changes, or when it comes or goes (`presence`). */
  fixed?: "text" | "presence";
  /** Lines of the same section that the device drops when this one changes. */
  wipes?: RegExp;
  /** Left alone when the whole section is not in the intent: hardware stays as it is. */
  stays?: true;
}

export interface SectionRule extends Meaning {
  kind: string;
  /** Kind of the section around it; `top` unless told. */
  in?: string;
  /** What a changed header of one slot needs; the section is made anew unless `retitle`. */
  change?: "retitle";
  /** `lines`: the section cannot be removed, its lines can. */
  remove?: "lines";
  /** The section says nothing when nothing is in it. */
  hollow?: true;
  /** The order of what is in it matters and new lines go to the end. */
  ordered?: true;
  /** Lines of an ordered section whose place the device chooses. */
  loose?: RegExp;
  /** Entries have a place given by a number in front, which equality ignores. */
  sequence?: true;
  exit?: string;
  /** Things described in it are its own: a neighbour of a VRF is not the neighbour of that name outside. */
  realm?: true;
}

/** A block taken as it is, from its first line to its end. */
export interface Literal {
  head: string;
  /** Whether the line opens a block, and how to tell its last line; `keep` is whether that line belongs to it. */
  open(line: string): { ends(line: string): boolean; keep: boolean } | undefined;
}

export interface Dialect {
  name: DialectName;
  /** Lines that say nothing, by first word. */
  noise: Map<string, RegExp>;
  literals: Literal[];
  /** Runs of blanks mean one blank. */
  squeeze: boolean;
  sections: SectionRule[];
  /** By kind of the section they stand in; `*` for any. */
  lines: Record<string, LineRule[]>;
  /** Words after which a name follows, in any line: `route-map NAME`. */
  references: { pattern: RegExp; kind: string }[];
  /** Sections that call each other by name and must not do it in a circle; `kind` is that of the names, with its colon. */
  calls?: { section: RegExp; line: RegExp; kind: string };
  /** Lines that the device writes by itself: an intent that is silent about them leaves them be. */
  ambient: RegExp;
  /** Lines that the device does not show while they hold. */
  assumed: RegExp;
  /** Brings a parsed tree to one way of writing. */
  settle(tree: ConfigTree): void;
  /** Two texts of one slot that cannot be compared, such as a hash and a plain secret. */
  incomparable(running: string, intended: string): boolean;
}

const nothing = /(?!)/;

/** The dialect for comparing a device with itself: nothing is left alone because nobody speaks of it, all can be compared. */
export function wholeDialect(dialect: Dialect): Dialect {
  const lines = Object.entries(dialect.lines).map(([kind, rules]) => [kind, rules.map(withoutStays)] as const);
  return { ...dialect, ambient: nothing, assumed: nothing, incomparable: () => false, lines: Object.fromEntries(lines) };
}

function withoutStays(rule: LineRule): LineRule {
  const copy = { ...rule };
  delete copy.stays;
  return copy;
}

/** A rule ready to be asked. */
export interface Ready<R> {
  rule: R;
  pattern: Pattern;
}

type Index<R> = Map<string, Ready<R>[]>;
export interface Rules {
  dialect: Dialect;
  /** Kinds of sections in which names are defined. */
  defining: Set<string>;
  sections: Map<string, Index<SectionRule>>;
  lines: Map<string, Index<LineRule>>;
}

const anyHead = "";

function index<R extends Meaning>(rules: R[]): Index<R> {
  const found: Index<R> = new Map();
  for (const rule of rules) {
    const pattern = compile(rule.line);
    for (const head of pattern.heads ?? [anyHead]) {
      const list = found.get(head);
      if (list) list.push({ rule, pattern });
      else found.set(head, [{ rule, pattern }]);
    }
  }
  return found;
}

/** Makes a dialect's tables ready to be asked. */
export function compileDialect(dialect: Dialect): Rules {
  const kinds = new Set(dialect.sections.map((rule) => rule.in ?? "top"));
  const sections = new Map([...kinds].map((kind) => [kind, index(dialect.sections.filter((rule) => (rule.in ?? "top") === kind))]));
  const lines = new Map(Object.entries(dialect.lines).map(([kind, rules]) => [kind, index(rules)]));
  return { dialect, sections, lines, defining: definingKinds(dialect) };
}

/** Kinds with a line or a section that defines a name, in them or below. */
function definingKinds(dialect: Dialect): Set<string> {
  const found = new Set(Object.entries(dialect.lines).flatMap(([kind, rules]) => (rules.some((rule) => rule.defines) ? [kind] : [])));
  for (const rule of dialect.sections) if (rule.defines || found.has(rule.kind)) found.add(rule.in ?? "top");
  return found;
}

function ask<R>(found: Index<R> | undefined, text: string): { rule: R; words: Words } | undefined {
  if (!found) return undefined;
  for (const list of [found.get(headOf(text)), found.get(anyHead)]) {
    if (!list) continue;
    for (const { rule, pattern } of list) {
      const words = pattern.match(text);
      if (words) return { rule, words };
    }
  }
  return undefined;
}

/** The rule of a section's header, standing in a section of this kind. */
export function sectionRule(rules: Rules, kind: string, text: string): { rule: SectionRule; words: Words } | undefined {
  return ask(rules.sections.get(kind), text);
}

/** The rule of a line (without `no`), standing in a section of this kind. */
export function lineRule(rules: Rules, kind: string, text: string): { rule: LineRule; words: Words } | undefined {
  return ask(rules.lines.get(kind), text) ?? ask(rules.lines.get("*"), text);
}
