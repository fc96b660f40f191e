/** What a device shows, it also understands: reading its own configuration back changes nothing. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frrGrammar, frrText } from "../frr/platform.ts";
import { sequencesOf, type Token } from "../grammar/pattern.ts";
import { iosGrammar, iosText } from "../ios/platform.ts";
import type { Compiled } from "./rules.ts";
import { ConfigSession, load, newConfig } from "./session.ts";
import type { Block } from "./tree.ts";

const samples: Record<string, string[]> = {
  word: ["alpha", "beta"],
  name: ["alpha", "beta"],
  list: ["ALPHA", "BETA"],
  hostname: ["lyon-1", "turin-2"],
  line: ["some words", "other words here"],
  regex: ["^65001_", "65001:100"],
  numbers: ["65001 65001", "10 20"],
  ip: ["10.0.0.1", "10.0.1.1", "192.0.2.7"],
  ip6: ["2001:db8::1"],
  mask: ["255.255.255.0", "255.255.255.252"],
  wildcard: ["0.0.0.255", "0.0.255.255"],
  prefix: ["10.0.0.0/24", "10.1.0.0/16"],
  "host-prefix": ["10.0.0.1/24", "10.0.4.1/30"],
  prefix6: ["2001:db8::/32"],
  area: ["0", "1", "0.0.0.3"],
  ifname: ["eth1", "lo", "GigabitEthernet1", "Loopback0", "gi2"],
  peer: ["10.0.0.1", "10.0.0.2", "PEERS"],
  asn: ["65001", "65002"],
  metric: ["10", "+5"],
  vlans: ["10", "20"],
  community: ["65001:1"],
};

const valueOf = (type: string): fc.Arbitrary<string> => {
  const range = /^(\d+)-(\d+)$/.exec(type);
  return range
    ? fc.constantFrom(range[1]!, range[2]!, String(Math.min(Number(range[2]), Number(range[1]) + 3)))
    : fc.constantFrom(...samples[type]!);
};

const lineOf = (sequence: Token[]): fc.Arbitrary<string> =>
  fc
    .tuple(...sequence.map((token) => ("keyword" in token ? fc.constant(token.keyword) : valueOf(token.type))))
    .map((words) => words.join(" "));

type KnownMode = Compiled["modes"] extends Map<string, infer M> ? M : never;

const formsOf = (mode: KnownMode): string[] =>
  mode.known.filter(({ negative, rule }) => !negative && !rule.onlyNo && !rule.leaves && !rule.collects).map(({ rule }) => rule.form);

const someLine = (mode: KnownMode): fc.Arbitrary<string> => {
  const text = fc.constantFrom(...formsOf(mode)).chain((form) => fc.constantFrom(...sequencesOf(form)).chain(lineOf));
  return fc.tuple(fc.integer({ min: 0, max: 4 }), text).map(([dice, line]) => (dice === 0 ? `no ${line}` : line));
};

/** A block and lines of its kind, or lines of the outermost mode; many are refused, as they would be by a device. */
function section(grammar: Compiled): fc.Arbitrary<string[]> {
  const root = grammar.modes.get(grammar.root)!;
  const blocks = [...grammar.modes.values()].flatMap((outer) =>
    outer.known.flatMap(({ negative, rule }) => (!negative && rule.mode ? [{ outer, rule }] : [])),
  );
  const plain = fc.array(someLine(root), { minLength: 1, maxLength: 6 });
  const block = fc.constantFrom(...blocks).chain(({ outer, rule }) => {
    const inner = fc.array(someLine(grammar.modes.get(rule.mode!)!), { maxLength: 8 });
    const opens = fc.constantFrom(...sequencesOf(rule.form)).chain(lineOf);
    const around = outer === root ? [] : blocks.filter((one) => one.outer === root && grammar.modes.get(one.rule.mode!) === outer);
    const first =
      around.length === 0
        ? fc.constant<string[]>([])
        : fc
            .constantFrom(...sequencesOf(around[0]!.rule.form))
            .chain(lineOf)
            .map((line) => [line]);
    return fc.tuple(first, opens, inner).map(([before, line, lines]) => [...before, line, ...lines]);
  });
  return fc.oneof(plain, block, block);
}

const linesOf = (grammar: Compiled): fc.Arbitrary<string[]> =>
  fc.array(section(grammar), { minLength: 1, maxLength: 12 }).map((sections) => sections.flat());

/** FRR shows `on-match` of an entry that came to deny, and does not take it back; so does ours. */
const takesBack = (line: string): boolean => !/^(no )?(on-match|continue)/.test(line);

function check(grammar: Compiled, text: (root: Block) => string): void {
  const hardware = ["GigabitEthernet1", "GigabitEthernet2", "eth1", "lo"];
  fc.assert(
    fc.property(linesOf(grammar), (lines) => {
      const config = newConfig(grammar, hardware);
      const session = new ConfigSession(config);
      for (const line of lines.filter(takesBack)) if (session.line(line).is === "question") session.answer(true);
      const shown = text(config.root);
      const again = newConfig(grammar, hardware);
      expect(load(again, shown.split("\n"))).toEqual([]);
      expect(text(again.root)).toBe(shown);
    }),
    { numRuns: 200 },
  );
}

describe("a configuration read back is the same configuration", () => {
  test("FRR", () => expect(() => check(frrGrammar, frrText)).not.toThrow());
  test("IOS", () => expect(() => check(iosGrammar, iosText)).not.toThrow());
});
