/** `"%s has %d" % (…)`: Python's printf-style formatting, also behind the filter `format`. */
import { fail } from "./fault.ts";
import { exponential, fixed, general } from "./floats.ts";
import { isNumeric, plain, toFloat, truncate } from "./numbers.ts";
import { represent, show } from "./show.ts";
import { codePoints } from "./text.ts";
import { describe, Dict, Float, List, Tuple, Undefined, type Value } from "./values.ts";
import type { Work } from "./work.ts";

interface Conversion {
  flags: string;
  width: number;
  precision: number | undefined;
  type: string;
}

const pattern = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?[hlL]?([^])?/gu;

export function percentFormat(template: string, args: Value, work: Work): string {
  const items = args instanceof Tuple ? args.items : [args];
  let next = 0;
  const result = template.replaceAll(pattern, (...match: (string | undefined)[]) => {
    const [, key, flags = "", width = "", precision, type] = match;
    if (type === undefined) return fail("a format ends in the middle of %");
    if (type === "%") return "%";
    if (width === "*" || precision === "*") return fail("* as a width is not supported in a format", "Write the number.");
    const value = key === undefined ? items[next++] : byName(args, key);
    if (value === undefined) return fail("a format has more places than values");
    return convert(value, { flags, width: Number(width), precision: precision === undefined ? undefined : Number(precision), type }, work);
  });
  if (next < items.length && !(args instanceof Dict || args instanceof List)) fail("a format has fewer places than values");
  work.text(result.length);
  return result;
}

function byName(args: Value, key: string): Value {
  if (!(args instanceof Dict)) return fail("a format with names needs a mapping");
  const value = args.get(key);
  return value === undefined ? fail(`the format asks for ${key}, which is not given`) : value;
}

function convert(value: Value, conversion: Conversion, work: Work): string {
  if (value instanceof Undefined) value.refuse();
  work.text(Math.max(conversion.width, conversion.precision ?? 0));
  switch (conversion.type) {
    case "s":
      return padText(cut(show(value, work), conversion), conversion);
    case "r":
      return padText(cut(represent(value, work), conversion), conversion);
    case "c":
      return padText(character(value), conversion);
    case "d":
    case "i":
    case "u":
      return padNumber(wholeParts(value, 10, conversion), conversion);
    case "x":
    case "X":
    case "o":
      return padNumber(radixParts(value, conversion), conversion);
    case "e":
    case "E":
    case "f":
    case "F":
    case "g":
    case "G":
      return padNumber(floatParts(value, conversion), conversion);
    default:
      return fail(`%${conversion.type} is not supported in a format`, "Supported are %s %r %d %x %o %e %f %g %c and %%.");
  }
}

function cut(text: string, { precision }: Conversion): string {
  return precision === undefined ? text : codePoints(text).slice(0, precision).join("");
}

function character(value: Value): string {
  if (typeof value === "string" && codePoints(value).length === 1) return value;
  if (typeof value === "number" && value >= 0 && value <= 0x10_ffff) return String.fromCodePoint(value);
  return fail("%c needs a single character or its number");
}

function padText(text: string, { flags, width }: Conversion): string {
  const room = " ".repeat(Math.max(0, width - codePoints(text).length));
  return flags.includes("-") ? text + room : room + text;
}

interface NumberParts {
  negative: boolean;
  prefix: string;
  digits: string;
}

function padNumber({ negative, prefix, digits }: NumberParts, { flags, width }: Conversion): string {
  const sign = negative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  const room = Math.max(0, width - sign.length - prefix.length - digits.length);
  if (flags.includes("-")) return sign + prefix + digits + " ".repeat(room);
  return flags.includes("0") ? sign + prefix + "0".repeat(room) + digits : " ".repeat(room) + sign + prefix + digits;
}

function wholeParts(value: Value, radix: number, { precision = 0 }: Conversion): NumberParts {
  if (!isNumeric(value)) return fail(`${describe(value)} is no number for a format`);
  const number = plain(value);
  const whole = number instanceof Float ? truncate(number.value) : number;
  if (whole === undefined) return fail("infinity is no integer");
  const size = whole < 0 ? -BigInt(whole) : BigInt(whole);
  return { negative: whole < 0, prefix: "", digits: size.toString(radix).padStart(precision, "0") };
}

function radixParts(value: Value, conversion: Conversion): NumberParts {
  if (value instanceof Float) return fail(`%${conversion.type} needs an integer, not a float`);
  const hex = conversion.type !== "o";
  const parts = wholeParts(value, hex ? 16 : 8, conversion);
  const prefix = conversion.flags.includes("#") ? (hex ? "0x" : "0o") : "";
  return conversion.type === "X" ? { ...parts, prefix: prefix.toUpperCase(), digits: parts.digits.toUpperCase() } : { ...parts, prefix };
}

function floatParts(value: Value, { type, precision = 6, flags }: Conversion): NumberParts {
  if (!isNumeric(value)) return fail(`${describe(value)} is no number for a format`);
  const number = toFloat(value);
  const negative = number < 0 || Object.is(number, -0);
  const digits = Number.isFinite(number)
    ? floatDigits(number, { type: type.toLowerCase(), precision, keepZeros: flags.includes("#") })
    : Number.isNaN(number)
      ? "nan"
      : "inf";
  return { negative, prefix: "", digits: type === type.toLowerCase() ? digits : digits.toUpperCase() };
}

/** Digits of |number| in one of the forms e, f, g. */
export function floatDigits(
  number: number,
  { type, precision, keepZeros }: { type: string; precision: number; keepZeros: boolean },
): string {
  if (type === "e") return exponential(number, precision);
  return type === "f" ? fixed(number, precision) : general(number, precision, { keepZeros });
}
