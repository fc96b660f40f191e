import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isStale } from "./build-console.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-console-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, atS: number): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), "");
  utimesSync(join(root, path), atS, atS);
}

describe("the console is built", () => {
  test("when it is missing", () => {
    write("packages/web/src/main.tsx", 1000);
    expect(isStale(root)).toBe(true);
  });

  test("when one of its sources, however deep, or the contract is newer, and not otherwise", () => {
    write("packages/web/src/pages/devices/page.tsx", 1000);
    write("packages/contract/src/index.ts", 1000);
    write("packages/web/dist/index.html", 2000);
    const folders = ["packages/web/src", "packages/web/src/pages", "packages/web/src/pages/devices", "packages/contract/src"];
    for (const folder of folders) utimesSync(join(root, folder), 1000, 1000);
    expect(isStale(root)).toBe(false);
    write("packages/contract/src/devices.ts", 3000);
    expect(isStale(root)).toBe(true);
  });
});
