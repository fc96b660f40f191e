import { parseOptions } from "@node-rs/argon2";
import { describe, expect, test } from "vitest";
import { createGate, createPasswords } from "./passwords.ts";

describe("a password", () => {
  const passwords = createPasswords();

  test("is kept as Argon2id with 19 MiB, two passes and a salt of its own", async () => {
    const [one, two] = [await passwords.hash("correct horse battery"), await passwords.hash("correct horse battery")];
    expect(parseOptions(one)).toMatchObject({ algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32, saltLen: 16 });
    expect(one).not.toBe(two);
    expect(await passwords.verify(one, "correct horse battery")).toBe(true);
    expect(await passwords.verify(one, "correct horse batterz")).toBe(false);
  });

  test("is the same however its letters are composed", async () => {
    const kept = await passwords.hash("pa\u0301ssword \u00e9");
    expect(await passwords.verify(kept, "p\u00e1ssword e\u0301")).toBe(true);
  });

  test("is never right for nobody, and finding that out is as much work", async () => {
    const kept = await passwords.hash("correct horse battery");
    await passwords.verify(undefined, "warm up");
    const time = async (stored: string | undefined) => {
      const start = process.cpuUsage();
      for (let i = 0; i < 5; i++) expect(await passwords.verify(stored, "nobody's password!")).toBe(false);
      const { user, system } = process.cpuUsage(start);
      return user + system;
    };
    expect(await passwords.verify(undefined, "nobody's password")).toBe(false);
    const ratio = (await time(undefined)) / (await time(kept));
    expect(ratio).toBeGreaterThan(0.3);
    expect(ratio).toBeLessThan(3);
  });
});

describe("the gate", () => {
  test("lets so many through at a time, the rest in their order, and refuses what is more", async () => {
    const enter = createGate(2, 3);
    const order: number[] = [];
    let inside = 0;
    let most = 0;
    const doors = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const visits = doors.map((door, i) =>
      enter(async () => {
        order.push(i);
        most = Math.max(most, ++inside);
        await door.promise;
        inside--;
      }),
    );
    await expect(enter(() => Promise.resolve())).rejects.toMatchObject({ code: "identity_busy", status: 503 });
    for (const door of doors) door.resolve();
    await Promise.all(visits);
    expect(order).toEqual([0, 1, 2, 3, 4]);
    expect(most).toBe(2);
    await expect(enter(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await Promise.all([1, 2, 3].map((i) => enter(() => Promise.resolve(i))))).toEqual([1, 2, 3]);
  });
});
