/**
 * One person's configuration mode: takes lines, changes the tree, and knows in which block it stands.
 * The same code loads a configuration from its text, so what a device shows it also understands.
 */
import type { Reading } from "../grammar/commands.ts";
import type { Act, PathStep } from "./act.ts";
import type { Compiled, Known, Rule } from "./rules.ts";
import { newBlock, type Args, type Block, type Statement } from "./tree.ts";

export interface Config {
  grammar: Compiled;
  root: Block;
  /** Rises with every change. */
  revision: number;
  nextOrder: number;
  /** Interfaces that are really there. */
  hardware: ReadonlySet<string>;
}

/** A device as it comes out of its box. */
export function newConfig(grammar: Compiled, hardware: Iterable<string> = []): Config {
  const config: Config = { grammar, root: newBlock(grammar.root), revision: 0, nextOrder: 1, hardware: new Set(hardware) };
  load(config, grammar.factory(config.hardware));
  return config;
}

/** Takes lines as from a file; answers the ones that the device refuses. */
export function load(config: Config, lines: string[]): { line: number; text: string }[] {
  const session = new ConfigSession(config);
  const refused: { line: number; text: string }[] = [];
  for (const [index, text] of lines.entries()) {
    const result = session.line(text);
    if (result.left) session.path = [];
    if (!["done", "collecting"].includes(result.is)) refused.push({ line: index + 1, text });
  }
  return refused;
}

export interface LineResult {
  is: "done" | "refused" | "incomplete" | "ambiguous" | "unknown" | "collecting" | "question";
  /** Offset of what could not be read. */
  at?: number;
  choices?: string[];
  says: string[];
  changed: boolean;
  /** The line left the configuration mode. */
  left: boolean;
  question?: string;
}

interface Reads {
  known: Known;
  words: { text: string; value: boolean }[];
  args: Args;
  depth: number;
  lastAt: number;
}

export class ConfigSession {
  path: PathStep[] = [];
  readonly config: Config;
  private collecting: { found: Reads; delimiter: string; lines: string[] } | undefined;
  private asked: { answer: (yes: boolean) => LineResult } | undefined;

  constructor(config: Config) {
    this.config = config;
  }

  get mode(): string {
    return this.path.at(-1)?.mode ?? this.config.grammar.root;
  }

  get prompt(): string {
    return this.config.grammar.modes.get(this.mode)!.prompt;
  }

  /** Goes one mode up; false at the outermost. */
  exit(): boolean {
    return this.path.pop() !== undefined;
  }

  next(line: string): string[] {
    return this.config.grammar.modes.get(this.mode)!.commands.next(line);
  }

  /** The answer to a question that `line` came back with. */
  answer(yes: boolean): LineResult {
    const asked = this.asked;
    this.asked = undefined;
    return asked ? asked.answer(yes) : nothing();
  }

  /** Takes one line as typed. */
  line(raw: string): LineResult {
    if (this.collecting) return this.collect(raw);
    const text = raw.trim();
    if (text === "" || this.config.grammar.comment.test(text)) return nothing();
    if (text === "exit" || text === "quit") return this.exit() ? nothing() : { ...nothing(), left: true };
    if (text === "end") return { ...nothing(), left: true };
    return this.command(raw);
  }

  private command(raw: string): LineResult {
    const found = this.read(raw);
    if ("is" in found) return found;
    this.path.length = found.depth;
    if (found.known.rule.collects && !found.known.negative) return this.begin(found);
    return this.run(found);
  }

  /** Reads the line in this mode, then in those around it. */
  private read(raw: string): Reads | LineResult {
    const { grammar } = this.config;
    let first: Unread | undefined;
    for (let depth = this.path.length; depth >= 0; depth -= 1) {
      const mode = grammar.modes.get(this.path[depth - 1]?.mode ?? grammar.root)!;
      const reading = mode.commands.read(raw);
      const lastAt = raw.trimEnd().lastIndexOf(" ") + 1;
      if (reading.is === "command") return { known: mode.known[reading.index]!, words: reading.words, args: reading.args, depth, lastAt };
      first ??= reading;
      if (reading.is === "incomplete" && first.is === "unknown") first = reading;
    }
    return notRead(first!);
  }

  private run(found: Reads, answered?: boolean): LineResult {
    const { rule, negative } = found.known;
    if (rule.leaves) {
      this.exit();
      return nothing();
    }
    const block = this.blockAt(this.path);
    if (!block) {
      this.path = [];
      return { ...nothing(), is: "refused", says: ["% The block is gone."] };
    }
    const act = new Acting(this, found, block, answered);
    const own = negative ? rule.unset : rule.set;
    if (own) own(act);
    else act.usual();
    if (act.question !== undefined) {
      this.asked = { answer: (yes) => this.run(found, yes) };
      return { ...nothing(), is: "question", question: act.question };
    }
    return this.finish(act, found);
  }

  private finish(act: Acting, { known: { rule, negative }, lastAt }: Reads): LineResult {
    if (act.unread) return { ...nothing(), is: "unknown", at: lastAt };
    if (act.changed) this.config.revision += 1;
    if (!act.refused && act.entered) this.path = act.entered;
    else if (!act.refused && !act.stays && !negative && rule.mode) this.path = [...this.path, { mode: rule.mode, key: act.key }];
    return { is: act.refused ? "refused" : "done", says: act.says, changed: act.changed, left: false };
  }

  blockAt(path: PathStep[]): Block | undefined {
    let block: Block | undefined = this.config.root;
    for (const step of path) block = block?.statements.get(step.key)?.child;
    return block;
  }

  /** A text that goes on over several lines, such as a banner. */
  private begin(found: Reads): LineResult {
    const text = found.words.at(-1)!.text;
    const delimiter = text.startsWith("^C") ? "^C" : text[0]!;
    this.collecting = { found, delimiter, lines: [] };
    return this.collect(text.slice(delimiter.length));
  }

  private collect(raw: string): LineResult {
    const { found, delimiter, lines } = this.collecting!;
    const end = raw.indexOf(delimiter);
    lines.push(end < 0 ? raw : raw.slice(0, end));
    if (end < 0) return { ...nothing(), is: "collecting" };
    this.collecting = undefined;
    const words = [...found.words.slice(0, -1), { text: `^C${lines.join("\n")}^C`, value: true }];
    return this.run({ ...found, words });
  }
}

const nothing = (): LineResult => ({ is: "done", says: [], changed: false, left: false });

type Unread = Exclude<Reading, { is: "command" }>;

function notRead(reading: Unread): LineResult {
  if (reading.is === "incomplete") return { ...nothing(), is: "incomplete" };
  if (reading.is === "ambiguous") return { ...nothing(), is: "ambiguous", at: reading.at, choices: reading.choices };
  return { ...nothing(), is: "unknown", at: reading.at };
}

/** One command while it is carried out. */
class Acting implements Act {
  readonly root: Block;
  readonly block: Block;
  readonly args: Args;
  readonly text: string;
  readonly key: string;
  readonly negative: boolean;
  readonly defaulted: boolean;
  readonly order: number;
  readonly hardware: ReadonlySet<string>;
  readonly says: string[] = [];
  changed = false;
  refused = false;
  stays = false;
  unread = false;
  question: string | undefined;
  entered: PathStep[] | undefined;
  private readonly session: ConfigSession;
  private readonly rule: Rule;
  private readonly answered: boolean | undefined;

  constructor(session: ConfigSession, found: Reads, block: Block, answered: boolean | undefined) {
    const { rule, negative } = found.known;
    const words = negative ? found.words.slice(1) : found.words;
    this.session = session;
    this.rule = rule;
    this.answered = answered;
    this.root = session.config.root;
    this.block = block;
    this.args = found.args;
    this.negative = negative;
    this.defaulted = negative && found.words[0]!.text === "default";
    this.order = session.config.nextOrder;
    this.hardware = session.config.hardware;
    this.text = words.map((word) => word.text).join(" ");
    const identity = words.filter((word) => !word.value).map((word) => word.text);
    this.key = rule.key?.(found.args) ?? identity.join(" ");
  }

  keep(change: { key?: string; text?: string; args?: Args; block?: Block } = {}): Statement {
    const block = change.block ?? this.block;
    const key = change.key ?? this.key;
    const text = change.text ?? this.text;
    const before = block.statements.get(key);
    const statement: Statement = before ?? { key, text, rule: this.rule, args: {}, order: this.session.config.nextOrder++ };
    if (before?.text !== text) this.changed = true;
    statement.text = text;
    statement.rule = this.rule;
    statement.args = change.args ?? this.args;
    if (!before) block.statements.set(key, statement);
    if (!this.negative && this.rule.mode && !statement.child) this.open(statement);
    return statement;
  }

  private open(statement: Statement): void {
    statement.child = newBlock(this.rule.mode!);
    for (const line of this.rule.starts ?? []) this.also(line, statement.child);
  }

  drop(key: string, block = this.block): boolean {
    const gone = block.statements.delete(key);
    if (gone) this.changed = true;
    return gone;
  }

  usual(): void {
    const { toggle } = this.rule;
    if (this.defaulted && toggle === "on") return void this.drop(this.key);
    if (toggle === "both") this.keep({ text: this.negative ? `no ${this.text}` : this.text });
    else if (this.negative === (toggle === "on")) this.keep({ text: this.negative ? `no ${this.text}` : this.text });
    else this.drop(this.key);
  }

  say(text: string): void {
    this.says.push(text);
  }

  refuse(text: string): void {
    this.says.push(text);
    this.refused = true;
  }

  misread(): void {
    this.unread = true;
  }

  also(line: string, block: Block): void {
    const result = this.inside(line, block);
    if (result.is !== "done") throw new Error(`the platform's own line is refused: ${line}`);
  }

  pass(line: string, block: Block): void {
    const result = this.inside(line, block);
    this.says.push(...result.says);
    this.refused = result.is !== "done";
  }

  private inside(line: string, block: Block): LineResult {
    const inner = new ConfigSession(this.session.config);
    inner.blockAt = () => block;
    inner.path = [{ mode: block.mode, key: "" }];
    const result = inner.line(line);
    if (result.changed) this.changed = true;
    return result;
  }

  confirm(question: string): boolean {
    if (this.answered === undefined) this.question = question;
    return this.answered === true;
  }

  stay(): void {
    this.stays = true;
  }

  enter(steps: PathStep[]): void {
    this.entered = steps;
  }
}
