/**
 * The small language that dialect tables are written in. A pattern is a line of words:
 *
 *   neighbor {peer} timers {keep} {hold}      `{name}` is any one word
 *   description {text...}                     `{name...}` is the rest, one word at least
 *   area {area} range {prefix} [{rest...}]    `[…]` may be missing
 *   ip address (dhcp|negotiated)              one of these
 *   ip access-group {acl} {way:in|out}        one of these, by name
 *
 * A template is a line with the same `{names}`; those that matched nothing vanish with the blank before them.
 */
export type Words = Record<string, string | undefined>;

export interface Pattern {
  /** First words that can match; undefined means any. */
  heads: string[] | undefined;
  match(text: string): Words | undefined;
}

const slots = /\{(\w+)(\.\.\.|:[^}]*)?\}/g;

/** Literal words with `[…]` and `(…|…)`. */
function literal(text: string): string {
  return text
    .replaceAll(/[.*+?^$\\/]/g, String.raw`\$&`)
    .replaceAll("(", "(?:")
    .replaceAll(" [", "(?: ")
    .replaceAll("]", ")?");
}

function source(pattern: string): string {
  let [out, at] = ["", 0];
  for (const found of pattern.matchAll(slots)) {
    const [all, name = "", kind] = found;
    const inner = kind === undefined ? String.raw`\S+` : kind === "..." ? ".+" : kind.slice(1);
    out += `${literal(pattern.slice(at, found.index))}(?<${name}>${inner})`;
    at = found.index + all.length;
  }
  return out + literal(pattern.slice(at));
}

/** First words of a regular expression such as `/^interface (?<name>…)/`. */
function headsOfExpression(expression: RegExp): string[] | undefined {
  const head = /^\^([\w-]+) /.exec(expression.source)?.[1];
  return head === undefined ? undefined : [head];
}

function headsOf(pattern: string): string[] | undefined {
  const choice = /^(?:\(|\{\w+:)([^)}]*)[)}]/.exec(pattern)?.[1];
  if (choice !== undefined) return choice.split("|").map(headOf);
  const head = headOf(pattern);
  return head.startsWith("{") || head === "" ? undefined : [head];
}

/** Compiles a pattern; it is anchored at both ends. A regular expression stands for itself. */
export function compile(pattern: string | RegExp): Pattern {
  const expression = typeof pattern === "string" ? new RegExp(`^${source(pattern)}$`, "s") : pattern;
  return {
    heads: typeof pattern === "string" ? headsOf(pattern) : headsOfExpression(pattern),
    match: (text) => {
      const found = expression.exec(text);
      return found ? ((found.groups as Words | undefined) ?? {}) : undefined;
    },
  };
}

/** Fills a template with what a pattern found. */
export function fill(template: string, words: Words): string {
  if (!template.includes("{")) return template;
  return template.replaceAll(/ ?\{(\w+)\}/g, (all, name: string) => {
    const word = words[name];
    if (word === undefined) return "";
    return all.startsWith(" ") ? ` ${word}` : word;
  });
}

/** The first word of a line. */
export function headOf(text: string): string {
  const blank = text.indexOf(" ");
  return blank === -1 ? text : text.slice(0, blank);
}
