import { describe, expect, test } from "vitest";
import { fitting, moved, nextSort, readSort, type Column } from "./columns.ts";

const column = (id: string, rest: Partial<Column<string>> = {}): Column<string> => ({
  id,
  header: id,
  cell: (row) => row,
  text: (row) => row,
  width: "1fr",
  ...rest,
});

describe("columns", () => {
  const columns = [
    column("name"),
    column("site", { from: "mid" }),
    column("labels", { from: "wide" }),
    column("state", { only: "narrow" }),
  ];
  test.each([
    ["narrow", "name state"],
    ["mid", "name site"],
    ["wide", "name site labels"],
  ] as const)("a %s list shows what fits", (room, ids) =>
    expect(
      fitting(columns, room)
        .map((one) => one.id)
        .join(" "),
    ).toBe(ids),
  );
  test("a header goes up, down, and back to how the rows came", () => {
    expect(nextSort(undefined, "name")).toBe("name");
    expect(nextSort("name", "name")).toBe("-name");
    expect(nextSort("-name", "name")).toBeUndefined();
    expect(nextSort("site", "name")).toBe("name");
    expect(readSort("-name")).toEqual([{ id: "name", desc: true }]);
  });
});

describe("keys in a list", () => {
  test("j begins at the first row and stops at the last", () => {
    expect(moved(undefined, "j", 3)).toBe(0);
    expect(moved(1, "j", 3)).toBe(2);
    expect(moved(2, "j", 3)).toBe(2);
  });
  test("k begins at the last row and stops at the first", () => {
    expect(moved(undefined, "k", 3)).toBe(2);
    expect(moved(0, "k", 3)).toBe(0);
  });
  test("other keys and empty lists do not move", () => {
    expect(moved(1, "z", 3)).toBeUndefined();
    expect(moved(undefined, "j", 0)).toBeUndefined();
  });
});
