import { expect, test } from "vitest";
import { cookieName, ownCookies } from "./cookies.ts";

test("by https only what this host itself has set counts", () => {
  expect(cookieName("session", true)).toBe("__Host-session");
  const sent = { session: "from a neighbour", "__Host-session": "ours", other: "x" };
  expect(ownCookies(sent, true)).toEqual({ session: "ours" });
  expect(ownCookies({ session: "from a neighbour" }, true)).toEqual({});
});

test("by http, on localhost, the plain name counts", () => {
  expect(cookieName("session", false)).toBe("session");
  expect(ownCookies({ session: "ours" }, false)).toEqual({ session: "ours" });
});
