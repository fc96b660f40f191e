/** `"{:>8}".format(x)`: Python's `str.format` and its format specifications. */
import { fail } from "./fault.ts";
import { showFloat, general } from "./floats.ts";
import { toFloat } from "./numbers.ts";
import { floatDigits } from "./percent-format.ts";
import { represent, show } from "./show.ts";
import { codePoints, pad, textLength } from "./text.ts";
import { describe, Float, isInt, Undefined, type CallArgs, type Value } from "./values.ts";
import type { Work } from "./work.ts";

const field = /\{\{|\}\}|\{([^{}!:]*)(?:!([^{}:]))?(?::([^{}]*))?\}|[{}]/gu;

export function braceFormat(template: string, args: CallArgs, work: Work): string {
  let next = 0;
  let numbered = false;
  const result = template.replaceAll(field, (whole, name?: string, conversion?: string, spec = "") => {
    if (whole === "{{") return "{";
    if (whole === "}}") return "}";
    if (name === undefined)
      return fail(`a format has a single ${whole}`, "Write it twice to print it; fields within fields are not supported.");
    if (/^\d+$/.test(name)) numbered = true;
    if (name === "" && numbered) return fail("a format mixes {} with {0}");
    const value = argument(name === "" ? String(next++) : name, args);
    if (next > 0 && numbered) return fail("a format mixes {} with {0}");
    const text = formatValue(converted(value, conversion, work), spec, work);
    work.text(text.length);
    return text;
  });
  work.text(result.length);
  return result;
}

function argument(name: string, { positional, named }: CallArgs): Value {
  if (/[.[]/.test(name)) return fail(`the field {${name}} is not supported in a format`, "Give the attribute itself as an argument.");
  const value = /^\d+$/.test(name) ? positional[Number(name)] : named.get(name);
  if (value === undefined) return fail(`the format asks for {${name}}, which is not given`);
  return value instanceof Undefined ? value.refuse() : value;
}

function converted(value: Value, conversion: string | undefined, work: Work): Value {
  if (conversion === undefined) return value;
  if (conversion === "s") return show(value, work);
  return conversion === "r" ? represent(value, work) : fail(`!${conversion} is not supported in a format`, "Supported are !s and !r.");
}

interface Spec {
  fill: string;
  align: string;
  sign: string;
  alternate: boolean;
  width: number;
  grouping: string;
  precision: number | undefined;
  type: string;
}

const specPattern = /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([_,])?(?:\.(\d+))?([a-zA-Z%])?$/u;

function parseSpec(text: string): Spec {
  const match = specPattern.exec(text);
  if (!match) return fail(`"${text}" is no format that is supported`);
  const [, fill, align, sign = "-", alternate, zero, width, grouping = "", precision, type = ""] = match;
  return {
    fill: fill ?? (zero && align === undefined ? "0" : zero ? "0" : " "),
    align: align ?? (zero ? "=" : ""),
    sign,
    alternate: alternate !== undefined,
    width: Number(width ?? 0),
    grouping,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  };
}

function formatValue(value: Value, text: string, work: Work): string {
  if (text === "") return show(value, work);
  const spec = parseSpec(text);
  work.text(Math.max(spec.width, spec.precision ?? 0));
  if (typeof value === "string") return formatText(value, spec);
  if (isInt(value) || typeof value === "boolean") return formatInteger(value, spec);
  if (value instanceof Float) return formatFloat(value.value, spec);
  return fail(`${describe(value)} has no format`, "Make a text of it first: `| string`.");
}

function formatText(value: string, spec: Spec): string {
  if (spec.type !== "" && spec.type !== "s") fail(`the format "${spec.type}" is not for a string`);
  if (spec.sign !== "-" || spec.alternate || spec.grouping !== "" || spec.align === "=") fail("a string cannot be formatted as a number");
  const text = spec.precision === undefined ? value : codePoints(value).slice(0, spec.precision).join("");
  return aligned(text, spec, "<");
}

function aligned(text: string, { align, fill, width }: Spec, usual: string): string {
  const side = align === "" ? usual : align;
  if (side !== "^") return pad(text, width, side === "<" ? "left" : "right", fill);
  const room = Math.max(0, width - textLength(text));
  return fill.repeat(Math.floor(room / 2)) + text + fill.repeat(Math.ceil(room / 2));
}

const radixes: Record<string, [number, string]> = { b: [2, "0b"], o: [8, "0o"], x: [16, "0x"], X: [16, "0X"], d: [10, ""], "": [10, ""] };

function formatInteger(value: number | bigint | boolean, spec: Spec): string {
  const number = typeof value === "boolean" ? Number(value) : value;
  if (/^[eEfFgG%]$/.test(spec.type)) return formatFloat(toFloat(number), spec);
  if (spec.precision !== undefined) fail("an integer has no precision");
  if (spec.type === "c") return aligned(String.fromCodePoint(Number(value)), spec, "<");
  const radix = radixes[spec.type];
  if (!radix) return fail(`the format "${spec.type}" is not for an integer`);
  const [base, prefix] = radix;
  const size = number < 0 ? -BigInt(number) : BigInt(number);
  const digits = size.toString(base);
  if (spec.grouping === "," && base !== 10) fail('"," groups decimal digits only');
  return finished(
    { negative: number < 0, prefix: spec.alternate ? prefix : "", digits: spec.type === "X" ? digits.toUpperCase() : digits },
    spec,
    base === 10 ? 3 : 4,
  );
}

function formatFloat(value: number, spec: Spec): string {
  const negative = value < 0 || Object.is(value, -0);
  const type = spec.type.toLowerCase();
  if (!["e", "f", "g", "%", ""].includes(type)) fail(`the format "${spec.type}" is not for a float`);
  const scaledValue = type === "%" ? value * 100 : value;
  const digits = Number.isFinite(scaledValue) ? finiteDigits(scaledValue, type, spec) : Number.isNaN(scaledValue) ? "nan" : "inf";
  const written = digits + (type === "%" ? "%" : "");
  return finished({ negative, prefix: "", digits: spec.type === type ? written : written.toUpperCase() }, spec, 3);
}

function finiteDigits(value: number, type: string, spec: Spec): string {
  if (type === "")
    return spec.precision === undefined
      ? showFloat(Math.abs(value))
      : general(value, spec.precision, { pointZero: true, keepZeros: spec.alternate });
  return floatDigits(value, { type: type === "%" ? "f" : type, precision: spec.precision ?? 6, keepZeros: spec.alternate });
}

function finished({ negative, prefix, digits }: { negative: boolean; prefix: string; digits: string }, spec: Spec, group: number): string {
  const sign = negative ? "-" : spec.sign === "-" ? "" : spec.sign;
  const lead = sign + prefix;
  const [whole = "", ...rest] = digits.split(/(?=[.e%])/);
  const tail = rest.join("");
  if (spec.align !== "=") return aligned(lead + grouped(whole, spec.grouping, group) + tail, spec, ">");
  if (spec.grouping === "" || spec.fill !== "0")
    return lead + pad(grouped(whole, spec.grouping, group) + tail, spec.width - lead.length, "right", spec.fill);
  let padded = whole;
  while (lead.length + grouped(padded, spec.grouping, group).length + tail.length < spec.width) padded = `0${padded}`;
  return lead + grouped(padded, spec.grouping, group) + tail;
}

function grouped(digits: string, sign: string, size: number): string {
  return sign === "" ? digits : digits.replaceAll(new RegExp(`(?<=[0-9a-zA-Z])(?=([0-9a-zA-Z]{${String(size)}})+$)`, "g"), sign);
}
