/**
 * What a terminal would show of a byte stream, as lines. Pure; the same for every way the stream is cut into chunks,
 * because it looks at one byte at a time. Text is kept as bytes (one character each, ISO 8859-1) until `decodeLine`.
 */

/** Bytes that are not plain text: C0 controls except the tab (which is kept as it is), and DEL. */
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000A-\u001F\u007F]/g;
const esc = "\u001B";

type Escape =
  | { kind: "none" }
  | { kind: "escape" }
  | { kind: "csi"; args: string }
  | { kind: "osc"; ending: boolean }
  | { kind: "charset" };

export class Screen {
  /** Finished lines, oldest first. */
  readonly lines: string[] = [];
  #line = "";
  #column = 0;
  #escape: Escape = { kind: "none" };
  /** Set after a pager was answered: the cursor moves and blanks that wipe it away are not text. */
  #wiping: { begun: boolean; returned: boolean } | undefined;

  /** The unfinished last line. */
  get line(): string {
    return this.#wiping ? "" : this.#line;
  }

  /** The pager on the last line was answered: what wipes it from the screen is not output. */
  wipe(): void {
    this.#wiping = { begun: false, returned: false };
  }

  write(bytes: string): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#escape.kind !== "none") {
        this.#escaped(bytes.charAt(at++));
        continue;
      }
      control.lastIndex = at;
      const next = control.exec(bytes)?.index ?? bytes.length;
      if (next > at) this.#text(bytes.slice(at, next));
      if (next < bytes.length) this.#control(bytes.charAt(next));
      at = next + 1;
    }
  }

  #text(text: string): void {
    if (this.#wiping) {
      const { begun, returned } = this.#wiping;
      this.#wiping.begun = begun || returned;
      // The pager may have been answered before the last of it was here.
      const { length } = (this.#wiping.begun ? /^ */ : /^[-> )]*/).exec(text)?.[0] ?? "";
      this.#column += length;
      if (length === text.length) return;
      this.#endWiping();
      return this.#text(text.slice(length));
    }
    const { length } = this.#line;
    if (this.#column === length) this.#line += text;
    else if (this.#column > length) this.#line = this.#line.padEnd(this.#column) + text;
    else this.#line = this.#line.slice(0, this.#column) + text + this.#line.slice(this.#column + text.length);
    this.#column += text.length;
  }

  /** The pager is gone: what is left of the line are the blanks before the cursor, which are output. */
  #endWiping(): void {
    if (this.#wiping?.begun !== true) this.#column = 0;
    this.#wiping = undefined;
    this.#line = " ".repeat(this.#column);
  }

  #control(char: string): void {
    switch (char) {
      case "\n":
        return this.#newline();
      case "\r":
        if (this.#wiping) this.#wiping.returned = true;
        this.#column = 0;
        return;
      case "\b":
        return this.#back(1);
      case esc:
        this.#escape = { kind: "escape" };
        return;
      default: // NUL, bell and the like print nothing
    }
  }

  #back(count: number): void {
    if (this.#wiping) this.#wiping.begun = true;
    this.#column = Math.max(0, this.#column - count);
  }

  #newline(): void {
    // A pager that was not wiped but left: its own line is not output.
    const left = this.#wiping?.begun === false;
    if (this.#wiping) this.#endWiping();
    if (!left) this.lines.push(this.#line);
    this.#line = "";
    this.#column = 0;
  }

  #escaped(char: string): void {
    const { kind } = this.#escape;
    if (kind === "escape") this.#escape = this.#introduced(char);
    else if (kind === "csi") this.#csi(this.#escape.args, char);
    else if (kind === "osc") this.#osc(this.#escape.ending, char);
    else this.#escape = { kind: "none" };
  }

  #introduced(char: string): Escape {
    if (char === "[") return { kind: "csi", args: "" };
    if (char === "]") return { kind: "osc", ending: false };
    if (char === "(" || char === ")") return { kind: "charset" };
    if (char === "E") this.#newline();
    return char === esc ? { kind: "escape" } : { kind: "none" };
  }

  /** An operating-system command ends with BEL or ESC \. */
  #osc(ending: boolean, char: string): void {
    const done = char === "\u0007" || (ending && char === "\\");
    this.#escape = done ? { kind: "none" } : { kind: "osc", ending: char === esc };
  }

  #csi(args: string, char: string): void {
    // Parameters and intermediates are 0x20–0x3F; the byte after them ends the sequence (ECMA-48 §5.4).
    if (char >= " " && char <= "?" && args.length < 32) {
      this.#escape = { kind: "csi", args: args + char };
      return;
    }
    this.#escape = { kind: "none" };
    if (/^\d*$/.test(args)) this.#act(char, args === "" ? undefined : Number(args));
  }

  #act(char: string, argument: number | undefined): void {
    const count = argument ?? 1;
    if (char === "C") this.#column += Math.min(count, 1000);
    else if (char === "D") this.#back(count);
    else if (char === "G") this.#back(this.#column - count + 1);
    else if (char === "K" || char === "J") this.#erase(argument ?? 0);
    else if (char === "P") this.#line = this.#line.slice(0, this.#column) + this.#line.slice(this.#column + count);
    else if (char === "@")
      this.#line = this.#line.slice(0, this.#column) + " ".repeat(Math.min(count, 1000)) + this.#line.slice(this.#column);
  }

  #erase(which: number): void {
    if (this.#wiping) {
      this.#wiping.begun = true;
      if (which === 2) this.#column = 0;
      return;
    }
    const before = which === 0 ? this.#line.slice(0, this.#column) : "";
    const after = which === 1 ? this.#line.slice(this.#column) : "";
    this.#line = after === "" ? before : before + " ".repeat(this.#column - before.length) + after;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A line of bytes as text: UTF-8 where it is valid UTF-8, else ISO 8859-1, so that nothing is lost. */
export function decodeLine(bytes: string): string {
  // oxlint-disable-next-line no-control-regex
  if (!/[^\u0000-\u007F]/.test(bytes)) return bytes;
  try {
    return utf8.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return bytes;
  }
}

/** Text as the bytes that a screen keeps. */
export function encodeLine(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
