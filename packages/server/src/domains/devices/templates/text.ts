/** Texts as Python sees them: counted in code points, with Python's idea of spaces and lines. */

/** Python's `str.isspace` for one character, as the inside of a character class. */
export const spaces = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const leading = new RegExp(`^[${spaces}]+`, "u");
const onlySpaces = new RegExp(`^[${spaces}]+$`, "u");
const word = new RegExp(`[^${spaces}]+`, "gu");
const surrogate = /[\ud800-\udfff]/;
const lineEnds = "\\n-\\r\\x1c-\\x1e\\x85\\u2028\\u2029";
const lineEnd = new RegExp(`\\r\\n|[${lineEnds}]`, "u");
const lineWithEnd = new RegExp(`[^${lineEnds}]*(?:\\r\\n|[${lineEnds}])|[^${lineEnds}]+`, "gu");

export function isBlank(text: string): boolean {
  return onlySpaces.test(text);
}

export function codePoints(text: string): string[] {
  return surrogate.test(text) ? Array.from(text) : text.split("");
}

/** Length in code points. */
export function textLength(text: string): number {
  return surrogate.test(text) ? Array.from(text).length : text.length;
}

export function stripStart(text: string, characters?: string): string {
  if (characters === undefined) return text.replace(leading, "");
  const set = new Set(codePoints(characters));
  const points = codePoints(text);
  let from = 0;
  while (from < points.length && set.has(points[from] ?? "")) from++;
  return points.slice(from).join("");
}

export function stripEnd(text: string, characters?: string): string {
  if (characters === undefined) return stripSpacesEnd(text);
  const set = new Set(codePoints(characters));
  const points = codePoints(text);
  let to = points.length;
  while (to > 0 && set.has(points[to - 1] ?? "")) to--;
  return points.slice(0, to).join("");
}

/** From the end, so that a long run of spaces in the middle costs nothing. */
function stripSpacesEnd(text: string): string {
  let to = text.length;
  while (to > 0 && onlySpaces.test(text.charAt(to - 1))) to--;
  return text.slice(0, to);
}

export function strip(text: string, characters?: string): string {
  return stripEnd(stripStart(text, characters), characters);
}

/** Python's `str.splitlines()`: no empty line after the last line end. */
export function splitLines(text: string): string[] {
  const lines = text.split(lineEnd);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Python's `str.splitlines(True)`. */
export function splitLinesKeeping(text: string): string[] {
  return text.match(lineWithEnd) ?? [];
}

/** Python's `str.split(separator, most)`; without a separator at runs of spaces. `most` < 0 is no limit. */
export function splitText(text: string, separator: string | undefined, most: number): string[] {
  if (separator === undefined) return splitAtSpaces(text, most);
  const parts = text.split(separator);
  if (most < 0 || parts.length <= most + 1) return parts;
  return [...parts.slice(0, most), parts.slice(most).join(separator)];
}

/** The rest after the last cut keeps the spaces at its end. */
function splitAtSpaces(text: string, most: number): string[] {
  const words = [...text.matchAll(word)];
  const rest = most < 0 ? undefined : words[most];
  if (!rest) return words.map(([one]) => one);
  return [...words.slice(0, most).map(([one]) => one), text.slice(rest.index)];
}

/** Python's `str.rsplit`. */
export function splitTextFromEnd(text: string, separator: string | undefined, most: number): string[] {
  if (most < 0) return splitText(text, separator, most);
  if (separator === undefined) return splitAtSpacesFromEnd(text, most);
  const parts = text.split(separator);
  const cut = Math.max(0, parts.length - most);
  return cut <= 1 ? parts : [parts.slice(0, cut).join(separator), ...parts.slice(cut)];
}

/** The rest before the first cut keeps the spaces at its start. */
function splitAtSpacesFromEnd(text: string, most: number): string[] {
  const words = [...text.matchAll(word)];
  const rest = words[words.length - most - 1];
  if (!rest) return words.map(([one]) => one);
  return [text.slice(0, rest.index + rest[0].length), ...words.slice(words.length - most).map(([one]) => one)];
}

/** Occurrences that do not overlap; between every character for an empty `part`. */
export function countText(text: string, part: string): number {
  if (part === "") return textLength(text) + 1;
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++;
  return count;
}

/** Python's `str.replace`; `most` < 0 replaces all. */
export function replaceText(text: string, [old, fresh]: readonly [string, string], most: number): string {
  if (most < 0)
    return old === ""
      ? fresh +
          codePoints(text)
            .map((one) => one + fresh)
            .join("")
      : text.replaceAll(old, () => fresh);
  if (old === "") {
    const points = codePoints(text);
    return points.map((one, i) => (i < most ? fresh + one : one)).join("") + (points.length < most ? fresh : "");
  }
  const parts = text.split(old);
  const head = parts.slice(0, most + 1).join(fresh);
  return parts.length > most + 1 ? [head, ...parts.slice(most + 1)].join(old) : head;
}

/** First letter upper, the rest lower. */
export function capitalize(text: string): string {
  const [first = "", ...rest] = codePoints(text);
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/** Each run of letters with its first one upper: Python's method `str.title`. */
export function titleRuns(text: string): string {
  return text.replaceAll(/\p{L}+/gu, capitalize);
}

/** Jinja's filter `title`: words begin after spaces, hyphens and opening brackets. */
export function titleWords(text: string): string {
  return text
    .split(/([-\s({[<]+)/u)
    .map((word) => capitalize(word))
    .join("");
}

/** `width` counts code points; the odd space goes where Python puts it. */
export function pad(text: string, width: number, side: "left" | "right" | "center", fill = " "): string {
  const room = width - textLength(text);
  if (room <= 0) return text;
  if (side === "left") return text + fill.repeat(room);
  if (side === "right") return fill.repeat(room) + text;
  const before = Math.floor(room / 2) + (room & width & 1);
  return fill.repeat(before) + text + fill.repeat(room - before);
}

/** Python's `repr` of a string. */
export function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let result = "";
  for (const one of text) result += quoteOne(one, mark);
  return mark + result + mark;
}

const named: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };

function quoteOne(one: string, mark: string): string {
  if (one === mark) return `\\${one}`;
  const known = named[one];
  if (known !== undefined) return known;
  if (one === " " || !/[\p{C}\p{Z}]/u.test(one)) return one;
  const code = one.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x1_0000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/** Compares by code point, as Python does; UTF-16 order differs beyond the basic plane. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  if (!surrogate.test(a) && !surrogate.test(b)) return a < b ? -1 : 1;
  const left = codePoints(a);
  const right = codePoints(b);
  const at = left.findIndex((one, i) => one !== right[i]);
  if (at < 0) return -1;
  return (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}

/** Python's `str.isupper`: has letters with case, all of them upper. */
export function isUpper(text: string): boolean {
  return text !== text.toLowerCase() && text === text.toUpperCase();
}

export function isLower(text: string): boolean {
  return text !== text.toUpperCase() && text === text.toLowerCase();
}
