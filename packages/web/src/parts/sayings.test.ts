import { expect, test } from "vitest";
import { nameIn, partsOf } from "./sayings.ts";

test("a subject is its kind and its id, whatever stands in the id", () => {
  expect(partsOf("device:dev_1")).toEqual({ kind: "device", id: "dev_1" });
  expect(partsOf("secret:lyon:routers")).toEqual({ kind: "secret", id: "lyon:routers" });
  expect(partsOf("odd")).toEqual({ kind: "", id: "odd" });
});

test("what is gone is named by the entry of its removal", () => {
  expect(nameIn({ before: { name: "lyon-core-1" }, after: undefined })).toBe("lyon-core-1");
  expect(nameIn({ before: { name: "old" }, after: { name: "new" } })).toBe("new");
  expect(nameIn({ before: null, after: { name: 4 } })).toBeUndefined();
});
