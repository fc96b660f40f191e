/**
 * The line on which something was typed, put together again where the device printed lines by itself in between. A router prints a
 * log line wherever the cursor is: behind the prompt, in the middle of what is typed, even within the prompt. Then it either goes on
 * where it was (`r1#sho`, log line, `w version`) or shows prompt and typing again (`r1#sho`, log line, `r1#show version`). Pure.
 */

export interface Typing {
  /** Finished lines of the screen. */
  lines: readonly string[];
  /** First line that may belong to it. */
  floor: number;
  command: string;
  /** Prompts as last seen, without trailing blanks. */
  prompts: readonly string[];
  /** Whether this is a whole prompt, and the one that we know if we know one. */
  isPrompt(text: string): boolean;
  /** Whether it is that, or ends in it: an output without a line break at its end stands before. Only for what nobody else would type. */
  endsInPrompt(text: string): boolean;
  /** Whether a line, or what is left of it, was printed by the device by itself. */
  isLog(line: string): boolean;
}

export interface TypedLine {
  /** Prompt and command, as if nothing had come between. */
  text: string;
  /** Line of the screen on which it begins. */
  first: number;
  /** A log line was printed right behind it, before its line break. */
  over: boolean;
}

/** A prompt or a command is not interrupted more often, and nothing longer lies between two pieces. */
const farthest = 200;

/** The typed line that ends on line `at` of the screen, when it is one that was interrupted. */
export function interrupted(typing: Typing, at: number): TypedLine | undefined {
  const last = typing.lines[at] ?? "";
  let text = belongs(typing, last) ? last : headOf(typing, last, "");
  if (text === undefined) return undefined;
  const over = text !== last;
  if (isWhole(typing, text)) return { text, first: at, over };
  let logs = 0;
  for (let first = at - 1; first >= Math.max(typing.floor, at - farthest); first--) {
    const line = typing.lines[first] ?? "";
    const head = headOf(typing, line, text);
    if (head !== undefined) {
      text = head + text;
      logs = 1;
    } else if (typing.isLog(line)) logs++;
    else if (logs > 0 && line !== "" && (isWhole(typing, line + text) || belongs(typing, line + text))) {
      text = line + text;
      logs = 0;
    } else if (line.trim() !== "") return undefined;
    if (isWhole(typing, text)) return { text, first, over };
  }
  return undefined;
}

/** The first line of a typed line that begins on `first`, those included that were given up when the device showed it again. */
export function begun(typing: Typing, first: number): number {
  let begin = first;
  let logs = 0;
  for (let at = first - 1; at >= Math.max(typing.floor, first - farthest); at--) {
    const line = typing.lines[at] ?? "";
    const given = isBegin(typing, line) ? logs > 0 : headOf(typing, line, "", isBegin) !== undefined;
    if (given) {
      begin = at;
      logs = 1;
    } else if (typing.isLog(line)) logs++;
    else if (line.trim() !== "") break;
  }
  return begin;
}

/** The line on which the device showed the whole typed line of line `at` again, below lines it printed by itself; else `at`. */
export function shownAgain(typing: Typing, at: number): number {
  let logs = 0;
  for (let next = at + 1; next < Math.min(typing.lines.length, at + farthest); next++) {
    const line = typing.lines[next] ?? "";
    if (logs > 0 && isWhole(typing, line.trimEnd())) return shownAgain(typing, next);
    if (typing.isLog(line)) logs++;
    else if (line.trim() !== "") return at;
  }
  return at;
}

/** Whether nothing came from line `from` on but lines printed by the device by itself, at least one, and pieces of prompt and command. */
export function onlyInterrupted(typing: Typing, from: number): boolean {
  let logs = 0;
  for (const line of typing.lines.slice(from, from + farthest)) {
    if (typing.isLog(line) || headOf(typing, line, "", isPiece) !== undefined) logs++;
    else if (!isPiece(typing, line)) return false;
  }
  return logs > 0;
}

function isWhole({ command, endsInPrompt }: Typing, text: string): boolean {
  return text.endsWith(command) && endsInPrompt(text.slice(0, text.length - command.length));
}

/** Whether a piece can be the end of prompt and command. */
function belongs({ command, prompts, isPrompt }: Typing, text: string): boolean {
  if (text.trim() === "") return false;
  if (command.endsWith(text)) return true;
  if (!text.endsWith(command)) return false;
  const before = text.slice(0, text.length - command.length);
  return before.trim() === "" || prompts.some((prompt) => prompt.endsWith(before.trimEnd())) || isPrompt(before);
}

/** Whether a line is the prompt with nothing or the beginning of the command behind it. */
function isBegin({ command, prompts }: Typing, line: string): boolean {
  return prompts.some((prompt) => {
    const typed = line.startsWith(prompt) ? line.slice(prompt.length) : undefined;
    return typed !== undefined && (command.startsWith(typed) || command.startsWith(typed.replace(/^ /, "")));
  });
}

function isPiece({ command, prompts }: Typing, line: string): boolean {
  return prompts.some((prompt) => `${prompt}${command}`.includes(line.trim()) || `${prompt} ${command}`.includes(line.trim()));
}

/** The piece before a log line that was printed right behind it, without a line break; the longest that fits. */
function headOf(typing: Typing, line: string, rest: string, fits = belongs): string | undefined {
  const longest = Math.min(line.length - 1, Math.max(...typing.prompts.map(({ length }) => length), 0) + typing.command.length + 2, 600);
  for (let length = longest; length > 0; length--) {
    const head = line.slice(0, length);
    if (fits(typing, head + rest) && typing.isLog(line.slice(length))) return head;
  }
  return undefined;
}
