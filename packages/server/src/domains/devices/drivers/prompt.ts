/**
 * The prompt engine: what a device's screen says about the conversation. Pure and streaming; no I/O, no clock.
 *
 * A `#` or `>` proves nothing, so two things decide. A prompt is learned: it is what stood before the echo of our own
 * command. And where an output ends is told by the echo of the next command, which stands behind the next prompt: a
 * line of output that looks like a prompt, cut there by the network, can make us write early but never makes an
 * output shorter. A comment that nobody else would write (a nonce) serves as the next command where there is none.
 */
import { isNonce, withoutStray } from "./nonce.ts";
import { decodeLine, encodeLine, Screen } from "./screen.ts";
import { begun, interrupted, onlyInterrupted, shownAgain, type TypedLine, type Typing } from "./typed.ts";

export interface Prompt {
  /** As shown, without trailing blanks. */
  text: string;
  name: string;
  /** What stands in parentheses, e.g. `config-if`; empty outside of configuration. */
  mode: string;
  /** `#` or `>` and the like. */
  end: string;
}

/** What a device may ask after a command, and what we say then. Nothing else is ever answered. */
export interface DialogRule {
  /** Matched against the unfinished last line. */
  when: RegExp;
  /** Sent as it is; a line break is part of it where one is needed. */
  answer: string;
  /** How often in one command; asked again after that, it is not answered. Unlimited unless told. */
  times?: number;
}

/** How the command line of a platform looks. */
export interface Manners {
  /** A whole prompt line; groups `name`, `mode` (may be absent), `end`. */
  prompt: RegExp;
  /** Of a longer name at least this many characters are shown in every mode. */
  nameShown: number;
  pagers: readonly DialogRule[];
  /** The start of a line that a device prints by itself, such as a log line. */
  log: RegExp;
}

/** An unfinished line that waits for a person, in any wording. */
const question = /(?:\?|\]:?|\):?|(?:name|password|passphrase|pin|code):)\s*$|\[confirm\]|\(?yes\/no\)?|press (?:any key|return)/i;

/** `output`: the device is not done, as far as the screen tells. */
export type Sight = { at: "output" } | { at: "rule"; rule: DialogRule } | { at: "prompt"; prompt: Prompt };

/**
 * What it means when the device stays silent where it is: it works (`waiting`), it asks something (`question`), the
 * prompt was there but something was printed over it (`trampled`), or it answers something we did not say (`out_of_step`).
 */
export type Silence = "waiting" | "question" | "trampled" | "out_of_step";

export interface Expectation {
  command: string;
  /** How the echo looks: `exact`, or `line` for a command too long for the terminal, of which only the line end is sure. */
  echo: "exact" | "line";
  /** The prompt may have another name afterwards. */
  rename?: boolean;
  /** A nonce sent because something was printed over the prompt: its echo need not stand behind one. */
  nudge?: boolean;
  rules?: readonly DialogRule[];
}

interface Entry extends Expectation {
  bytes: string;
  /** Lines of the screen when this was sent. */
  from: number;
  /** Lines that were searched for the echo. */
  looked: number;
  /** Line on which the echo ends, and the column where the command stands, had nothing come between. */
  line?: number;
  column: number;
  /** Line on which its prompt begins, and what stands there before the command. */
  first: number;
  before: string;
  /** The echo stands behind a prompt. */
  full: boolean;
  /** A name that the device may have now. */
  perhaps?: string;
}

export class PromptEngine {
  readonly #manners: Manners;
  readonly #screen = new Screen();
  #learned: Prompt | undefined;
  /** The prompt that stood before the last echo: the one thing that no output can imitate. */
  #proven: Prompt | undefined;
  #entries: Entry[] = [];
  #received = 0;
  #answered = -1;

  constructor(manners: Manners) {
    this.#manners = manners;
  }

  /** The prompt as last seen; undefined until one was learned. */
  get prompt(): Prompt | undefined {
    return this.#learned;
  }

  /** Number of the entry that was sent last. */
  get last(): number | undefined {
    return this.#entries.length === 0 ? undefined : this.#entries.length - 1;
  }

  /** Bytes that came since `forget`. */
  get received(): number {
    return this.#received;
  }

  /** The last lines of the screen, for an error. */
  get tail(): string {
    return [...this.#screen.lines.slice(-3), this.#screen.line].map(decodeLine).join("\n").trim();
  }

  /** Drops what was said before; only at a prompt. */
  forget(): void {
    this.#screen.lines.length = 0;
    this.#entries = [];
    this.#received = 0;
    this.#answered = -1;
  }

  /** To be called just before `command` is written. Gives a number for `output` and `column`. */
  expect(expectation: Expectation): number {
    const from = this.#screen.lines.length;
    const bytes = encodeLine(expectation.command);
    return this.#entries.push({ ...expectation, bytes, from, looked: from, column: 0, first: from, before: "", full: false }) - 1;
  }

  push(chunk: Uint8Array): void {
    this.#received += chunk.length;
    this.#screen.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1"));
  }

  sight(): Sight {
    const entry = this.#entries.at(-1);
    this.#findEchoes();
    const { line } = this.#screen;
    const rule = line === "" ? undefined : this.#ruleFor(line, entry);
    if (rule) return { at: "rule", rule };
    const prompt = this.#heard(entry) ? (this.#promptOf(line, entry) ?? this.#promptOf(this.#joined(line), entry)) : undefined;
    if (!prompt) return { at: "output" };
    if (entry) this.#learned = prompt;
    return { at: "prompt", prompt };
  }

  /** To be called when the rule of a sight was answered: it is not answered twice, and a pager leaves no trace. */
  answered(rule: DialogRule): void {
    if (this.#manners.pagers.includes(rule)) this.#screen.wipe();
    else this.#answered = this.#screen.lines.length;
  }

  silence(): Silence {
    const { line, lines } = this.#screen;
    const entry = this.#entries.at(-1);
    const prompted = this.#read(this.#joined(line)) !== undefined;
    if (this.#heard(entry)) {
      // Also when it is a prompt by another name, as after a rename by somebody else: a nonce will tell.
      if (prompted || this.#trampled(line, entry)) return "trampled";
    } else if (this.#learned === undefined || isNonce(entry?.command ?? "")) {
      if (prompted || this.#trampled(line, entry)) return "trampled";
    } else if (entry && prompted && lines.length > entry.from) {
      return onlyInterrupted(this.#typing(entry), entry.from) ? "waiting" : "out_of_step";
    }
    return question.test(line) ? "question" : "waiting";
  }

  /** Whether the echo of an entry was found; without it, nothing that came is its output. */
  heard(number: number): boolean {
    return this.#entries[number]?.line !== undefined;
  }

  /** What an entry printed. Final once a later command was sent and its prompt seen; before that as far as it came. */
  output(number: number): string {
    const entry = this.#entries[number];
    if (entry?.line === undefined) return "";
    const heard = this.#entries.findIndex((later, at) => at > number && isPlaced(later));
    const later = this.#entries.slice(number + 1, heard < 0 ? undefined : heard + 1);
    const next = heard < 0 ? undefined : later.at(-1);
    const echo = entry.full ? shownAgain(this.#typing(entry), entry.line) : this.#fullEcho(entry, next?.line);
    const lines = this.#screen.lines.slice(echo + 1, next?.first);
    const rest = next ? this.#beforePrompt(next) : "";
    if (rest !== "") lines.push(rest);
    return withoutStray(this.#withoutTail(lines), later).map(decodeLine).join("\n");
  }

  /** Column of the screen where the entry's command began, as carets count. */
  column(number: number): number {
    return this.#entries[number]?.column ?? 0;
  }

  #heard(entry: Entry | undefined): boolean {
    if (entry === undefined) return true;
    return isPlaced(entry) && (isNonce(entry.command) ? this.#nothingSince(entry) : this.#learned !== undefined);
  }

  /** A nonce prints nothing. If something follows it, it was typed ahead, and its own turn is still to come. */
  #nothingSince(entry: Entry): boolean {
    const since = this.#screen.lines.slice((entry.line ?? 0) + 1);
    if (since.length === 0) return true;
    return (
      since.some((line) => this.#printedByItself(line)) &&
      since.every((line) => this.#prompts().some((prompt) => prompt.startsWith(line)) || this.#printedByItself(line) || this.#read(line))
    );
  }

  #ruleFor(line: string, entry: Entry | undefined): DialogRule | undefined {
    const pager = this.#manners.pagers.find(({ when }) => when.test(line));
    if (pager || entry?.line === undefined || this.#answered === this.#screen.lines.length) return pager;
    return entry.rules?.find(({ when }) => when.test(line));
  }

  /** Of the last command, and of the comments that were sent after it because it seemed to be stuck. */
  #findEchoes(): void {
    const nudges = this.#entries.findLastIndex(({ nudge }) => nudge !== true);
    for (const entry of this.#entries.slice(Math.max(0, nudges))) {
      const { lines } = this.#screen;
      for (; entry.looked < lines.length && (!entry.full || isNonce(entry.command)); entry.looked++) this.#tryEcho(entry, entry.looked);
    }
  }

  #tryEcho(entry: Entry, line: number): void {
    const { text, first } = this.#typedLine(entry, line);
    const column = this.#echoColumn(entry, text);
    if (column === undefined) return;
    const before = text.slice(0, column);
    const prompt = this.#read(before);
    // `twor1#` is text before the prompt `r1#`, or another name: the prompt after it will tell.
    const unclear = prompt !== undefined && this.#endsInPrompt(before) && !this.#same(prompt);
    if (unclear) entry.perhaps = prompt.name;
    if (prompt && !unclear) {
      // Whatever the device calls itself by now: what stands before our command is its prompt.
      this.#learned = this.#proven = prompt;
      Object.assign(entry, { line, column, before, first: begun(this.#typing(entry), first), full: true });
    } else if (entry.echo === "line" || (isNonce(entry.command) && this.#endsInPrompt(before))) {
      Object.assign(entry, { line, column, before, first, full: true });
    } else if ((entry.line === undefined || isNonce(entry.command)) && before.trim() === "" && !entry.full) {
      Object.assign(entry, { line, column, before, first });
    }
  }

  /** A line with what was typed before it, when the device printed something by itself in between. */
  #typedLine(entry: Entry, at: number): TypedLine {
    const text = this.#screen.lines[at] ?? "";
    const whole = { text, first: at, over: false };
    const shown = text.trimEnd();
    const prompt = shown.endsWith(entry.bytes) ? this.#read(shown.slice(0, -entry.bytes.length)) : undefined;
    return prompt && this.#same(prompt) ? whole : (interrupted(this.#typing(entry), at) ?? whole);
  }

  /** The unfinished line with the pieces of a prompt before it, when the device printed something by itself within the prompt. */
  #joined(line: string): string {
    if (line === "" || !this.#prompts().some((prompt) => line.length <= prompt.length)) return line;
    const lines = [...this.#screen.lines.slice(-20), line];
    return this.#promptEnding(lines, lines.length - 1)?.text ?? line;
  }

  /** The prompt that ends on a line, in one piece or in several, with or without something printed over it. */
  #promptEnding(lines: readonly string[], at: number): TypedLine | undefined {
    const isPrompt = (text: string): boolean => this.#isOwnPrompt(text);
    const isLog = (text: string): boolean => this.#isLog(text);
    return interrupted({ lines, floor: 0, command: "", prompts: this.#prompts(), isPrompt, endsInPrompt: isPrompt, isLog }, at);
  }

  #typing(entry: Entry): Typing {
    const { lines } = this.#screen;
    let earlier = this.#entries.lastIndexOf(entry) - 1;
    while (earlier >= 0 && this.#entries[earlier]?.line === undefined) earlier--;
    return {
      lines,
      floor: (this.#entries[earlier]?.line ?? -1) + 1,
      command: entry.bytes,
      prompts: this.#prompts(),
      isPrompt: (text) => this.#isOwnPrompt(text),
      endsInPrompt: (text) => this.#isOwnPrompt(text) || (isNonce(entry.command) && this.#endsInPrompt(text)),
      isLog: (line) => this.#isLog(line),
    };
  }

  #prompts(): string[] {
    return [this.#learned, this.#proven].flatMap((prompt) => (prompt ? [prompt.text] : []));
  }

  #isOwnPrompt(text: string): boolean {
    const prompt = this.#read(text);
    return prompt !== undefined && (this.#learned === undefined || this.#same(prompt));
  }

  #echoColumn(entry: Entry, line: string): number | undefined {
    if (entry.echo === "line") {
      const another = this.#isLog(line) || this.#isOwnPrompt(line);
      return another ? undefined : Math.max(0, line.indexOf(entry.bytes.slice(0, 8)));
    }
    const shown = line.trimEnd();
    return shown.endsWith(entry.bytes) ? shown.length - entry.bytes.length : undefined;
  }

  /** A command that was echoed twice (typed ahead, then again by the line editor): the echo behind the prompt counts. */
  #fullEcho(entry: Entry, until: number | undefined): number {
    const first = entry.line ?? 0;
    const later = this.#screen.lines.slice(first + 1, until).findIndex((line) => {
      const column = this.#echoColumn(entry, line);
      const prompt = column === undefined ? undefined : this.#read(line.slice(0, column));
      return prompt !== undefined && this.#same(prompt);
    });
    return later < 0 ? first : first + 1 + later;
  }

  /** Text on the line of an echo that stands before its prompt: the end of an output without a line break. */
  #beforePrompt(next: Entry): string {
    const before = next.before.trimEnd();
    const prompt = this.#read(before);
    return (prompt && this.#same(prompt)) || !this.#endsInPrompt(before) ? "" : before.slice(0, -(this.#learned?.text.length ?? 0));
  }

  #endsInPrompt(line: string): boolean {
    return this.#learned !== undefined && line.trimEnd().endsWith(this.#learned.text);
  }

  #read(line: string): Prompt | undefined {
    const groups = line.length > 200 ? undefined : this.#manners.prompt.exec(line)?.groups;
    if (!groups) return undefined;
    return { text: line.trimEnd(), name: groups["name"] ?? "", mode: groups["mode"] ?? "", end: groups["end"] ?? "" };
  }

  #promptOf(line: string, entry: Entry | undefined): Prompt | undefined {
    const prompt = this.#read(line);
    const known =
      this.#learned === undefined || entry?.rename === true || (prompt && (this.#same(prompt) || prompt.name === entry?.perhaps));
    return known ? prompt : undefined;
  }

  /** Long names are shortened in configuration mode. */
  #same(prompt: Prompt): boolean {
    const learned = this.#learned?.name ?? "";
    if (prompt.name === learned) return true;
    const [short, long] = prompt.name.length < learned.length ? [prompt.name, learned] : [learned, prompt.name];
    return short.length >= this.#manners.nameShown && long.startsWith(short);
  }

  /** The prompt was there, but something was printed over it since, or right before it without a line break. */
  #trampled(line: string, entry: Entry | undefined): boolean {
    if (this.#endsInPrompt(line)) return true;
    if (line.trim() !== "" && !this.#printedByItself(line)) return false;
    const lines = this.#screen.lines.slice((entry?.line ?? -1) + 1);
    return this.#withoutTail([...lines, line]).length <= lines.length;
  }

  #printedByItself(line: string): boolean {
    return this.#isLog(line) || this.#isTrampledPrompt(line);
  }

  /** The blank of a prompt may stand before it. */
  #isLog(line: string): boolean {
    return this.#manners.log.test(line.trimStart());
  }

  #isTrampledPrompt(line: string): boolean {
    const text = this.#learned?.text ?? "";
    return text !== "" && line.startsWith(text) && this.#isLog(line.slice(text.length));
  }

  /** Cuts off the end a prompt over which the device printed something by itself, with what it printed. */
  #withoutTail(lines: string[]): string[] {
    let cut = lines.length;
    let overwritten = false;
    for (let at = lines.length - 1; at >= 0; at--) {
      const line = lines[at] ?? "";
      const prompt = this.#promptEnding(lines, at);
      overwritten ||= prompt?.over === true || this.#printedByItself(line);
      if (prompt) {
        at = prompt.first;
        cut = overwritten ? at : cut;
      } else if (line.trim() !== "" && !this.#isLog(line)) break;
    }
    return lines.slice(0, cut);
  }
}

/** Where the echo stands is sure. One without a prompt before it will do when something was printed over the prompt; not for a nonce. */
function isPlaced({ line, full, nudge, command }: Entry): boolean {
  return full || (line !== undefined && (nudge === true || !isNonce(command)));
}
