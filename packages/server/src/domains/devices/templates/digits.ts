/** Numbers as they stand in a template. */
import { Float, toInt, type Value } from "./values.ts";

/** The value of a number's digits, e.g. `10`, `0x1f`, `1.5e3`. */
export function digitsValue(digits: string, type: "integer" | "float"): Value {
  if (type === "float") return new Float(Number(digits));
  return toInt(BigInt(/^0\d/.test(digits) ? "0" : digits.toLowerCase()));
}
