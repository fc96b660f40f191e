import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commonPasswords, isCommon } from "./common-passwords.ts";
import { checkPassword, defaultRules, wordsOfHost, type PasswordRules } from "./password-rules.ts";

const asvs: PasswordRules = { profile: "asvs", words: [] };
const why = (password: string, rules = defaultRules, about: string[] = []): string => {
  try {
    checkPassword(password, rules, about);
    return "";
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: "identity_password_weak", kind: "invalid" });
    return (thrown as Error).message;
  }
};

test.each([
  "correct horse battery",
  "Tr0ub4dor&three",
  "ünïcödé wörds äre fine",
  "a".repeat(3) + " long way to the harbour",
  "x7Kq-92mL.vvTe",
])("%s is a password", (password) => expect(why(password)).toBe(""));

test.each([
  ["short", "characters"],
  ["onlysmallhere", "three of"],
  ["Password1234", "everybody"],
  ["P@ssw0rd2024!", "everybody"],
  ["Qwertyuiop12345", "everybody"],
  ["1234567890123456", "everybody"],
  ["correcthorsebatterystaple", "everybody"],
  ["aaaaaaaaaaaaaaaaaaaa", "everybody"],
  ["abcabcabcabcabcabc", "everybody"],
  ["Administrator-2025", "everybody"],
  ["Holdfast-12345", "everybody"],
])("%s is none: %s", (password, reason) => expect(why(password)).toContain(reason));

test("a name of the person or of the place does not make a password", () => {
  expect(why("Ada.Lovelace-7", defaultRules, ["ada lovelace"])).toContain("name");
  expect(why("Contoso.12345.A", { ...defaultRules, words: ["contoso"] })).toContain("name");
  expect(why("ada lovelace rows to the island", defaultRules, ["ada lovelace"])).toBe("");
  expect(wordsOfHost("https://holdfast.contoso.net")).toEqual(["holdfast", "contoso"]);
  expect(wordsOfHost("http://192.168.1.1:80")).toEqual([]);
});

describe("the profile asvs", () => {
  test("asks for 15 characters, and for no kinds of them", () => {
    expect(why("xkqvwpmrtzbnhj", asvs)).toContain("15");
    expect(why("xkqvwpmrtzbnhjd", asvs)).toBe("");
  });
});

test("as much as 256 characters are a password, and each of them counts", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 128, maxLength: 200, unit: "grapheme" }), (text) => {
      const long = `Zx9!${text}`;
      if (!isCommon(long)) expect(why(long)).toBe("");
    }),
  );
});

test("the list holds more than ten thousand, and finds each of its own", () => {
  expect(commonPasswords().size).toBeGreaterThan(10_000);
  for (const password of commonPasswords()) if (!isCommon(password)) expect.fail(password);
});
