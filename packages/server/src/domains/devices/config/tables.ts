/** Short ways to write rows of a dialect's tables. */
import type { LineRule } from "./dialect.ts";

/** One value under these words: a new value overwrites the old. */
export function single(...words: string[]): LineRule[] {
  return words.map((line) => ({ line: `${line} [{value...}]`, slot: line }));
}

/** One value under these words, taken away by the words alone: the value is a secret, or too long to repeat. */
export function bare(...words: string[]): LineRule[] {
  return words.map((line) => ({ line: `${line} {value...}`, slot: line, no: `no ${line}` }));
}

/** One value for each thing named: `ip ospf message-digest-key {key}` and what follows. */
export function each(...words: string[]): LineRule[] {
  return words.map((line) => ({ line: `${line} [{value...}]`, slot: line.replaceAll(/\{(\w+):[^}]*\}/g, "{$1}") }));
}
