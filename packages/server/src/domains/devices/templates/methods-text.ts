/** Methods of strings. */
import { braceFormat } from "./brace-format.ts";
import { fail } from "./fault.ts";
import { iterate } from "./iterate.ts";
import { joined } from "./show.ts";
import type { Method, MethodTable } from "./method-types.ts";
import { countArgument, flagArgument, textArgument, type Given } from "./signature.ts";
import * as text from "./text.ts";
import { List, Tuple, type Value } from "./values.ts";
import type { Work } from "./work.ts";

type TextMethod = Method<string>;

export const textMethods: MethodTable<string> = {
  upper: plain((self) => self.toUpperCase()),
  lower: plain((self) => self.toLowerCase()),
  capitalize: plain(text.capitalize),
  title: plain(text.titleRuns),
  swapcase: plain((self) =>
    text
      .codePoints(self)
      .map((one) => (one === one.toUpperCase() ? one.toLowerCase() : one.toUpperCase()))
      .join(""),
  ),
  strip: stripper(text.strip),
  lstrip: stripper(text.stripStart),
  rstrip: stripper(text.stripEnd),
  split: splitter(text.splitText),
  rsplit: splitter(text.splitTextFromEnd),
  splitlines: { signature: "keepends?", apply: splitLines },
  partition: { signature: "sep", apply: (self, given) => partition(self, separatorOf(given), false) },
  rpartition: { signature: "sep", apply: (self, given) => partition(self, separatorOf(given), true) },
  startswith: { signature: "prefix", apply: (self, [prefix]) => anyOf(prefix, (one) => self.startsWith(one)) },
  endswith: { signature: "suffix", apply: (self, [suffix]) => anyOf(suffix, (one) => self.endsWith(one)) },
  removeprefix: { signature: "prefix", apply: (self, [prefix]) => cutOff(self, textArgument(prefix, "the prefix"), true) },
  removesuffix: { signature: "suffix", apply: (self, [suffix]) => cutOff(self, textArgument(suffix, "the suffix"), false) },
  replace: { signature: "old new count?", apply: replace },
  find: { signature: "sub start? end?", apply: (self, given) => find(self, given, "first") },
  rfind: { signature: "sub start? end?", apply: (self, given) => find(self, given, "last") },
  index: { signature: "sub start? end?", apply: (self, given) => found(find(self, given, "first")) },
  rindex: { signature: "sub start? end?", apply: (self, given) => found(find(self, given, "last")) },
  count: { signature: "sub", apply: (self, [sub]) => text.countText(self, textArgument(sub, "what is counted")) },
  join: { signature: "iterable", apply: (self, [items], work) => join(self, items ?? null, work) },
  format: { applyOpen: braceFormat },
  zfill: { signature: "width", apply: zeroFill },
  ljust: padder("left"),
  rjust: padder("right"),
  center: padder("center"),
  isdigit: plain((self) => /^\p{Nd}+$/u.test(self)),
  isdecimal: plain((self) => /^\p{Nd}+$/u.test(self)),
  isnumeric: plain((self) => /^\p{N}+$/u.test(self)),
  isalpha: plain((self) => /^\p{L}+$/u.test(self)),
  isalnum: plain((self) => /^[\p{L}\p{N}]+$/u.test(self)),
  isascii: plain((self) => !/[^\0-\x7f]/.test(self)),
  isspace: plain((self) => text.isBlank(self)),
  isupper: plain((self) => text.isUpper(self)),
  islower: plain((self) => text.isLower(self)),
  istitle: plain((self) => /\p{L}/u.test(self) && text.titleRuns(self) === self),
  isprintable: plain((self) => !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(self)),
};

function plain(apply: (self: string) => Value): TextMethod {
  return {
    signature: "",
    apply: (self, _, work) => {
      work.text(self.length);
      return apply(self);
    },
  };
}

function stripper(strip: (self: string, characters?: string) => string): TextMethod {
  return {
    signature: "chars?",
    apply: (self, [chars]) => (chars === undefined || chars === null ? strip(self) : strip(self, textArgument(chars, "the characters"))),
  };
}

function splitter(split: (self: string, separator: string | undefined, most: number) => string[]): TextMethod {
  return {
    signature: "sep? maxsplit?",
    apply: (self, [sep, most], work) => {
      const separator = sep === undefined || sep === null ? undefined : separatorOf([sep]);
      const parts = split(self, separator, countArgument(most, "maxsplit", -1));
      work.list(parts.length);
      return new List(parts);
    },
  };
}

function separatorOf([sep]: Given): string {
  const separator = textArgument(sep, "the separator");
  return separator === "" ? fail("the separator must not be empty") : separator;
}

function splitLines(self: string, [keepEnds]: Given, work: Work): Value {
  if (!flagArgument(keepEnds, work)) return new List(text.splitLines(self));
  return new List(text.splitLinesKeeping(self));
}

function partition(self: string, separator: string, fromEnd: boolean): Value {
  const at = fromEnd ? self.lastIndexOf(separator) : self.indexOf(separator);
  if (at < 0) return new Tuple(fromEnd ? ["", "", self] : [self, "", ""]);
  return new Tuple([self.slice(0, at), separator, self.slice(at + separator.length)]);
}

function anyOf(value: Value | undefined, test: (one: string) => boolean): boolean {
  if (value instanceof Tuple) return value.items.some((one) => test(textArgument(one, "each of several")));
  return test(textArgument(value, "what is looked for"));
}

function cutOff(self: string, part: string, atStart: boolean): string {
  if (part === "") return self;
  if (atStart) return self.startsWith(part) ? self.slice(part.length) : self;
  return self.endsWith(part) ? self.slice(0, -part.length) : self;
}

function replace(self: string, [old, fresh, count]: Given, work: Work): Value {
  const pair = [textArgument(old, "what is replaced"), textArgument(fresh, "the replacement")] as const;
  const most = countArgument(count, "the count", -1);
  const times = text.countText(self, pair[0]);
  work.text(self.length + (most < 0 ? times : Math.min(most, times)) * pair[1].length);
  return text.replaceText(self, pair, most);
}

/** Position in code points, or −1. */
function find(self: string, [sub, start, end]: Given, which: "first" | "last"): number {
  const part = textArgument(sub, "what is looked for");
  const points = text.codePoints(self);
  const from = bound(start, points.length, 0);
  const to = bound(end, points.length, points.length);
  if (from > to) return -1;
  const range = points.slice(from, to).join("");
  const at = which === "first" ? range.indexOf(part) : range.lastIndexOf(part);
  return at < 0 ? -1 : from + text.textLength(range.slice(0, at));
}

function bound(value: Value | undefined, length: number, fallback: number): number {
  if (value === undefined || value === null) return fallback;
  const index = countArgument(value, "the position", fallback);
  return index < 0 ? Math.max(0, index + length) : index > length && fallback === length ? length : index;
}

function found(at: number): number {
  return at < 0 ? fail("the part is not in the string") : at;
}

function join(self: string, items: Value, work: Work): string {
  const parts: string[] = [];
  for (const item of iterate(items, work)) parts.push(typeof item === "string" ? item : textArgument(item, "each item to join"));
  return joined(parts, self, work);
}

function zeroFill(self: string, [width]: Given, work: Work): string {
  const count = countArgument(width, "the width", 0);
  work.text(Math.max(0, count));
  const sign = /^[+-]/.test(self) ? self.charAt(0) : "";
  return sign + text.pad(self.slice(sign.length), count - sign.length, "right", "0");
}

function padder(side: "left" | "right" | "center"): TextMethod {
  return {
    signature: "width fillchar?",
    apply: (self, [width, fill], work) => {
      const count = countArgument(width, "the width", 0);
      const character = textArgument(fill, "the fill character", " ");
      if (text.textLength(character) !== 1) fail("the fill character must be one character");
      work.text(Math.max(0, count));
      return text.pad(self, count, side, character);
    },
  };
}
