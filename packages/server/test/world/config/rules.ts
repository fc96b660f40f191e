/** How a platform's commands are written down: modes of rules. */
import { commandsOf, type Commands } from "../grammar/commands.ts";
import { negated, sequencesOf, type Token } from "../grammar/pattern.ts";
import type { ValueType } from "../grammar/values.ts";
import type { Act } from "./act.ts";
import type { Args, Block, Statement } from "./tree.ts";

/** Where a statement stands. */
export interface Around {
  root: Block;
  block: Block;
}

export interface Rule {
  /** See `grammar/pattern.ts`. */
  form: string;
  /** Further forms of `no …` besides those that follow from `form`; without the word `no`. */
  no?: string[];
  /** There is only the `no` form. */
  onlyNo?: true;
  /** `no` does not work without the value, or not with it; it may have it or not unless told. */
  noTakes?: "value" | "no value";
  /** The mode that the command opens. */
  mode?: string;
  /** Rules with one place are shown as one group, sorted by `sort`; otherwise each rule is shown where it stands in its table. */
  place?: string;
  sort?(args: Args, text: string, around: Around): readonly (number | string)[];
  /** What the statement is about, when that is not its words less the values. */
  key?(args: Args): string;
  /** Statements of one group stand together, and a separator stands between groups. */
  group?(args: Args): string;
  /** `on`: on from the start, only `no …` is kept. `both`: each of them is kept and shown. */
  toggle?: "on" | "both";
  /** Shown at all? */
  visible?(statement: Statement, around: Around): boolean;
  /** What the command does, in place of keeping the statement. */
  set?(act: Act): void;
  /** What `no` does, in place of dropping the statement. */
  unset?(act: Act): void;
  /** Leaves the mode, like `exit-address-family`. */
  leaves?: true;
  /** Asks for lines of text up to a delimiter that it names itself. */
  collects?: true;
  /** Lines that stand in a new block of this kind from the start. */
  starts?: string[];
  /** Set by the table: where the rule is shown. */
  rank?: number;
}

/** Rules of which the statements stand in one group, in the order of the rules. */
export const together = (group: string, rules: Rule[]): Rule[] => rules.map((rule) => ({ ...rule, group: () => group }));

export interface Mode {
  /** What stands in brackets in the prompt. */
  prompt: string;
  rules: Rule[];
}

export interface Grammar {
  root: string;
  modes: Record<string, Mode>;
  types: Record<string, ValueType>;
  foldCase: boolean;
  /** See `commandsOf`. */
  patient: boolean;
  /** Lines that mean nothing. */
  comment: RegExp;
  /** Accepts `default …`. */
  hasDefault: boolean;
  /** What a new device of this hardware has configured. */
  factory(hardware: ReadonlySet<string>): string[];
}

export interface Known {
  rule: Rule;
  negative: boolean;
}

export interface CompiledMode {
  commands: Commands;
  known: Known[];
  prompt: string;
}

export interface Compiled extends Omit<Grammar, "modes"> {
  modes: Map<string, CompiledMode>;
}

export function compile(grammar: Grammar): Compiled {
  const modes = new Map(Object.entries(grammar.modes).map(([name, mode]) => [name, compileMode(mode, grammar)]));
  return { ...grammar, modes };
}

function negativesOf(sequence: Token[], rule: Rule): Token[][] {
  if (rule.noTakes === "value") return [sequence];
  return rule.noTakes === "no value" ? negated(sequence).slice(-1) : negated(sequence);
}

const no: Token = { keyword: "no", value: false };
const deflt: Token = { keyword: "default", value: false };

function compileMode(mode: Mode, grammar: Grammar): CompiledMode {
  const places = new Map<string, number>();
  const known: Known[] = [];
  const forms: { sequences: Token[][] }[] = [];
  for (const [index, rule] of mode.rules.entries()) {
    rule.rank = rule.place ? (places.get(rule.place) ?? index) : index;
    if (rule.place && !places.has(rule.place)) places.set(rule.place, index);
    const positive = sequencesOf(rule.form);
    const negative = [
      ...positive.flatMap((sequence) => negativesOf(sequence, rule)),
      ...(rule.no ?? []).flatMap((form) => sequencesOf(form)),
    ];
    known.push({ rule, negative: false }, { rule, negative: true });
    forms.push({ sequences: rule.onlyNo ? [] : positive });
    const words = grammar.hasDefault ? [no, deflt] : [no];
    forms.push({ sequences: rule.leaves ? [] : words.flatMap((word) => negative.map((sequence) => [word, ...sequence])) });
  }
  return { commands: commandsOf(forms, grammar), known, prompt: mode.prompt };
}
