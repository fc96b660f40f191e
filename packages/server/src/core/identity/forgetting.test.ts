import { describe, expect, test } from "vitest";
import { forgetting } from "./forgetting.ts";
import type { Identity } from "./index.ts";

describe("the cache of callers", () => {
  const told: string[] = [];
  const acts = {
    listUsers: () => Promise.resolve({ items: [] }),
    removeRole: () => Promise.resolve(),
    signOut: () => Promise.reject(new Error("no session")),
  };
  const identity = forgetting({ forgetAll: () => void told.push("forgot") }, acts as unknown as Identity);
  const role = { id: "lyon", etag: "1" };

  test("is kept by an act that only looks", async () => {
    expect(await identity.listUsers({})).toEqual({ items: [] });
    expect(told.splice(0)).toEqual([]);
  });

  test("is forgotten by one that takes away, once it has, and by one that failed on the way", async () => {
    await identity.removeRole(role, { actor: "user:ada" });
    expect(told.splice(0)).toEqual(["forgot"]);
    await expect(identity.signOut({} as Parameters<Identity["signOut"]>[0])).rejects.toThrow("no session");
    expect(told.splice(0)).toEqual(["forgot"]);
  });

  test("an act may be taken out of the face, and is still followed", async () => {
    const { removeRole } = { ...identity };
    await removeRole(role, { actor: "user:ada" });
    expect(told.splice(0)).toEqual(["forgot"]);
  });
});
