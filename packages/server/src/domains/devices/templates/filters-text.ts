/** Filters over text. */
import { fail } from "./fault.ts";
import { lengthOf } from "./iterate.ts";
import { percentFormat } from "./percent-format.ts";
import { show } from "./show.ts";
import { countArgument, flagArgument, textArgument, type FilterTable } from "./signature.ts";
import {
  capitalize,
  codePoints,
  countText,
  pad,
  replaceText,
  splitLines,
  splitTextFromEnd,
  strip,
  textLength,
  titleWords,
} from "./text.ts";
import { toJson } from "./to-json.ts";
import { Dict, Tuple, Undefined, type Value } from "./values.ts";
import type { Work } from "./work.ts";

export const textFilters: FilterTable = {
  upper: { signature: "", apply: (input, _, { work }) => shown(input, work).toUpperCase() },
  lower: { signature: "", apply: (input, _, { work }) => shown(input, work).toLowerCase() },
  capitalize: { signature: "", apply: (input, _, { work }) => capitalize(shown(input, work)) },
  title: { signature: "", apply: (input, _, { work }) => titleWords(shown(input, work)) },
  string: { signature: "", apply: (input, _, { work }) => shown(input, work) },
  trim: {
    signature: "chars?",
    apply: (input, [chars], { work }) =>
      strip(shown(input, work), chars === undefined || chars === null ? undefined : textArgument(chars, "chars")),
  },
  replace: {
    signature: "old new count?",
    apply: (input, [old, fresh, count], { work }) => replace(input, [old ?? null, fresh ?? null, count ?? null], work),
  },
  center: {
    signature: "width?",
    apply: (input, [width], { work }) => padded(shown(input, work), countArgument(width, "the width", 80), work),
  },
  indent: {
    signature: "width? first? blank?",
    apply: (input, [width, first, blank], { work }) =>
      indent(textArgument(input, "what is indented"), indention(width, work), {
        first: flagArgument(first, work),
        blank: flagArgument(blank, work),
        work,
      }),
  },
  truncate: {
    signature: "length? killwords? end? leeway?",
    apply: (input, [length, killwords, end, leeway], { work }) =>
      truncate(input, {
        length: countArgument(length, "the length", 255),
        killwords: flagArgument(killwords, work),
        end: textArgument(end, "the end", "..."),
        leeway: leeway === null ? 5 : countArgument(leeway, "the leeway", 5),
      }),
  },
  wordcount: { signature: "", apply: (input, _, { work }) => shown(input, work).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0 },
  format: { applyOpen: (input, args, { work }) => formatFilter(input, args, work) },
  tojson: {
    signature: "indent?",
    apply: (input, [indent], { work }) =>
      toJson(input, indent === undefined || indent === null ? undefined : countArgument(indent, "the indent", 0), work),
  },
};

function shown(input: Value, work: Work): string {
  const text = show(input, work);
  work.text(text.length);
  return text;
}

function padded(text: string, width: number, work: Work): string {
  work.text(Math.max(0, width));
  return pad(text, width, "center");
}

function replace(input: Value, [oldValue, freshValue, countValue]: readonly [Value, Value, Value], work: Work): string {
  const text = shown(input, work);
  const old = show(oldValue, work);
  const fresh = show(freshValue, work);
  const count = countValue === null ? -1 : countArgument(countValue, "the count", -1);
  const times = countText(text, old);
  work.text(text.length + (count < 0 ? times : Math.min(times, count)) * fresh.length);
  return replaceText(text, [old, fresh], count);
}

function indention(width: Value | undefined, work: Work): string {
  if (typeof width === "string") return width;
  const spaces = countArgument(width, "the width", 4);
  work.text(Math.max(0, spaces));
  return " ".repeat(Math.max(0, spaces));
}

/** Empty lines stay empty unless `blank`; the first line stays as it is unless `first`. */
function indent(text: string, space: string, { first, blank, work }: { first: boolean; blank: boolean; work: Work }): string {
  const lines = splitLines(`${text}\n`);
  work.text(text.length + lines.length * (space.length + 1));
  const result = lines.map((line, i) => (i > 0 && (blank || line !== "") ? space + line : line)).join("\n");
  return first ? space + result : result;
}

/** What is short enough stays as it is, a list too; only texts are cut. */
function truncate(
  input: Value,
  { length, killwords, end, leeway }: { length: number; killwords: boolean; end: string; leeway: number },
): Value {
  const room = length - textLength(end);
  if (room < 0) fail(`the length ${String(length)} has no room for the end`);
  if (leeway < 0) fail("the leeway must not be below 0");
  if ((lengthOf(input) ?? Infinity) <= length + leeway) return input;
  const cut = codePoints(textArgument(input, "what is truncated")).slice(0, room).join("");
  return (killwords ? cut : (splitTextFromEnd(cut, " ", 1)[0] ?? "")) + end;
}

function formatFilter(input: Value, { positional, named }: { positional: Value[]; named: Map<string, Value> }, work: Work): string {
  if (input instanceof Undefined) input.refuse();
  if (positional.length > 0 && named.size > 0) fail("the filter format takes arguments with names or without, not both");
  return percentFormat(shown(input, work), named.size > 0 ? new Dict(named) : new Tuple(positional), work);
}
