/** Filters over numbers. */
import { fail } from "./fault.ts";
import { divideHalfEven, roundFloat } from "./floats.ts";
import { absolute, asCount, isNumeric, parseFloatText, parseInteger, plain, toFloat, truncate } from "./numbers.ts";
import { countArgument, textArgument, type FilterTable } from "./signature.ts";
import { describe, Float, orElse, toInt, Undefined, type Value } from "./values.ts";

export const numberFilters: FilterTable = {
  abs: { signature: "", apply: (input) => absolute(input) },
  int: {
    signature: "default? base?",
    apply: (input, [fallback, base]) => toInteger(input, countArgument(base, "the base", 10)) ?? orElse(fallback, 0),
  },
  float: { signature: "default?", apply: (input, [fallback]) => toFloatValue(input) ?? orElse(fallback, new Float(0)) },
  round: {
    signature: "precision? method?",
    apply: (input, [precision, method]) =>
      round(input, countArgument(precision, "the precision", 0), textArgument(method, "the method", "common")),
  },
};

/** Text with digits, with or without a fraction; undefined where there is no number in it. */
function toInteger(input: Value, base: number): Value | undefined {
  if (input instanceof Undefined) input.refuse();
  if (typeof input === "string") {
    if (base !== 0 && (base < 2 || base > 36)) return viaFloat(input);
    return parseInteger(input, base) ?? viaFloat(input);
  }
  if (!isNumeric(input)) return undefined;
  const number = plain(input);
  if (!(number instanceof Float)) return number;
  const whole = truncate(number.value);
  if (whole === undefined && !Number.isNaN(number.value)) fail("infinity is no integer");
  return whole;
}

function viaFloat(text: string): Value | undefined {
  const value = parseFloatText(text);
  return value === undefined ? undefined : truncate(value);
}

function toFloatValue(input: Value): Value | undefined {
  if (input instanceof Undefined) input.refuse();
  if (isNumeric(input)) return new Float(toFloat(input));
  const value = typeof input === "string" ? parseFloatText(input) : undefined;
  return value === undefined ? undefined : new Float(value);
}

function round(input: Value, precision: number, method: string): Value {
  if (!isNumeric(input)) return fail(`${describe(input)} cannot be rounded`);
  const number = plain(input);
  if (method === "common")
    return number instanceof Float ? new Float(roundFloat(number.value, precision)) : roundInteger(number, precision);
  if (method !== "ceil" && method !== "floor") return fail("the method must be common, ceil or floor");
  if (precision >= 0 && !(number instanceof Float)) return new Float(toFloat(number));
  const factor = 10 ** asCount(precision, "the precision");
  const moved = toFloat(number) * factor;
  const whole = truncate(method === "ceil" ? Math.ceil(moved) : Math.floor(moved));
  return whole === undefined ? fail("infinity cannot be rounded") : new Float(Number(whole) / factor);
}

/** To tens, hundreds … for a precision below 0, halves to even. */
function roundInteger(value: number | bigint, precision: number): Value {
  if (precision >= 0) return value;
  if (precision < -4300) return 0;
  const unit = 10n ** BigInt(-precision);
  const size = value < 0 ? -BigInt(value) : BigInt(value);
  const rounded = divideHalfEven(size, unit) * unit;
  return toInt(value < 0 ? -rounded : rounded);
}
