import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planCommands, ruinOf } from "./index.ts";

/** Calls as `from sequence to`. */
type Calls = [from: string, seq: number, to: string][];

const names = ["A", "B", "C", "D", "E"];
const call = fc.tuple(fc.constantFrom(...names), fc.constantFrom(10, 20), fc.constantFrom(...names));
/** In an order of its own, each calls later ones only. */
const acyclic = fc
  .tuple(fc.shuffledSubarray(names, { minLength: names.length }), fc.array(call, { maxLength: 8 }))
  .map(([order, calls]) => calls.filter(([from, , to]) => order.indexOf(from) < order.indexOf(to)));

function configOf(calls: Calls, policies: readonly string[]): string {
  const entries = new Map(policies.map((name) => [`route-map ${name} permit 10`, [] as string[]]));
  for (const [from, seq, to] of calls) entries.set(`route-map ${from} permit ${seq}`, [` call ${to}`]);
  return [...entries].map(([head, lines]) => [head, ...lines, "exit", ""].join("\n")).join("");
}

/** What the maps of a router call, as it takes lines one by one. */
class Maps {
  readonly #calls = new Map<string, string>();
  #at = "";

  type(line: string): void {
    const [, no, name, seq] = /^(no )?route-map (\S+)(?: permit (\d+))?$/.exec(line) ?? [];
    if (name !== undefined && no === undefined) this.#at = `${name} ${seq}`;
    else if (name !== undefined)
      for (const key of this.#calls.keys())
        if (key === `${name} ${seq}` || (seq === undefined && key.startsWith(`${name} `))) this.#calls.delete(key);
    const to = /^call (\S+)$/.exec(line.trim())?.[1];
    if (to !== undefined) this.#calls.set(this.#at, to);
    if (line.trim().startsWith("no call")) this.#calls.delete(this.#at);
  }

  get calls(): Calls {
    return [...this.#calls].map(([key, to]) => [key.split(" ")[0] ?? "", Number(key.split(" ")[1]), to]);
  }

  get circular(): boolean {
    const leadsTo = (from: string, goal: string, seen: readonly string[]): boolean =>
      this.calls.some(([one, , to]) => one === from && (to === goal || (!seen.includes(to) && leadsTo(to, goal, [...seen, to]))));
    return names.some((name) => leadsTo(name, name, []));
  }
}

describe("route-maps that call each other", () => {
  test("in a circle are found, with their lines, however long it is", () => {
    const text = "route-map A permit 10\n call B\nexit\nroute-map B deny 5\nexit\nroute-map B permit 20\n match tag 3\n call A\nexit\n";
    expect(ruinOf(text, "frr")).toEqual({
      say: "Route-maps call each other in a circle (A calls B on line 2, B calls A on line 8), which makes zebra and bgpd of FRR 8 crash. Take one of these calls out.",
      lines: [2, 8],
    });
    expect(ruinOf("route-map A permit 10\n call A\nexit\n", "frr")?.lines).toEqual([2]);
    expect(ruinOf(text.replace("call A", "call C"), "frr")).toBeUndefined();
    expect(ruinOf(text, "ios")).toBeUndefined();
  });

  test("are called a circle exactly when they are one", () => {
    fc.assert(
      fc.property(fc.array(call, { maxLength: 10 }), (calls) => {
        const text = configOf(calls, []);
        const maps = new Maps();
        for (const line of text.split("\n")) maps.type(line);
        expect(ruinOf(text, "frr") !== undefined).toBe(maps.circular);
      }),
      { numRuns: 2000 },
    );
  });

  test("make no circle on the way from one configuration to another", () => {
    const policies = fc.subarray(names);
    fc.assert(
      fc.property(acyclic, policies, acyclic, policies, (before, kept, after, made) => {
        const [running, intended] = [configOf(before, kept), configOf(after, made)];
        const router = new Maps();
        for (const line of running.split("\n")) router.type(line);
        for (const line of planCommands(running, intended, "frr")) {
          router.type(line);
          expect(router.circular, line).toBe(false);
        }
        const there = new Maps();
        for (const line of intended.split("\n")) there.type(line);
        expect(router.calls.map(String).sort()).toEqual(there.calls.map(String).sort());
      }),
      { numRuns: 2000 },
    );
  });
});
