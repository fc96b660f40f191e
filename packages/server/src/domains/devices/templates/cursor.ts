/** The parser's place in the tokens. */
import { TemplateFault, type Place } from "./fault.ts";
import type { Token } from "./lexer.ts";
import type { Statement } from "./nodes.ts";

/** How deep brackets and blocks may nest; keeps the parser off the end of the stack. */
const maxNesting = 100;

/** Parses one tag; the cursor is behind its name. */
export type TagParser = (cursor: Cursor, place: Place) => Statement;

export class Cursor {
  readonly #tokens: Token[];
  readonly tags: ReadonlyMap<string, TagParser>;
  #at = 0;
  #nesting = 0;

  constructor(tokens: Token[], tags: ReadonlyMap<string, TagParser>) {
    this.#tokens = tokens;
    this.tags = tags;
  }

  get token(): Token {
    return this.#peek(0);
  }

  get place(): Place {
    return this.token.place;
  }

  next(): Token {
    const { token } = this;
    if (token.type !== "end") this.#at++;
    return token;
  }

  #peek(ahead: number): Token {
    const token = this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)];
    if (!token) throw new TypeError("a template has at least its end");
    return token;
  }

  isOperator(sign: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.type === "operator" && token.value === sign;
  }

  isName(word: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.type === "name" && token.value === word;
  }

  /** Steps over an operator when it is next. */
  skipOperator(sign: string): boolean {
    const found = this.isOperator(sign);
    if (found) this.#at++;
    return found;
  }

  skipName(word: string): boolean {
    const found = this.isName(word);
    if (found) this.#at++;
    return found;
  }

  expectOperator(sign: string): Token {
    if (!this.isOperator(sign)) this.fail(`expected "${sign}", got ${this.describe()}`);
    return this.next();
  }

  expectName(word?: string): Token {
    if (this.token.type !== "name" || (word !== undefined && this.token.value !== word))
      this.fail(`expected ${word === undefined ? "a name" : `"${word}"`}, got ${this.describe()}`);
    return this.next();
  }

  expectEnd(type: "print end" | "tag end"): void {
    if (this.token.type !== type) this.fail(`expected "${type === "tag end" ? "%}" : "}}"}", got ${this.describe()}`);
    this.next();
  }

  /** Parses something nested, within bounds. */
  nested<T>(parse: () => T): T {
    if (++this.#nesting > maxNesting) this.fail(`nested deeper than ${String(maxNesting)} levels`);
    const result = parse();
    this.#nesting--;
    return result;
  }

  describe(): string {
    const { type, value } = this.token;
    if (type === "end") return "the end of the template";
    if (type === "print end") return '"}}"';
    if (type === "tag end") return '"%}"';
    if (type === "print begin") return '"{{"';
    if (type === "tag begin") return '"{%"';
    return type === "text" ? "text" : type === "string" ? "a string" : `"${value}"`;
  }

  fail(say: string, { mend = "", place = this.place }: { mend?: string; place?: Place } = {}): never {
    throw new TemplateFault(say, mend, place);
  }
}
