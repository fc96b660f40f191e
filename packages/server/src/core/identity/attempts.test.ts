import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accountBucket, addressBucket } from "./attempts.ts";
import { checkName, foldName } from "./names.ts";

describe("tries are counted", () => {
  test("for one account however its name is written", () => {
    expect(new Set(["Ada", "ada", " ADA ", "\uFF21da"].map(accountBucket)).size).toBe(1);
    expect(accountBucket("ada")).not.toBe(accountBucket("bob"));
  });

  test("without keeping what was typed as a name", () => {
    expect(accountBucket("hunter2")).not.toContain("hunter2");
  });

  test.each([
    ["192.0.2.7", "address:192.0.2.7"],
    ["::ffff:192.0.2.7", "address:192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2"],
    ["2001:0DB8:0001:0002::6", "address:2001:db8:1:2"],
    ["2001:db8::6", "address:2001:db8:0:0"],
    ["::1", "address:0:0:0:0"],
    ["fe80::1%eth0", "address:fe80:0:0:0"],
  ])("for the address %s as %s", (address, bucket) => {
    expect(addressBucket(address)).toBe(bucket);
  });

  test("together for all addresses of one IPv6 network", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 }), (host) => {
        expect(addressBucket(`2001:db8:7:8:${host.map((group) => group.toString(16)).join(":")}`)).toBe("address:2001:db8:7:8");
      }),
    );
  });
});

describe("a user's name", () => {
  test("is kept as written, and is one with its other spellings", () => {
    expect(checkName("  Ada Lovelace ")).toBe("Ada Lovelace");
    expect(foldName("ÅSA")).toBe(foldName("A\u030Asa"));
  });

  test.each(["", " ", "-ada", "a\nb", "a\0b", "a\u202Eb", "a/b", "user:ada", "<b>", "x".repeat(101)])("may not be %j", (name) => {
    expect(() => checkName(name)).toThrow("A user's name has up to 100 letters");
  });
});
