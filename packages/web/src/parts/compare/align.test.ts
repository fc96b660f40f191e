import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DiffLine } from "@holdfast/contract";
import { align } from "./align.ts";
import { wordChanges } from "./words.ts";

const running = `version 17.3
!
hostname turin-1
!
interface Gi1
 ip address 10.0.0.1 255.255.255.0
 ip ospf hello-interval 1
!
interface Gi2
 ip ospf hello-interval 1
 shutdown
!
ntp server 192.0.2.1
line vty 0 4
 login local
`;
const intended = `hostname turin-1
!
interface Gi1
 ip address 10.0.0.1 255.255.255.0
 ip ospf hello-interval 3
!
interface Gi2
 ip ospf hello-interval 1
!
line vty 0 4
 login local
ntp server 192.0.2.1
logging host 192.0.2.9
`;
const diff: DiffLine[] = [
  { op: "keep", text: "interface Gi1" },
  { op: "remove", text: " ip ospf hello-interval 1" },
  { op: "add", text: " ip ospf hello-interval 3" },
  { op: "keep", text: "interface Gi2" },
  { op: "remove", text: " shutdown" },
  { op: "add", text: "logging host 192.0.2.9" },
];

describe("two configurations side by side", () => {
  const aligned = align(running, intended, diff);
  if (aligned === undefined) throw new Error("they align");

  test("the right side is the intended text", () => expect(aligned.after).toBe(intended));
  test("the left side is what runs, in the order of the right, without what means nothing", () =>
    expect(aligned.before).toBe(`hostname turin-1
!
interface Gi1
 ip address 10.0.0.1 255.255.255.0
 ip ospf hello-interval 1
!
interface Gi2
 ip ospf hello-interval 1
 shutdown
!
line vty 0 4
 login local
ntp server 192.0.2.1
`));
  test("only what the difference names is a change, by words", () => {
    const said = aligned.changes.map((span) => [aligned.before.slice(span.fromA, span.toA), aligned.after.slice(span.fromB, span.toB)]);
    expect(said).toEqual([
      ["1", "3"],
      [" shutdown\n", ""],
      ["", "logging host 192.0.2.9\n"],
    ]);
  });
  test("lines keep the number that they have on the device", () =>
    expect(aligned.beforeNumbers).toEqual([3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 14, 15, 13]));
  test("what is left out is counted", () => expect(aligned.leftOut).toBe(1));
  test("a difference that does not fit the texts aligns nothing", () =>
    expect(align(running, intended, [{ op: "add", text: "not there" }])).toBeUndefined());
});

const anyLine = fc.constantFrom("interface Gi1", " shutdown", " mtu 9000", "hostname a", "hostname b", "!", "ntp server 1");

test("taking the changes from the left and putting in those of the right gives the right", () =>
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 20 }), fc.array(anyLine, { maxLength: 20 }), (a, b) => {
      const whole: DiffLine[] = [
        ...a.map((text): DiffLine => ({ op: "remove", text })),
        ...b.map((text): DiffLine => ({ op: "add", text })),
      ];
      const aligned = align(`${a.join("\n")}\n`, `${b.join("\n")}\n`, whole);
      if (aligned === undefined) return;
      let [text, at] = ["", 0];
      for (const span of aligned.changes) {
        text += aligned.before.slice(at, span.fromA) + aligned.after.slice(span.fromB, span.toB);
        at = span.toA;
      }
      expect(text + aligned.before.slice(at)).toBe(aligned.after);
    }),
  ));

test("words that differ are found, and nothing else", () =>
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("ip", "ospf", "1", "10.0.0.1", "  "), { maxLength: 8 }),
      fc.array(fc.constantFrom("ip", "ospf", "2", "  "), { maxLength: 8 }),
      (a, b) => {
        const [one, other] = [a.join(" "), b.join(" ")];
        let [text, at] = ["", 0];
        for (const span of wordChanges(one, other)) {
          text += one.slice(at, span.fromA) + other.slice(span.fromB, span.toB);
          at = span.toA;
        }
        expect(text + one.slice(at)).toBe(other);
      },
    ),
  ));
