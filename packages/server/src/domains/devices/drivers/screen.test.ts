import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeLine, encodeLine, Screen } from "./screen.ts";

function shown(bytes: string): string[] {
  const screen = new Screen();
  screen.write(bytes);
  return [...screen.lines, screen.line];
}

describe("a screen", () => {
  test.each([
    ["line ends of every kind", "a\r\nb\r\r\nc\n\rd\n", ["a", "b", "c", "d", ""]],
    ["a carriage return overwrites", "abcdef\rxy", ["xycdef"]],
    ["backspaces and overwriting", "conf\b\b\b\bxx", ["xxnf"]],
    [
      "colours, cursor switches and titles print nothing",
      "\u001b[1;31mred\u001b[0m\u001b[?25h\u001b[?2004l\u001b]0;title\u0007!\u001b(B",
      ["red!"],
    ],
    ["erasing to the end of the line", "abcdef\r\u001b[Kxy", ["xy"]],
    ["erasing the whole line", "abc\u001b[2K\rxy", ["xy"]],
    ["erasing before the cursor", "abcd\u001b[2D\u001b[1K", ["  cd"]],
    ["deleting and inserting, as line editors do", "abcdef\u001b[4D\u001b[2P\u001b[1@X", ["abXef"]],
    ["moving to a column", "abcdef\u001b[3Gxy", ["abxyef"]],
    ["next line", "a\u001bEb", ["a", "b"]],
    ["bells and NULs print nothing", "a\u0007\u0000b", ["ab"]],
    ["tabs stay tabs", "a\tb", ["a\tb"]],
  ])("%s", (_name, bytes, lines) => {
    expect(shown(bytes)).toEqual(lines);
  });

  test("shows the same for every way a stream is cut", () => {
    const piece = fc.constantFrom(
      "a",
      "word",
      " ",
      "\r",
      "\n",
      "\b",
      "\u001b[K",
      "\u001b[2K",
      "\u001b[3D",
      "\u001b[1C",
      "\u001b[31m",
      "\u001b]0;t\u0007",
      "\u001b",
      "\u0007",
      "\t",
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 40 }),
        (pieces, cuts) => {
          const bytes = pieces.join("");
          const screen = new Screen();
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const size = cuts[turn % cuts.length] ?? 1;
            screen.write(bytes.slice(at, at + size));
            at += size;
          }
          expect([...screen.lines, screen.line]).toEqual(shown(bytes));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["backspaces, blanks, backspaces (IOS)", `${"\b".repeat(9)}${" ".repeat(8)}${"\b".repeat(9)} ip address\r\n`, " ip address"],
    ["carriage return and blanks (more)", "\r         \rtext\r\n", "text"],
    ["an erased line (less)", "\r\u001b[Ktext\r\n", "text"],
    ["nothing but a new line", "\r\ntext\r\n", "text"],
    ["an empty line after it", `${"\b".repeat(10)}${" ".repeat(10)}${"\b".repeat(10)}\r\n`, ""],
  ])("a pager that was answered leaves no trace: %s", (_name, after, line) => {
    const screen = new Screen();
    screen.write("before\r\n --More-- ");
    screen.wipe();
    screen.write(after);
    expect(screen.lines).toEqual(["before", line]);
  });

  test("bytes that are not UTF-8 are kept as ISO 8859-1, and UTF-8 survives", () => {
    expect(decodeLine(encodeLine("zażółć ↑"))).toBe("zażółć ↑");
    expect(decodeLine("caf\u00e9")).toBe("café");
  });
});
