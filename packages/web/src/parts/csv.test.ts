import { expect, test } from "vitest";
import { csvOf } from "./csv.ts";

test("commas, quotes and line feeds stay inside their cell", () =>
  expect(csvOf(["a", "b"], [['say "no", please', "two\nlines"]])).toBe('a,b\r\n"say ""no"", please","two\nlines"\r\n'));

test("no cell becomes a formula of a spreadsheet, and numbers stay numbers", () =>
  expect(csvOf(["x"], [["=1+1"], ["@cmd"], ["-name"], [-5]])).toBe("x\r\n'=1+1\r\n'@cmd\r\n'-name\r\n-5\r\n"));
