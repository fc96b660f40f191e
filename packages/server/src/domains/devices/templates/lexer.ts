/** Cuts a template into tokens, with `trim_blocks`, `lstrip_blocks` and `keep_trailing_newline` as network templates use them. */
import { TemplateFault, type Place } from "./fault.ts";
import { isBlank, spaces, stripEnd } from "./text.ts";
import { unescapeString } from "./escapes.ts";

export type TokenType =
  | "text"
  | "print begin"
  | "print end"
  | "tag begin"
  | "tag end"
  | "name"
  | "string"
  | "integer"
  | "float"
  | "operator"
  | "end";

export interface Token {
  type: TokenType;
  /** Of a string: its value. Of a number: its digits without underscores. */
  value: string;
  place: Place;
}

const space = new RegExp(`[${spaces}]+`, "uy");
const float = /(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const integer = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const name = /[\p{L}\p{N}\p{M}\p{Pc}·]+/uy;
const quoted = /'[^'\\]*(?:\\[^][^'\\]*)*'|"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const operator = /\/\/|\*\*|==|!=|>=|<=|[-+*/%~[\](){}><=.:|,;]/y;
const opening = /\{\{|\{%|\{#/g;
const spaceClass = `[${spaces}]`;
const rawBegin = new RegExp(`\\{%[-+]?${spaceClass}*raw${spaceClass}*(?:-%\\}${spaceClass}*|%\\})`, "uy");
const rawEnd = new RegExp(`\\{%([-+]?)${spaceClass}*endraw${spaceClass}*(?:\\+%\\}|-%\\}${spaceClass}*|%\\}\\n?)`, "ug");
const commentEnd = new RegExp(`\\+#\\}|-#\\}${spaceClass}*|#\\}\\n?`, "ug");
const tagEnd = new RegExp(`\\+%\\}|-%\\}${spaceClass}*|%\\}\\n?`, "uy");
const printEnd = new RegExp(`-\\}\\}${spaceClass}*|\\}\\}`, "uy");
const closers: Record<string, string> = { "(": ")", "[": "]", "{": "}" };

export function tokenize(template: string, source: string): Token[] {
  return new Lexer(template, source.replaceAll(/\r\n|\r/g, "\n")).run();
}

class Lexer {
  readonly #template: string;
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  /** Whether what was last cut off ended a line. */
  #lineStarts = true;
  /** For places: the line that `#lineFrom` begins. */
  #line = 1;
  #lineFrom = 0;

  constructor(template: string, source: string) {
    this.#template = template;
    this.#source = source;
  }

  run(): Token[] {
    while (this.#at < this.#source.length) this.#nextPart();
    this.#push("end", "", this.#source.length);
    return this.#tokens;
  }

  /** Text up to the next `{{`, `{%` or `{#`, and what that opens. */
  #nextPart(): void {
    opening.lastIndex = this.#at;
    const found = opening.exec(this.#source);
    const from = this.#at;
    if (!found) {
      this.#push("text", this.#source.slice(from), from);
      this.#moveTo(this.#source.length);
      return;
    }
    rawBegin.lastIndex = found.index;
    const isRaw = rawBegin.test(this.#source);
    const sign = this.#source.charAt(found.index + 2);
    this.#pushText(from, found.index, { sign, print: found[0] === "{{" });
    if (isRaw) {
      this.#moveTo(rawBegin.lastIndex);
      this.#raw(found.index);
      return;
    }
    this.#moveTo(found.index + (sign === "-" || sign === "+" ? 3 : 2));
    if (found[0] === "{#") this.#comment(found.index);
    else this.#code(found.index, found[0] === "{{");
  }

  #pushText(from: number, to: number, before: { sign: string; print: boolean }): void {
    let text = this.#source.slice(from, to);
    if (before.sign === "-") text = stripEnd(text);
    else if (before.sign !== "+" && !before.print) text = this.#withoutIndent(text);
    if (text !== "") this.#push("text", text, from);
  }

  /** `lstrip_blocks`: nothing but spaces between the start of the line and the tag. */
  #withoutIndent(text: string): string {
    const lineFrom = text.lastIndexOf("\n") + 1;
    return (lineFrom > 0 || this.#lineStarts) && isBlank(text.slice(lineFrom)) ? text.slice(0, lineFrom) : text;
  }

  #raw(begin: number): void {
    rawEnd.lastIndex = this.#at;
    const end = rawEnd.exec(this.#source);
    if (!end) return this.#fail("a raw tag is not closed by endraw", begin);
    this.#pushText(this.#at, end.index, { sign: end[1] ?? "", print: false });
    this.#moveTo(rawEnd.lastIndex);
  }

  #comment(begin: number): void {
    commentEnd.lastIndex = this.#at;
    if (!commentEnd.exec(this.#source)) this.#fail("a comment is not closed by #}", begin);
    this.#moveTo(commentEnd.lastIndex);
  }

  /** Tokens of one `{{ }}` or `{% %}`. An end inside brackets is none. */
  #code(begin: number, print: boolean): void {
    this.#push(print ? "print begin" : "tag begin", "", begin);
    const end = print ? printEnd : tagEnd;
    const open: string[] = [];
    for (;;) {
      if (this.#at >= this.#source.length) this.#fail(print ? "{{ is not closed by }}" : "{% is not closed by %}", begin);
      end.lastIndex = this.#at;
      if (open.length === 0 && end.test(this.#source)) {
        this.#push(print ? "print end" : "tag end", "", this.#at);
        return this.#moveTo(end.lastIndex);
      }
      if (this.#take(space) === undefined) this.#codeToken(open);
    }
  }

  #codeToken(open: string[]): void {
    const from = this.#at;
    const number = this.#source.charAt(from - 1) === "." ? undefined : this.#take(float);
    if (number !== undefined) return this.#push("float", number.replaceAll("_", ""), from);
    const whole = this.#take(integer);
    if (whole !== undefined) return this.#push("integer", whole.replaceAll("_", ""), from);
    const word = this.#take(name);
    if (word !== undefined) return this.#pushName(word, from);
    const text = this.#take(quoted);
    if (text !== undefined) return this.#push("string", this.#unescape(text.slice(1, -1), from), from);
    const sign = this.#take(operator);
    if (sign === undefined) {
      const char = String.fromCodePoint(this.#source.codePointAt(from) ?? 0);
      this.#fail(char === '"' || char === "'" ? "a string is not closed" : `unexpected character ${JSON.stringify(char)}`, from);
    }
    this.#balance(sign, open, from);
    this.#push("operator", sign, from);
  }

  #pushName(word: string, from: number): void {
    if (!/^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(word)) this.#fail(`"${word}" is not a name`, from);
    this.#push("name", word, from);
  }

  #unescape(text: string, from: number): string {
    const result = unescapeString(text);
    return "say" in result ? this.#fail(result.say, from) : result.text;
  }

  #balance(sign: string, open: string[], from: number): void {
    const closer = closers[sign];
    if (closer !== undefined) open.push(closer);
    else if (sign === ")" || sign === "]" || sign === "}") {
      const expected = open.pop();
      if (expected !== sign) this.#fail(`unexpected "${sign}"${expected === undefined ? "" : `, expected "${expected}"`}`, from);
    }
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (!match) return undefined;
    this.#moveTo(pattern.lastIndex);
    return match[0];
  }

  #moveTo(at: number): void {
    this.#lineStarts = this.#source.charAt(at - 1) === "\n";
    this.#at = at;
  }

  #push(type: TokenType, value: string, from: number): void {
    this.#tokens.push({ type, value, place: this.#place(from) });
  }

  /** Offsets are asked for in rising order, but for the openings in messages. */
  #place(offset: number): Place {
    if (offset < this.#lineFrom) {
      this.#line = 1;
      this.#lineFrom = 0;
    }
    for (let next = this.#source.indexOf("\n", this.#lineFrom); next >= 0 && next < offset; next = this.#source.indexOf("\n", next + 1)) {
      this.#line++;
      this.#lineFrom = next + 1;
    }
    return { template: this.#template, line: this.#line, column: offset - this.#lineFrom + 1 };
  }

  #fail(say: string, offset: number): never {
    throw new TemplateFault(say, "", this.#place(offset));
  }
}
