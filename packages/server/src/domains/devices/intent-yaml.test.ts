import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readIntent, renderDevice } from "./intent.ts";

const device = (name: string, spec = "platform: frr, address: 10.0.0.1, site: lyon", labels = "role: edge") =>
  `apiVersion: holdfast/v1\nkind: Device\nmetadata: { name: ${name}, labels: { ${labels} } }\nspec: { ${spec} }\n`;
const intentOf = (files: Record<string, string>) => readIntent(new Map(Object.entries(files)));
const problemsOf = (files: Record<string, string>) => intentOf(files).problems.map(({ at, say }) => `${at} ${say}`);
const textOf = (files: Record<string, string>, name = "r1") => {
  const rendered = renderDevice(intentOf(files), name);
  return "problem" in rendered ? `${rendered.problem.at} ${rendered.problem.code}: ${rendered.problem.say}` : rendered.text;
};
const template = "templates/frr/device.j2";

describe("YAML", () => {
  const inData = (text: string) => problemsOf({ "data/global.yaml": text });

  test.each([
    ["a: yes", "data/global.yaml:1 yes is true to some readers of YAML and text to others; write true or false, or put it in quotes."],
    ["a:\n  - b: off", "data/global.yaml:2 off is false to some readers"],
    ["on: 1", "data/global.yaml:1 on is true to some readers"],
    ["vlan: 010", "data/global.yaml:1 010 is a different number to different readers of YAML"],
    ["n: 1_000", "data/global.yaml:1 1_000 is a different number"],
    ["a: 1\nb: 2\na: 3", "data/global.yaml:3 The key a stands twice in this mapping."],
    ["a: {b: 1, c: [1, {d: 1, d: 2}]}", "data/global.yaml:1 The key d stands twice"],
    ["a: 1\n b: 2", "data/global.yaml:1 Nested mappings are not allowed"],
    ["a: *nope", "data/global.yaml:1 "],
    ["a: &x [1, *x]", "data/global.yaml:1 *x stands inside what it names."],
    ["a: !!python/object:os.system x", "data/global.yaml:1 "],
    ["a: 1\n---\nb: 2", "data/global.yaml:3 A data file holds one document."],
    ["- 1", "data/global.yaml:1 A data file holds a mapping"],
    ["ntp server: 1", "data/global.yaml:1 ntp server cannot be the name of a variable"],
    ["10: x", "data/global.yaml:1 10 cannot be the name of a variable"],
    ["? [a]\n: 1", "data/global.yaml:1 A key must be a text or a whole number."],
  ])("%j is refused with its line", (text, say) => {
    expect(inData(text)[0]).toContain(say);
  });

  test("what may be written", () => {
    const text =
      'a: "yes"\nb: true\nc: 1.0\nd: 12:30:45\ne: 00:11:22:33:44:55\nf: |\n  yes\n  [[[\ng: &base {x: 1, y: [1]}\nh: {<<: *base, x: 2}\ni: 0x1F\nj: ~\nk: 123456789012345678901234567890\nl: {10: ten}\n';
    expect(inData(text)).toEqual([]);
    const files = {
      "inventory/a.yaml": device("r1"),
      "data/global.yaml": text,
      [template]: "{{ a }} {{ b }} {{ c }} {{ d }} {{ e }} {{ f }}{{ h }} {{ i }} {{ j }} {{ k }} {{ l[10] }}",
    };
    expect(textOf(files)).toBe(
      "yes True 1.0 12:30:45 00:11:22:33:44:55 yes\n[[[\n{'x': 2, 'y': [1]} 31 None 123456789012345678901234567890 ten",
    );
  });

  test("bombs are refused before they go off", () => {
    const laughs = [
      "a: &a [1,1,1,1,1,1,1,1,1,1]",
      ..."bcdefghi".split("").map((name, i) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${"abcdefgh"[i]}`).join(",")}]`),
    ].join("\n");
    const bombs = [
      laughs,
      "[".repeat(100_000),
      `a: ${"[".repeat(70)}${"]".repeat(70)}`,
      "- ".repeat(50_000),
      "? ".repeat(50_000),
      Array.from({ length: 80 }, (_, i) => `${" ".repeat(i)}k:`).join("\n"),
      "a: ".padEnd(1_100_000, "x"),
      `${"{a: ".repeat(90)}1${"}".repeat(90)}`,
    ];
    for (const bomb of bombs) {
      const began = performance.now();
      expect(inData(bomb)[0]).toMatch(/deeper than 64|more than 200000 values|larger than 1024 KiB/);
      expect(performance.now() - began).toBeLessThan(5000);
    }
  });

  test("many keys are no bomb", () => {
    const began = performance.now();
    expect(inData(Array.from({ length: 40_000 }, (_, i) => `key${i}: ${i}`).join("\n"))).toEqual([]);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test("brackets in texts and comments are no depth", () => {
    expect(
      inData(
        `a: "${"[".repeat(100)}" # ${"{".repeat(100)}\nb: |\n${Array.from({ length: 80 }, (_, i) => `${" ".repeat(i + 2)}x`).join("\n")}\n`,
      ),
    ).toEqual([]);
  });

  test("any text gives documents or faults with a line of the file", () => {
    const piece = fc.constantFrom(
      "a",
      ":",
      " ",
      "\n",
      "- ",
      "[",
      "]",
      "{",
      "}",
      "'",
      '"',
      "|",
      ">",
      "&a",
      "*a",
      "!",
      "%",
      "#",
      "---\n",
      "...\n",
      "<<",
      "? ",
      "\t",
      "yes",
      "0x1",
      "1.0",
      "\u0000",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        const text = pieces.join("");
        const count = text.split("\n").length;
        for (const { at } of intentOf({ "data/global.yaml": text, "inventory/x.yaml": text, "policies/x.yaml": text }).problems) {
          expect(at).toMatch(/^(?:data\/global|inventory\/x|policies\/x)\.yaml:\d+$/);
          expect(Number(at.split(":")[1])).toBeLessThanOrEqual(count);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
