import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAllowed, parseReference, toFields, toValue } from "./reference.ts";

describe("a reference", () => {
  test.each([
    ["vault:kv/network/r1", { path: "kv/network/r1" }],
    ["vault:kv/network/r1#password", { path: "kv/network/r1", field: "password" }],
    ["vault:kv/r1?version=3#pw", { path: "kv/r1", version: 3, field: "pw" }],
    ["vault:kv/r1?username=net%20ops&version=2", { path: "kv/r1", version: 2, username: "net ops" }],
    ["vault:database/creds/reader", { path: "database/creds/reader" }],
  ])("%s names a path, and perhaps version, user name and field", (text, parts) => {
    expect(parseReference(text)).toEqual({ text, ...parts });
  });

  test.each([
    "vault:",
    "vault:kv",
    "vault:kv/",
    "vault:/kv/r1",
    "vault:kv//r1",
    "vault:kv/../sys/seal",
    "vault:kv/r1.",
    "vault:kv/r1?version=0",
    "vault:kv/r1?version=x",
    "vault:kv/r1?token=x",
    "vault:kv/r1?username=",
    "vault:kv/r1#",
    "vault:kv/r1#a#b",
    "vault:kv/r 1",
    " vault:kv/r1",
    "kv/r1",
  ])("%j is none", (text) => {
    expect(() => parseReference(text)).toThrow("A reference is vault:<mount>/<path>");
  });

  test("never becomes a path with an empty segment or one of dots, whatever is written", () => {
    const parts = fc.array(fc.constantFrom("a", "..", ".", "", "b.c", "sys", "kv"), { maxLength: 6 });
    fc.assert(
      fc.property(parts, (segments) => {
        try {
          const { path } = parseReference(`vault:${segments.join("/")}`);
          return path.split("/").every((segment) => segment !== "" && !segment.endsWith("."));
        } catch {
          return true;
        }
      }),
    );
  });

  test("may name what the operator's list begins, at a slash", () => {
    const list = ["kv/network", "database/creds/", "secret/one"];
    expect(["kv/network/r1", "kv/network", "database/creds/reader", "secret/one"].filter((path) => !isAllowed(path, list))).toEqual([]);
    expect(["kv/networks/r1", "kv", "database/config", "secret/one-more", "sys/raw"].filter((path) => isAllowed(path, list))).toEqual([]);
    expect(isAllowed("kv/network/r1", [])).toBe(false);
  });
});

describe("the fields of a secret", () => {
  const text = "vault:kv/r1";
  const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nx";
  test.each<[string, Record<string, unknown>, object, object]>([
    ["a password", { username: "a", password: "b" }, {}, { kind: "password", username: "a", password: "b" }],
    [
      "names as people write them",
      { User: "a", PASSWORD: "b", "enable-password": "c" },
      {},
      { kind: "password", username: "a", password: "b", enablePassword: "c" },
    ],
    [
      "a key before a password",
      { username: "a", password: "b", private_key: key },
      {},
      { kind: "ssh_key", username: "a", privateKey: key },
    ],
    ["a token", { username: "a", token: "t" }, {}, { kind: "git_https", username: "a", token: "t" }],
    ["a deploy key", { private_key: key, known_hosts: "h" }, {}, { kind: "git_ssh", privateKey: key, knownHosts: "h" }],
    ["a chosen field", { username: "a", r1: "b" }, { field: "r1" }, { kind: "password", username: "a", password: "b" }],
    ["a chosen key", { username: "a", r1: key }, { field: "r1" }, { kind: "ssh_key", username: "a", privateKey: key }],
    [
      "a user name of the reference",
      { password: "b", username: "x" },
      { username: "a" },
      { kind: "password", username: "a", password: "b" },
    ],
  ])("make a credential of %s", (_what, fields, parts, value) => {
    expect(toValue(fields, { text, ...parts })).toMatchObject(value);
  });

  test("that make none are refused without a word of what they hold", () => {
    for (const [fields, parts] of [
      [{ password: "hunter2" }, {}],
      [{ username: "a", password: { nested: "hunter2" } }, {}],
      [{ username: "a", hunter2: "x" }, { field: "none" }],
      [{ username: "a", password: "hunter2".repeat(1000) }, {}],
    ] as const)
      expect(() => toValue(fields, { text, ...parts })).toThrow(/^(?!.*hunter2).*vault:kv\/r1/);
  });

  test("are what a value is kept as", () => {
    const name = fc.string({ minLength: 1, maxLength: 20 });
    const values = fc.oneof(
      fc.record(
        { kind: fc.constant("password" as const), username: name, password: fc.string(), enablePassword: fc.string() },
        { requiredKeys: ["kind", "username", "password"] },
      ),
      fc.record(
        { kind: fc.constant("ssh_key" as const), username: name, privateKey: name, passphrase: name },
        { requiredKeys: ["kind", "username", "privateKey"] },
      ),
      fc.record({ kind: fc.constant("git_https" as const), username: name, token: name }),
      fc.record({ kind: fc.constant("git_ssh" as const), privateKey: name, knownHosts: fc.string() }),
    );
    fc.assert(
      fc.property(values, (value) => {
        expect(toValue(toFields(value), { text })).toEqual(value);
      }),
    );
  });
});
