import { expect, test } from "vitest";
import { readDevices } from "./exchange.ts";

test("a row of an import is refused in the words of the one who wrote it: what is missing, and what is not right", () => {
  const { devices, errors } = readDevices("csv", "name,platform,address,port\nlyon-core-1,ios,10.0.0.1,22\n,iosx,,99999\n");
  expect(devices.map(({ spec }) => spec.name)).toEqual(["lyon-core-1"]);
  expect(errors.slice(0, 1)).toEqual([{ at: "row 3, column name", say: "must be given" }]);
  expect(errors.find(({ at }) => at === "row 3, column address")?.say).toBe("must be given");
  expect(errors.find(({ at }) => at === "row 3, column platform")?.say).toMatch(/ios.*frr/);
  expect(errors.find(({ at }) => at === "row 3, column port")?.say).toMatch(/65535/);
});
