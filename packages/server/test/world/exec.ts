/** Tables of what a terminal can be told to do outside the configuration. */
import { commandsOf, type Commands } from "./grammar/commands.ts";
import { sequencesOf } from "./grammar/pattern.ts";
import type { ValueType } from "./grammar/values.ts";
import type { Reply } from "./shell.ts";

export type Args = Record<string, string>;

export interface ExecRule<S> {
  form: string;
  /** Needs the enabled mode. */
  enabled?: true;
  run(shell: S, args: Args, line: string): string | Reply | Promise<string | Reply>;
}

export interface ExecTable<S> {
  commands: Commands;
  rules: ExecRule<S>[];
}

export function execTable<S>(
  rules: ExecRule<S>[],
  options: { types?: Record<string, ValueType>; foldCase?: boolean; patient?: boolean },
): ExecTable<S> {
  return {
    rules,
    commands: commandsOf(
      rules.map((rule) => ({ sequences: sequencesOf(rule.form) })),
      options,
    ),
  };
}

/** `| include`, `| exclude`, `| begin`, `| section`, `| count`, as on the real ones; undefined when there is no such filter. */
export function filtered(text: string, filter: string): string | undefined {
  const match =
    /^\s*(i|in|inc|incl|inclu|includ|include|e|ex|exc|excl|exclu|exclude|b|be|beg|begin|s|sec|sect|section|c|count)\s+(.*\S)\s*$/.exec(
      filter,
    );
  if (!match) return undefined;
  const pattern = expression(match[2]!);
  const lines = text.split("\n");
  const initial = match[1]!.slice(0, 1);
  const word = initial === "e" ? "exclude" : initial;
  if (word === "i") return lines.filter((line) => pattern.test(line)).join("\n");
  if (word === "exclude") return lines.filter((line) => !pattern.test(line)).join("\n");
  if (word === "b")
    return lines
      .slice(
        Math.max(
          0,
          lines.findIndex((line) => pattern.test(line)),
        ),
      )
      .join("\n");
  if (word === "c") return `Number of lines which match regexp = ${lines.filter((line) => pattern.test(line)).length}`;
  return sections(lines, pattern).join("\n");
}

function expression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  }
}

function sections(lines: string[], pattern: RegExp): string[] {
  const kept: string[] = [];
  let inside = false;
  for (const line of lines) {
    if (!line.startsWith(" ")) inside = pattern.test(line);
    if (inside) kept.push(line);
  }
  return kept;
}
