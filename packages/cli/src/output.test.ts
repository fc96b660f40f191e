import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ago, paint, printable, printList, printValue, table, type Format, type Screen } from "./output.ts";

function screen(): Screen & { seen: { out: string; err: string } } {
  const seen = { out: "", err: "" };
  const out = (text: string): void => void (seen.out += text);
  return { seen, out, outText: out, err: (text) => void (seen.err += text), width: undefined, colour: false };
}

const columns = [
  { title: "name", of: (row: { name: string; n?: number }) => row.name },
  { title: "n", of: (row: { name: string; n?: number }) => row.n, right: true },
];

describe("tables", () => {
  test("columns line up, numbers stand right, nothing trails", () => {
    expect(table([{ name: "lyon-1", n: 5 }, { name: "x", n: 12345 }, { name: "y" }], columns)).toBe(
      ["NAME        N", "lyon-1      5", "x       12345", "y", ""].join("\n"),
    );
  });

  test("a cell never takes more than its line, and cannot move the cursor", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const text = table([{ name, n: 1 }], columns);
        return text.split("\n").length === 3 && ["\u001b", "\u009b", "\r", "\u202e"].every((evil) => !text.includes(evil));
      }),
      { numRuns: 500 },
    );
  }, 30_000); // the first text of any script costs seconds on a busy machine, the others nothing

  test("an empty list says what to do next on stderr, and is an empty list for programs", () => {
    for (const [format, out, err] of [
      ["table", "", "No devices.\n"],
      ["json", "[]\n", ""],
      ["yaml", "[]\n", ""],
    ] as [Format, string, string][]) {
      const shown = screen();
      printList(shown, format, { rows: [], columns, empty: "No devices." });
      expect(shown.seen).toEqual({ out, err });
    }
  });

  test("a value shows its members in lines; labels and lists are readable", () => {
    const shown = screen();
    printValue(shown, "table", { name: "r1", labels: { site: "lyon", role: "edge" }, permissions: ["a", "b"], gone: undefined });
    expect(shown.seen.out).toBe("name         r1\nlabels       site=lyon, role=edge\npermissions  a, b\n");
  });

  test("JSON and YAML keep everything as it is", () => {
    const value = { name: "r\u001b1", n: 1, list: [{ a: null }] };
    const shown = screen();
    printValue(shown, "json", value);
    expect(JSON.parse(shown.seen.out)).toEqual(value);
  });
});

describe("text from outside", () => {
  test("loses what moves the cursor, rings, colours or turns the direction; keeps lines, tabs and all scripts", () => {
    expect(printable("a\u001b[2Jb\u0007c\u009bd\u202ee")).toBe("a�[2Jb�c�d�e");
    expect(printable("line 1\n\tline 2 — Zürich 東京")).toBe("line 1\n\tline 2 — Zürich 東京");
  });

  test("is coloured only where colours are wanted", () => {
    expect(paint(screen(), "red", "x")).toBe("x");
    expect(paint({ ...screen(), colour: true }, "red", "x")).toBe("\u001b[31mx\u001b[0m");
  });
});

test("how long ago is told in the largest unit that fits", () => {
  const now = Date.UTC(2026, 0, 10);
  const before = (seconds: number): string => ago(new Date(now - seconds * 1000).toISOString(), now);
  expect([before(5), before(600), before(7200), before(864_000), before(-5), ago(undefined)]).toEqual([
    "5 s ago",
    "10 min ago",
    "2 h ago",
    "10 d ago",
    "0 s ago",
    "never",
  ]);
});
