import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accountsFor, diffConfigs, normalConfig, parseConfig, planCommands, printConfig, sameConfig } from "./index.ts";
import { iosConfig, otherHand } from "./random-ios.ts";
import { StrictRouter } from "./strict-router.ts";

const runs = { numRuns: 200 };

describe("a plan on a router that forgives nothing", () => {
  test("takes it from any configuration to any other, no line refused, nothing left to do", () => {
    fc.assert(
      fc.property(iosConfig, iosConfig, (before, after) => {
        const router = new StrictRouter(false).load(before);
        const strict = router.toStrict();
        const commands = planCommands(router.running(), after, "ios");
        strict.type(commands);
        expect(strict.refusals).toEqual([]);
        expect(strict.state()).toEqual(new StrictRouter(false).load(after).state());
        expect(planCommands(strict.running(), after, "ios")).toEqual([]);
      }),
      runs,
    );
  });

  test("leads back to where it came from", () => {
    fc.assert(
      fc.property(iosConfig, iosConfig, (one, other) => {
        const router = new StrictRouter(false).load(one).toStrict();
        const start = router.state();
        for (const text of [other, one]) router.type(planCommands(router.running(), text, "ios"));
        expect(router.refusals).toEqual([]);
        expect(router.state()).toEqual(start);
      }),
      runs,
    );
  });
});

describe("sameness", () => {
  test("a configuration has no difference to itself, whoever writes it", () => {
    fc.assert(
      fc.property(iosConfig, (text) => {
        const other = otherHand(text);
        expect(planCommands(text, other, "ios")).toEqual([]);
        expect(diffConfigs(other, text, "ios")).toMatchObject({ empty: true, added: 0, removed: 0, lines: [] });
        expect(normalConfig(other, "ios")).toBe(normalConfig(text, "ios"));
      }),
      runs,
    );
  });

  test("there is a difference when, and only when, there is something to type", () => {
    fc.assert(
      fc.property(iosConfig, iosConfig, (before, after) => {
        const { empty } = diffConfigs(before, after, "ios");
        expect(planCommands(before, after, "ios").length === 0).toBe(empty);
        expect(normalConfig(before, "ios") === normalConfig(after, "ios")).toBe(empty);
      }),
      runs,
    );
  });

  test("of a device with itself, every line counts: the hash, the difference and the way back agree", () => {
    const silent = fc.subarray([
      "ip http server",
      "no ip http secure-server",
      "ip cef",
      "no ipv6 cef",
      "license boot level x",
      "redundancy",
    ]);
    const device = fc.tuple(iosConfig, silent).map(([text, lines]) => `${text}\n${lines.join("\n")}\n`);
    fc.assert(
      fc.property(device, device, (before, after) => {
        const empty = sameConfig(before, after, "ios");
        expect(planCommands(before, after, "ios", "whole").length === 0).toBe(empty);
        expect(normalConfig(before, "ios", "whole") === normalConfig(after, "ios", "whole")).toBe(empty);
        expect(sameConfig(before, otherHand(before), "ios")).toBe(true);
      }),
      runs,
    );
  });

  test.each([
    ["ios" as const, "hostname a\nno ip http server\n", "hostname a\nip http server\n", ["ip http server"]],
    ["ios" as const, "hostname a\n", "hostname a\nplatform punt-keepalive disable\n", ["platform punt-keepalive disable"]],
    ["ios" as const, "interface GigabitEthernet1\n shutdown\n", "", ["interface GigabitEthernet1", "no shutdown", "exit"]],
    ["frr" as const, "", "no ip forwarding\n", ["no ip forwarding"]],
    ["frr" as const, "password 8 aaaaaaaaaaaaa\n", "password 8 bbbbbbbbbbbbb\n", ["password 8 bbbbbbbbbbbbb"]],
  ])("a line of %s that an intent may be silent about is a difference of a device from itself", (dialect, before, after, commands) => {
    expect(sameConfig(before, after, dialect)).toBe(false);
    expect(normalConfig(before, dialect, "whole")).not.toBe(normalConfig(after, dialect, "whole"));
    expect(planCommands(before, after, dialect, "whole")).toEqual(commands);
    expect(planCommands(after, before, dialect, "whole")).not.toEqual([]);
  });

  test("an intent accounts for a line that a device writes by itself only when it speaks of it", () => {
    const [before, now] = ["hostname a\nno ip http server\n", "hostname b\nip http server\n"];
    expect(accountsFor("hostname b\n", [before, now], "ios")).toBe(false);
    expect(accountsFor("hostname b\nip http server\n", [before, now], "ios")).toBe(true);
    expect(accountsFor("hostname b\n", [before, before.replace("a", "b")], "ios")).toBe(true);
  });

  test("a parsed text printed and parsed again is the same tree, whatever the text", () => {
    const anything = fc.oneof(
      iosConfig,
      fc.array(fc.string({ maxLength: 40 }), { maxLength: 30 }).map((lines) => lines.join("\n")),
    );
    for (const dialect of ["ios", "frr"] as const) {
      fc.assert(
        fc.property(anything, (text) => {
          const printed = printConfig(parseConfig(text, dialect));
          expect(printConfig(parseConfig(printed, dialect))).toBe(printed);
        }),
        runs,
      );
    }
  });

  test("any two texts at all are compared and planned without an error", () => {
    const word = fc.constantFrom(
      "no",
      "router",
      "bgp",
      "neighbor",
      "interface",
      "ip",
      "address",
      "10.0.0.1",
      "permit",
      "5",
      "seq",
      "{",
      "^C",
      "exit",
      "!",
      "banner motd",
      "key",
      "area",
    );
    const line = fc
      .tuple(fc.nat(3), fc.array(word, { minLength: 1, maxLength: 6 }))
      .map(([depth, words]) => " ".repeat(depth) + words.join(" "));
    const text = fc.array(line, { maxLength: 20 }).map((lines) => lines.join("\n"));
    for (const dialect of ["ios", "frr"] as const) {
      fc.assert(
        fc.property(text, text, (one, other) => {
          expect(planCommands(one, one, dialect)).toEqual([]);
          expect(Array.isArray(planCommands(one, other, dialect))).toBe(true);
        }),
        runs,
      );
    }
  });
});
