/** docs/asvs.md says of every requirement of ASVS 5.0, levels 1 and 2, what proves it; what it names is there. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, "utf8");

/** The requirements of each section by their levels, in order, as the standard's own table has them; docs/asvs.md says which table. */
const levels = `
  1.1 22  1.2 1111122223  1.3 112222222223  1.4 222  1.5 123
  2.1 122  2.2 112  2.3 12223  2.4 23
  3.1 3  3.2 113  3.3 12223  3.4 11222233  3.5 11122333  3.6 3  3.7 22333
  4.1 12233  4.2 23333  4.3 22  4.4 1222
  5.1 2  5.2 112333  5.3 113  5.4 222
  6.1 122  6.2 111111112222  6.3 11223333  6.4 112233  6.5 22222333  6.6 2223  6.7 33  6.8 2222
  7.1 222  7.2 1111  7.3 22  7.4 11222  7.5 223  7.6 22
  8.1 1233  8.2 1123  8.3 133  8.4 23
  9.1 111  9.2 1222
  10.1 22  10.2 223  10.3 22223  10.4 1111122222233333  10.5 22222  10.6 22  10.7 222
  11.1 2233  11.2 22233  11.3 11233  11.4 1222  11.5 23  11.6 23  11.7 33
  12.1 12233  12.2 11  12.3 22223
  13.1 2333  13.2 222223  13.3 2233  13.4 1222233
  14.1 22  14.2 12223333  14.3 122
  15.1 12233  15.2 12233  15.3 1222222  15.4 3333
  16.1 2  16.2 22222  16.3 2222  16.4 222  16.5 2223
  17.1 23  17.2 22223333  17.3 22`;
const required = [...levels.matchAll(/(\d+\.\d) ([123]+)/g)].flatMap(([, section = "", all = ""]) =>
  all.split("").map((level, at) => ({ id: `v5.0.0-${section}.${at + 1}`, level })),
);

const text = read("docs/asvs.md");
const rows = [...text.matchAll(/^\| (v5\.0\.0-[\d.]+) \| (.+?) \| (.+?) \| (.+) \|$/gm)].map(
  ([, id = "", wording = "", state = "", why = ""]) => ({
    id,
    wording,
    state,
    why,
  }),
);
const counted = (state: string): number => rows.filter((row) => row.state === state).length;

describe(`ASVS 5.0, levels 1 and 2: ${counted("proved")} proved, ${counted("open")} open, ${counted("not here")} not here`, () => {
  test("every requirement has its row, once, in the standard's order", () => {
    const count = (level: string): number => required.filter((one) => one.level === level).length;
    expect([count("1"), count("2"), count("3")]).toEqual([70, 183, 92]);
    expect(rows.map(({ id }) => id)).toEqual(required.filter(({ level }) => level !== "3").map(({ id }) => id));
    expect(rows.filter(({ state }) => !["proved", "open", "not here"].includes(state))).toEqual([]);
    expect(rows.filter(({ wording, why }) => wording.length < 4 || why.length < 10)).toEqual([]);
  });

  test("every proof is a test of that title in that file, or a section of that document", () => {
    const faults = rows
      .filter(({ state }) => state === "proved")
      .flatMap(({ id, why }) =>
        why
          .split("<br>")
          .flatMap((proof) => faultOf(proof) ?? [])
          .map((fault) => `${id}: ${fault}`),
      );
    expect(faults).toEqual([]);
  });

  test("a proof that is none is told", () => {
    expect(faultOf("`packages/server/test/asvs.test.ts` a title that is not there")).toContain("has no test");
    expect(faultOf("`packages/server/test/nothing.test.ts` x")).toContain("is not there");
    expect(faultOf("`docs/asvs.md` # Nothing")).toContain("has no section");
    expect(faultOf("somewhere")).toContain("names no file");
  });
});

/** What is wrong with a proof: "`file` title" or "`document` # section"; undefined when it is there. */
function faultOf(proof: string): string | undefined {
  const [, path = "", section, title = ""] = /^`([^`]+)` (# )?(.+)$/.exec(proof) ?? [];
  if (path === "") return `"${proof}" names no file`;
  if (!existsSync(`${root}${path}`)) return `${path} is not there`;
  if (section !== undefined) return sectionsOf(path).includes(title) ? undefined : `${path} has no section "${title}"`;
  return titlesOf(path).has(title) ? undefined : `${path} has no test "${title}"`;
}

function sectionsOf(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.*)$/gm)].map((match) => match[1] ?? "");
}

const known = new Map<string, ReadonlySet<string>>();

/** Titles of the tests of a file; what a template puts in stands as …. */
function titlesOf(path: string): ReadonlySet<string> {
  const titles = known.get(path) ?? new Set(titlesIn(parseSync(path, read(path)).program.body));
  known.set(path, titles);
  return titles;
}

interface Node {
  type?: string;
  name?: string;
  value?: unknown;
  object?: Node;
  callee?: Node;
  arguments?: Node[];
  quasis?: { value: { cooked: string } }[];
}

function titlesIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(titlesIn);
  if (typeof node !== "object" || node === null) return [];
  const { type, callee, arguments: given = [] } = node as Node;
  const own = type === "CallExpression" && nameOf(callee) === "test" ? titleOf(given[0]) : undefined;
  return [...(own === undefined ? [] : [own]), ...Object.values(node).flatMap(titlesIn)];
}

/** `test` of `test.each(table)("…")`. */
function nameOf(node: Node | undefined): string | undefined {
  return node?.type === "MemberExpression" ? nameOf(node.object) : node?.type === "CallExpression" ? nameOf(node.callee) : node?.name;
}

function titleOf(node: Node | undefined): string | undefined {
  if (node?.type === "TemplateLiteral") return node.quasis?.map(({ value }) => value.cooked).join("…");
  return typeof node?.value === "string" ? node.value : undefined;
}
