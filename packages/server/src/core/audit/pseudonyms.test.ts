import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hideNames, mentionsIn, nameIn, newPerson, openText, pseudonymOf, sealText, showNames } from "./pseudonyms.ts";
import { namesOf, unveil, veil } from "./veil.ts";

const name = fc.stringMatching(/^[a-zA-Zäß0-9][a-zA-Zäß0-9 ._@-]{0,30}$/);

describe("a name behind its pseudonym", () => {
  test("comes back as it was, in any text, for any people", () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), fc.string(), (names, text) => {
        const people = names.map(newPerson);
        const said = [text, ...names.map((one) => `user:${one}`)].join(", ");
        const hidden = hideNames(said, people);
        expect(showNames(hidden, new Map(people.map((one) => [one.pseudonym, one])))).toBe(said);
      }),
    );
  });

  test("is not the beginning of a longer one", () => {
    const ada = newPerson("ada");
    expect(hideNames("user:adam, user:ada", [ada])).toBe(`user:adam, user:~${ada.pseudonym}`);
  });

  test.each([
    ["aborted by user:ada: too late", ["ada"]],
    ["given up by user:ada lovelace (last: no answer)", ["ada lovelace", "ada"]],
    ["by user:a.b. Then by user:bob", ["a.b", "a", "bob"]],
    ["by nobody", []],
  ])("may be in the middle of a text: %s", (text, names) => {
    for (const one of names) expect(mentionsIn(text)).toContain(one);
    if (names.length === 0) expect(mentionsIn(text)).toEqual([]);
  });

  test("is bound to name and key", () => {
    const { key, pseudonym } = newPerson("ada");
    expect(pseudonymOf("ada", key)).toBe(pseudonym);
    expect(pseudonymOf("eve", key)).not.toBe(pseudonym);
    expect(newPerson("ada").pseudonym).not.toBe(pseudonym);
  });

  test.each(["anonymous", "system:audit", "user:(unknown)", "user:~0123", "device:dev_1"])("%s is nobody's", (text) =>
    expect(nameIn(text)).toBeUndefined(),
  );
});

describe("a text about a person", () => {
  test("is read as long as the person is known, and by nobody else's key", () => {
    const [ada, eve] = [newPerson("ada"), newPerson("eve")];
    const sealed = sealText("ada@example.net", ada);
    expect(sealed).not.toContain("example");
    expect(openText(sealed, new Map([[ada.pseudonym, ada]]))).toBe("ada@example.net");
    expect(openText(sealed, new Map([[ada.pseudonym, { ...eve, pseudonym: ada.pseudonym }]]))).toBe(sealed);
    expect(openText(sealed, new Map())).toBe("[erased]");
    expect(openText("~not sealed", new Map())).toBe("~not sealed");
  });
});

describe("an entry", () => {
  test("hides a bare name where one may stand, and no role that is called the same", () => {
    const entry = {
      actor: "user:admin",
      action: "identity.session.open",
      subject: "session:ses_1",
      after: { user: "Admin", role: "admin" },
    };
    const people = new Map(namesOf(entry).map((one) => [one, newPerson(one)]));
    const { after } = veil(entry, people) as { after: Record<string, string> };
    expect(after["user"]).toMatch(/^~/);
    expect(after["role"]).toBe("admin");
    expect(unveil(after, new Map([...people.values()].map((one) => [one.pseudonym, one])))).toEqual(entry.after);
  });

  const facts = {
    actor: "user:ada",
    action: "devices.device.update",
    subject: "device:dev_1",
    after: { address: "10.0.0.1", by: "user:bob" },
  };

  test("hides whom it names, and not the address of a device", () => {
    const people = new Map(namesOf(facts).map((one) => [one, newPerson(one)]));
    expect([...people.keys()]).toEqual(["ada", "bob"]);
    const veiled = veil(facts, people);
    expect(JSON.stringify(veiled)).not.toMatch(/user:(ada|bob)/);
    expect(veiled.after).toMatchObject({ address: "10.0.0.1" });
    expect(unveil(veiled, new Map([...people.values()].map((one) => [one.pseudonym, one])))).toEqual({
      ...facts,
      reason: undefined,
      address: undefined,
    });
  });
});
