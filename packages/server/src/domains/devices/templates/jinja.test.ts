/** Against what Python's Jinja2 answered; lab/jinja.test.ts asks it again and keeps the record true. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { agrees, generated, runCase, templateCases } from "../../../../test/templates/run.ts";

const record = JSON.parse(readFileSync(join(import.meta.dirname, "../../../../test/templates/jinja.golden.json"), "utf8")) as Record<
  "table" | "generated",
  Record<string, string | null>
>;
const answer = (text: string | null | undefined) => (text === undefined ? {} : text === null ? { error: "recorded" } : { text });

describe("a template means what it means in Python's Jinja2", () => {
  test("for every case of the table", () => {
    const compared = templateCases.filter(({ refused }) => refused === undefined);
    const wrong = compared.map((one) => ({ name: one.name, ours: runCase(one), theirs: answer(record.table[one.name]) }));
    expect(compared.length).toBeGreaterThan(350);
    expect(wrong.filter(({ ours, theirs }) => !agrees(ours, theirs))).toEqual([]);
  });

  test("for templates put together at random", () => {
    const wrong = Object.entries(record.generated).map(([template, text]) => ({
      template,
      ours: runCase(generated(template)),
      theirs: answer(text),
    }));
    expect(wrong.length).toBeGreaterThan(250);
    expect(wrong.filter(({ ours, theirs }) => !agrees(ours, theirs))).toEqual([]);
  });
});

describe("what Jinja2 takes and Holdfast does not is refused", () => {
  test.each(templateCases.filter(({ refused }) => refused !== undefined).map((one) => [one.name, one] as const))("%s", (_, one) => {
    expect(runCase(one)).toHaveProperty("error");
  });
});
