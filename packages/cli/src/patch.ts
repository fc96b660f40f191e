/** Options of `set` commands as a merge patch: what is not given stays, an empty value clears. */
import { parseDuration, Problem } from "@holdfast/kit";
import { InvalidArgumentError } from "commander";

/** `''` clears. */
export function orNull<T extends string>(text: T | undefined): T | null | undefined {
  return text === "" ? null : text;
}

/** For commander, repeatable: `key=value` to set a label. */
export function labelToSet(text: string, before: Record<string, string | null> = {}): Record<string, string | null> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It is key=value.");
  return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1).trim() };
}

/** For commander, repeatable: the key of a label to take away. */
export function labelToClear(key: string, before: Record<string, string | null> = {}): Record<string, string | null> {
  if (key === "" || key.includes("=")) throw new InvalidArgumentError("It is a label's key.");
  return { ...before, [key]: null };
}

/** For commander: a while such as 60s or 5m, in ms. */
export function durationMs(text: string): number {
  const whileMs = parseDuration(text);
  if (whileMs !== undefined) return whileMs;
  throw new InvalidArgumentError("It is a while such as 60s or 5m.");
}

/** Without the members that were not given. @throws Problem `cli_nothing_given` when none was */
export function patchOf<T extends object>(members: T): T {
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  if (given.length > 0) return Object.fromEntries(given) as T;
  throw new Problem("cli_nothing_given", {
    kind: "invalid",
    say: "Say what is to be changed, e.g. --site lyon, or --site '' to clear it.",
  });
}
