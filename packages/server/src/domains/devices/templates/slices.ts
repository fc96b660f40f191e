/** `value[start:stop:step]` as in Python. */
import { fail } from "./fault.ts";
import { lengthOf } from "./iterate.ts";
import { asCount } from "./numbers.ts";
import { codePoints } from "./text.ts";
import { describe, List, Range, Tuple, Undefined, type Value } from "./values.ts";
import type { Work } from "./work.ts";

export function sliceOf(object: Value, bounds: readonly [Value, Value, Value], work: Work): Value {
  if (object instanceof Undefined) return object.refuse();
  if (!(typeof object === "string" || object instanceof List || object instanceof Tuple || object instanceof Range))
    return fail(`${describe(object)} has no slices`);
  const [start, stop, step] = normalized(bounds, lengthOf(object) ?? 0);
  if (object instanceof Range) return new Range(object.item(start), object.item(stop), object.step * step);
  const indexes = indexesOf([start, stop, step], work);
  if (typeof object === "string") return pick(codePoints(object), indexes).join("");
  const items = pick(object.items, indexes);
  return object instanceof List ? new List(items) : new Tuple(items);
}

function normalized([startValue, stopValue, stepValue]: readonly [Value, Value, Value], length: number): [number, number, number] {
  const step = stepValue === null ? 1 : bound(stepValue);
  if (step === 0) fail("the step of a slice must not be 0");
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (value: Value, fallback: number): number => {
    if (value === null) return fallback;
    const index = bound(value);
    return Math.min(high, Math.max(low, index < 0 ? index + length : index));
  };
  return [clamp(startValue, step > 0 ? low : high), clamp(stopValue, step > 0 ? high : low), step];
}

function bound(value: Value): number {
  if (value instanceof Undefined) value.refuse();
  return asCount(value, "the bound of a slice");
}

function indexesOf([start, stop, step]: readonly [number, number, number], work: Work): number[] {
  const count = Math.max(0, Math.ceil((stop - start) / step));
  work.list(count);
  return Array.from({ length: count }, (_, i) => start + i * step);
}

function pick<T>(items: readonly T[], indexes: readonly number[]): T[] {
  return indexes.flatMap((index) => {
    const item = items[index];
    return item === undefined ? [] : [item];
  });
}
