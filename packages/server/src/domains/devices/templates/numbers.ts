/** Arithmetic as Python does it: integers never overflow, `//` and `%` round down, `/` gives a float. */
import { fail } from "./fault.ts";
import { describe, Float, isInt, toInt, type Int, type Numeric, type Value } from "./values.ts";

export type Operator = "+" | "-" | "*" | "/" | "//" | "%" | "**";

/** Digits of the largest integer that may be made; Python refuses to print more. */
const maxDigits = 4300;

export function isNumeric(value: Value): value is Numeric {
  return isInt(value) || typeof value === "boolean" || value instanceof Float;
}

/** Booleans count as 0 and 1. */
export function plain(value: Numeric): Int | Float {
  return typeof value === "boolean" ? Number(value) : value;
}

export function toFloat(value: Numeric): number {
  const number = plain(value);
  if (number instanceof Float) return number.value;
  const result = Number(number);
  return Number.isFinite(result) ? result : fail("the integer is too large to be a float");
}

export function arithmetic(operator: Operator, left: Numeric, right: Numeric): Value {
  const a = plain(left);
  const b = plain(right);
  if (operator === "/" && !(a instanceof Float || b instanceof Float)) return new Float(divideExactly(a, b));
  if (a instanceof Float || b instanceof Float) return new Float(floatArithmetic(operator, toFloat(a), toFloat(b)));
  if (operator === "**" && b < 0) return new Float(floatPower(toFloat(a), toFloat(b)));
  if (typeof a === "number" && typeof b === "number") {
    const quick = quickArithmetic(operator, a, b);
    if (quick !== undefined && Number.isSafeInteger(quick)) return quick === 0 ? 0 : quick;
  }
  return toInt(bigArithmetic(operator, BigInt(a), BigInt(b)));
}

/** The float nearest to a quotient of integers; their own floats may be rounded already. */
function divideExactly(a: Int, b: Int): number {
  if (b === 0) divisionByZero();
  if (typeof a === "number" && typeof b === "number") return a / b;
  const [top, bottom] = [BigInt(a), BigInt(b)].map((value) => (value < 0n ? -value : value)) as [bigint, bigint];
  const shift = BigInt(Math.max(0, bottom.toString(2).length - top.toString(2).length + 66));
  const quotient = (top << shift) / bottom;
  const rest = (top << shift) % bottom === 0n ? 0n : 1n;
  const result = Number(quotient | rest) / 2 ** Number(shift);
  return Number.isFinite(result) ? (a < 0 !== b < 0 ? -result : result) : fail("the quotient is too large to be a float");
}

/** Plain numbers where the result is certain to be exact; undefined or an unsafe number leaves it to bigints. */
function quickArithmetic(operator: Operator, a: number, b: number): number | undefined {
  if (operator === "+") return a + b;
  if (operator === "-") return a - b;
  if (operator === "*") return a * b;
  if (b === 0 || operator === "**") return undefined;
  const rest = a % b;
  const remainder = rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  if (operator === "%") return remainder;
  return Number.isSafeInteger(a - remainder) ? (a - remainder) / b : undefined;
}

function bigArithmetic(operator: Operator, a: bigint, b: bigint): bigint {
  switch (operator) {
    case "+":
      return bounded(a + b);
    case "-":
      return bounded(a - b);
    case "*":
      return bounded(a * b);
    case "**":
      return bigPower(a, b);
    case "//":
    case "/":
      return floorDivide(a, b);
    case "%":
      return a - b * floorDivide(a, b);
  }
}

function floorDivide(a: bigint, b: bigint): bigint {
  if (b === 0n) divisionByZero();
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

function bounded(value: bigint): bigint {
  const limit = 10n ** BigInt(maxDigits);
  return value < limit && value > -limit ? value : tooLarge();
}

function bigPower(a: bigint, b: bigint): bigint {
  const bits = a.toString(2).length;
  if (bits > 2 && b * BigInt(bits - 1) > BigInt(maxDigits) * 4n) tooLarge();
  if (bits <= 2 && b > 20_000n && a !== 0n && a !== 1n && a !== -1n) tooLarge();
  if (a === 1n || a === 0n || a === -1n) return b === 0n ? 1n : a === -1n && b % 2n === 0n ? 1n : a;
  return bounded(a ** b);
}

function tooLarge(): never {
  fail(`an integer grows beyond ${String(maxDigits)} digits`);
}

function divisionByZero(): never {
  fail("division by zero");
}

function floatArithmetic(operator: Operator, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0 ? divisionByZero() : a / b;
    case "//":
      return floorQuotient(a, b);
    case "%":
      return floorRemainder(a, b);
    case "**":
      return floatPower(a, b);
  }
}

/** The remainder has the sign of the divisor. */
function floorRemainder(a: number, b: number): number {
  if (b === 0) divisionByZero();
  const rest = a % b;
  if (rest === 0) return b < 0 ? -0 : 0;
  return rest < 0 !== b < 0 ? rest + b : rest;
}

function floorQuotient(a: number, b: number): number {
  if (b === 0) divisionByZero();
  const rest = a % b;
  let quotient = (a - rest) / b;
  if (rest !== 0 && rest < 0 !== b < 0) quotient -= 1;
  if (quotient === 0) return a / b < 0 ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

function floatPower(a: number, b: number): number {
  if (a === 0 && b < 0) divisionByZero();
  if (a === 1 || b === 0) return 1;
  const result = a ** b;
  if (Number.isNaN(result) && !Number.isNaN(a) && !Number.isNaN(b)) fail("a negative number has no real root");
  if (!Number.isFinite(result) && Number.isFinite(a) && Number.isFinite(b)) fail("the result of ** is too large");
  return result;
}

export function negate(value: Value): Value {
  if (!isNumeric(value)) return fail(`${describe(value)} has no negative`);
  const number = plain(value);
  if (number instanceof Float) return new Float(-number.value);
  return typeof number === "bigint" ? toInt(-number) : number === 0 ? 0 : -number;
}

export function absolute(value: Value): Value {
  if (!isNumeric(value)) return fail(`${describe(value)} has no absolute value`);
  const number = plain(value);
  if (number instanceof Float) return new Float(Math.abs(number.value));
  return number < 0 ? negate(number) : number;
}

/** An integer that is small enough to count with; booleans count as 0 and 1. */
export function asCount(value: Value, what: string): number {
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return value > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
  return fail(`${what} must be an integer, not ${describe(value)}`);
}

/** What Python's `int(text, base)` takes: spaces around, a sign, single underscores, the base's own prefix. */
export function parseInteger(text: string, base = 10): Int | undefined {
  const cleaned = text.trim().toLowerCase();
  const match = /^([+-]?)(0[box])?_?([0-9a-z]+(?:_[0-9a-z]+)*)$/.exec(cleaned);
  if (!match) return undefined;
  const prefixBase = { "0b": 2, "0o": 8, "0x": 16 }[match[2] ?? ""];
  const usesPrefix = prefixBase !== undefined && (base === prefixBase || base === 0);
  const digits = ((match[2] && !usesPrefix ? match[2] : "") + (match[3] ?? "")).replaceAll("_", "");
  if (!usesPrefix && cleaned.replace(/^[+-]/, "").startsWith("_")) return undefined;
  const radix = base === 0 ? (prefixBase ?? 10) : base;
  if (base === 0 && prefixBase === undefined && /^0+[1-9]/.test(digits)) return undefined;
  const value = digitsToInt(digits, radix);
  return value === undefined ? undefined : toInt(match[1] === "-" ? -value : value);
}

function digitsToInt(digits: string, radix: number): bigint | undefined {
  if (digits.length > maxDigits) return undefined;
  let value = 0n;
  for (const digit of digits) {
    const one = Number.parseInt(digit, 36);
    if (one >= radix) return undefined;
    value = value * BigInt(radix) + BigInt(one);
  }
  return value;
}

/** What Python's `float(text)` takes. */
export function parseFloatText(text: string): number | undefined {
  const cleaned = text.trim().toLowerCase();
  const special = /^([+-]?)(inf|infinity|nan)$/.exec(cleaned);
  if (special) return special[2] === "nan" ? Number.NaN : special[1] === "-" ? -Infinity : Infinity;
  if (!/^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/.test(cleaned)) return undefined;
  return Number(cleaned.replaceAll("_", ""));
}

/** Toward zero; undefined for infinities and not-a-number. */
export function truncate(value: number): Int | undefined {
  return Number.isFinite(value) ? toInt(BigInt(Math.trunc(value))) : undefined;
}
