/** What a command is given: files, stdin, numbers. */
import { readFileSync } from "node:fs";
import { parseDuration, Problem, sayError } from "@holdfast/kit";
import { InvalidArgumentError } from "commander";
import { around, placeOf } from "./outside.ts";

/** The text of a file; of stdin for `-`. @throws Problem `cli_file_unreadable` */
export function readInput(file: string): string {
  try {
    return file === "-" ? around().stdin.rest() : readFileSync(placeOf(file), "utf8");
  } catch (thrown) {
    throw new Problem("cli_file_unreadable", { kind: "invalid", say: `${file} cannot be read: ${sayError(thrown)}.`, because: thrown });
  }
}

/** For commander: a whole number from 1 to `most`. */
export function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`It is a whole number from 1 to ${most}.`);
  };
}

/** For commander: a time in ISO 8601 with its zone, or a while from now; in ISO 8601, UTC. */
export function instantOf(text: string): string {
  const whileMs = parseDuration(text);
  const zoned = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const at = new Date(whileMs === undefined ? (zoned ? text : Number.NaN) : Date.now() + whileMs);
  if (!Number.isNaN(at.getTime())) return at.toISOString();
  throw new InvalidArgumentError("It is a time such as 2030-01-31T18:00:00Z, or a while from now such as 8h.");
}
