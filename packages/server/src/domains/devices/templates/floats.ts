/** Floats as text, digit for digit as Python writes them: shortest for printing, exactly rounded (half to even) for formats. */

/** Python's `repr` of a float. */
export function showFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa = "", exponentText = "0"] = Math.abs(value).toExponential().split("e");
  const exponent = Number(exponentText);
  const sign = value < 0 ? "-" : "";
  if (exponent < -4 || exponent >= 16) return `${sign}${mantissa}e${showExponent(exponent)}`;
  const digits = mantissa.replace(".", "");
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

/** At least two digits and always a sign. */
function showExponent(exponent: number): string {
  return `${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** |value| × 10^digits as an integer, halves to even, computed exactly. `value` is finite. */
export function scaled(value: number, digits: number): bigint {
  const [mantissa, exponent] = split(Math.abs(value));
  let top = mantissa;
  let bottom = 1n;
  if (exponent >= 0) top <<= BigInt(exponent);
  else bottom <<= BigInt(-exponent);
  if (digits >= 0) top *= 10n ** BigInt(digits);
  else bottom *= 10n ** BigInt(-digits);
  return divideHalfEven(top, bottom);
}

/** Rounded to the nearest integer, halves to even; for `bottom` > 0 and `top` ≥ 0. */
export function divideHalfEven(top: bigint, bottom: bigint): bigint {
  const quotient = top / bottom;
  const twice = (top % bottom) * 2n;
  return twice > bottom || (twice === bottom && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

/** A positive float as mantissa × 2^exponent. */
function split(value: number): [bigint, number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const raw = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  return raw === 0 ? [fraction, -1074] : [fraction | (1n << 52n), raw - 1075];
}

/** `%.<digits>f` of |value|. */
export function fixed(value: number, digits: number): string {
  const text = scaled(value, digits)
    .toString()
    .padStart(digits + 1, "0");
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Decimal exponent of |value| once it is rounded to `digits` significant digits, and those digits. */
function significant(value: number, digits: number): [string, number] {
  if (value === 0) return ["0".repeat(digits), 0];
  let exponent = Number(Math.abs(value).toExponential(20).split("e")[1]);
  let text = scaled(value, digits - 1 - exponent).toString();
  if (text.length > digits) {
    exponent += 1;
    text = scaled(value, digits - 1 - exponent).toString();
  }
  return [text, exponent];
}

/** `%.<digits>e` of |value|. */
export function exponential(value: number, digits: number): string {
  const [text, exponent] = significant(value, digits + 1);
  return `${text.charAt(0)}${digits > 0 ? `.${text.slice(1)}` : ""}e${showExponent(exponent)}`;
}

export interface GeneralOptions {
  /** Keep zeros at the end (`#`). */
  keepZeros?: boolean;
  /** Always a digit behind the point, as Python's format without a type. */
  pointZero?: boolean;
}

/** `%.<digits>g` of |value|. */
export function general(value: number, precision: number, options: GeneralOptions = {}): string {
  const digits = Math.max(1, precision);
  const [text, exponent] = significant(value, digits);
  const limit = options.pointZero ? digits - 1 : digits;
  if (exponent < -4 || exponent >= limit) {
    const mantissa = trimZeros(digits > 1 ? `${text.charAt(0)}.${text.slice(1)}` : text, options.keepZeros);
    return `${mantissa}e${showExponent(exponent)}`;
  }
  const written = trimZeros(fixed(value, Math.max(0, digits - 1 - exponent)), options.keepZeros);
  return options.pointZero && !written.includes(".") ? `${written}.0` : written;
}

function trimZeros(text: string, keep = false): string {
  return keep || !text.includes(".") ? text : text.replace(/\.?0+$/, "");
}

/** Python's `round(value, digits)`. */
export function roundFloat(value: number, digits: number): number {
  if (!Number.isFinite(value) || digits > 330) return value;
  if (digits < -330) return value < 0 ? -0 : 0;
  const rounded = Number(`${scaled(value, digits).toString()}e${String(-digits)}`);
  return value < 0 || Object.is(value, -0) ? -rounded : rounded;
}
