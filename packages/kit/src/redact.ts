/** Keeps secrets out of logs and errors. */

const secretKey = /pass(word|phrase|wd)?$|secret|token$|api[-_]?key|private[-_]?key|cookie|authorization|community/i;
const hidden = "[redacted]";

/** A secret value that prints as `[redacted]` wherever it goes by accident; only `reveal()` gives it. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return hidden;
  }
  toJSON(): string {
    return hidden;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return hidden;
  }
}

/** A copy of `value` with the values of secret-looking keys hidden, at any depth; below depth 8 everything is hidden. */
export function redact(value: unknown, depth = 0): unknown {
  if (value instanceof Secret) return hidden;
  if (value === null || typeof value !== "object") return value;
  if (depth > 8) return "[too deep]";
  if (value instanceof Date || value instanceof Error) return value;
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, secretKey.test(key) && item !== null ? hidden : redact(item, depth + 1)]),
  );
}
