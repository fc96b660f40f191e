/**
 * The little language in which commands are written down:
 *
 *     ip ospf cost =<cost:1-65535>      keywords, an argument `<name:type>`
 *     service (debug|log) [msec]        one of several, or none
 *     neighbor <peer> route-map =<map:word> (in|out)
 *
 * `=` marks what is the value of a setting and not its identity: the same identity given again replaces the value,
 * and `no` may leave a trailing value out.
 */

export type Token = { keyword: string; value: boolean } | { arg: string; type: string; value: boolean };

type Part = Token[][];

/** Every plain sequence of tokens that a form stands for. */
export function sequencesOf(form: string): Token[][] {
  const scanner = { text: form, at: 0 };
  const all = alternatives(scanner, false);
  if (scanner.at < form.length) throw new Error(`cannot read the form: ${form}`);
  return all;
}

interface Scanner {
  text: string;
  at: number;
}

function alternatives(scanner: Scanner, value: boolean): Part {
  const all: Part = [...sequence(scanner, value)];
  while (scanner.text[scanner.at] === "|") {
    scanner.at += 1;
    all.push(...sequence(scanner, value));
  }
  return all;
}

function sequence(scanner: Scanner, value: boolean): Part {
  let all: Part = [[]];
  for (;;) {
    while (scanner.text[scanner.at] === " ") scanner.at += 1;
    const next = scanner.text[scanner.at];
    if (next === undefined || next === "|" || next === ")" || next === "]") return all;
    const part = item(scanner, value);
    all = all.flatMap((head) => part.map((tail) => [...head, ...tail]));
  }
}

function item(scanner: Scanner, outer: boolean): Part {
  const value = scanner.text[scanner.at] === "=" || outer;
  if (scanner.text[scanner.at] === "=") scanner.at += 1;
  const open = scanner.text[scanner.at];
  if (open === "(" || open === "[") {
    scanner.at += 1;
    const inner = alternatives(scanner, value);
    scanner.at += 1;
    return open === "[" ? [...inner, []] : inner;
  }
  const match = /^(<[^>]+>|[^ |()[\]]+)/.exec(scanner.text.slice(scanner.at));
  if (!match) throw new Error(`cannot read the form: ${scanner.text}`);
  scanner.at += match[0].length;
  return [[token(match[0], value)]];
}

function token(text: string, value: boolean): Token {
  if (!text.startsWith("<")) return { keyword: text, value };
  const [arg = "", type = "word"] = text.slice(1, -1).split(":");
  return { arg, type: /^\d+-\d+$/.test(arg) && type === "word" ? arg : type, value };
}

/** The sequences of `no …`: the whole form, and the form without each run of trailing values. */
export function negated(sequence: Token[]): Token[][] {
  const all = [sequence];
  let end = sequence.length;
  while (end > 0 && sequence[end - 1]!.value) {
    end -= 1;
    all.push(sequence.slice(0, end));
  }
  return all;
}
