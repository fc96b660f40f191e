import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "@holdfast/kit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addKey, makeKeyRing, readKeyRing, type KeyRing } from "./key-ring.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "holdfast-keys-"));
  file = join(directory, "inner", "key-ring.json");
});
afterEach(() => rmSync(directory, { recursive: true }));

const made = (): KeyRing => {
  makeKeyRing(file);
  return readKeyRing({ file })!;
};
const inline = (text: string) => readKeyRing({ inline: new Secret(text) });
const key = Buffer.alloc(32, 7).toString("base64");
const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return "nothing was refused";
};

describe("a key ring in a file", () => {
  test("is made with one random key, readable by its owner only, and leaves no draft behind", () => {
    const ring = made();
    expect(ring.keys.get(ring.active)).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, "inner"))).toEqual(["key-ring.json"]);
  });

  test("is never made over one that is there", () => {
    const first = made();
    expect(makeKeyRing(file)).toBe(false);
    expect(readKeyRing({ file })).toEqual(first);
  });

  test("gets a new active key and keeps the old ones", () => {
    const first = made();
    const second = addKey(file);
    expect(second.active).not.toBe(first.active);
    expect(second.keys.get(first.active)).toEqual(first.keys.get(first.active));
    expect(readKeyRing({ file })).toEqual(second);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test.each([0o640, 0o604, 0o660])("is refused when others can read it (mode %o), with the mend", (mode) => {
    makeKeyRing(file);
    chmodSync(file, mode);
    expect(refusal(() => readKeyRing({ file }))).toContain(`Run: chmod 600 ${file}`);
  });

  test.each([
    ["not json", "it is not JSON"],
    [`{"active":"a"}`, "`active` and `keys`"],
    [`{"active":"a","keys":{"b":"${key}"}}`, `active key "a" is not among`],
    [`{"active":"a","keys":{"a":"c2hvcnQ="}}`, `key "a" is not 32 bytes`],
  ])("that is damaged is refused, saying why and showing no key: %s", (text, why) => {
    makeKeyRing(file);
    writeFileSync(file, text);
    const said = refusal(() => readKeyRing({ file }));
    expect(said).toContain(why);
    expect(said).not.toContain(key);
  });

  test("does not exist before it is made", () => {
    expect(readKeyRing({ file })).toBeUndefined();
    expect(refusal(() => addKey(file))).toContain("restore it");
  });

  test("holds what it says it holds", () => {
    const { active } = made();
    expect(Object.keys(JSON.parse(readFileSync(file, "utf8")))).toEqual(["active", "keys"]);
    expect(active).toMatch(/^key_[0-9a-z]{22}$/);
  });
});

describe("a key ring in the settings", () => {
  test("has its first key active", () => {
    const ring = inline(`new:${key}, old:${Buffer.alloc(32, 8).toString("base64")}`);
    expect(ring?.active).toBe("new");
    expect([...(ring?.keys.keys() ?? [])]).toEqual(["new", "old"]);
  });

  test("may be what a file holds", () => {
    const ring = made();
    expect(inline(readFileSync(file, "utf8"))).toEqual(ring);
  });

  test.each([
    ["", "has no id"],
    [key, "has no id"],
    ["a:short", `key "a" is not 32 bytes`],
    [`a:${key},a:${key}`, "there twice"],
  ])("that is malformed is refused without showing a key: %s", (text, why) => {
    const said = refusal(() => inline(text));
    expect(said).toContain(why);
    expect(said).not.toContain(key);
  });
});
