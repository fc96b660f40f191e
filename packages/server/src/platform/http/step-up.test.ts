import { contract, routesOf, type Permission } from "@holdfast/contract";
import { describe, expect, test } from "vitest";
import { admit, type Call } from "./access.ts";
import { everywhere, type Principal } from "./request.ts";

const route = { meta: { permission: "secrets:write" as Permission, stepUp: true } };
const call = (principal: Partial<Principal>): Call => ({
  method: "POST",
  headers: { "sec-fetch-site": "same-origin" },
  host: "holdfast.example.net",
  principal: {
    actor: "user:ada",
    userId: "usr_1",
    access: everywhere(["secrets:write"]),
    via: "session",
    credentialId: "ses_1",
    ...principal,
  },
});

describe("an act that would do harm in the wrong hands", () => {
  test("is open to a person who proved it not long ago, and to no other", () => {
    expect(() => admit(route, call({ steppedUp: true }))).not.toThrow();
    expect(() => admit(route, call({ steppedUp: false }))).toThrow(expect.objectContaining({ code: "step_up_needed", status: 403 }));
    expect(() => admit(route, call({}))).toThrow(expect.objectContaining({ code: "step_up_needed" }));
  });

  test("is open to an API key that names the permission, and not to one that has it unnamed", () => {
    const key = { via: "api_key" as const };
    expect(() => admit(route, call({ ...key, namedScopes: ["secrets:write"] }))).not.toThrow();
    expect(() => admit(route, call({ ...key, namedScopes: [] }))).toThrow(/named among its scopes/);
    expect(() => admit(route, call({ ...key, namedScopes: ["secrets:read"] }))).toThrow(
      expect.objectContaining({ code: "step_up_needed" }),
    );
  });

  test("is no less guarded where everybody may do it to what is their own", () => {
    const own = { meta: { permission: "self" as const, stepUp: true } };
    expect(() => admit(own, call({ steppedUp: true }))).not.toThrow();
    expect(() => admit(own, call({ steppedUp: false }))).toThrow(expect.objectContaining({ code: "step_up_needed" }));
    expect(() => admit(own, call({ via: "api_key", namedScopes: ["secrets:write"] }))).toThrow(/named among its scopes/);
  });

  test("needs its permission all the same", () => {
    expect(() => admit(route, call({ steppedUp: true, access: everywhere([]) }))).toThrow(expect.objectContaining({ code: "forbidden" }));
  });
});

test("who must enrol a second factor may do that, sign out, and nothing else", () => {
  const open = routesOf(contract).filter(({ meta }) => meta.meanwhile === true);
  expect(open.map(({ name }) => name).sort()).toEqual([
    "factors.addPasskey",
    "factors.beginPasskey",
    "factors.beginTotp",
    "factors.changePassword",
    "factors.confirmTotp",
    "factors.own",
    "factors.stepUp",
    "factors.stepUpOptions",
    "factors.stepUpWays",
    "federation.finishStepUp",
    "federation.signOut",
    "federation.startStepUp",
    "identity.me",
    "identity.signOut",
  ]);
  const must = { must: ["second-factor"], steppedUp: true };
  expect(() => admit(route, call(must))).toThrow(expect.objectContaining({ code: "second_factor_needed", status: 403 }));
  expect(() => admit({ meta: { permission: "self", meanwhile: true } }, call(must))).not.toThrow();
});

test("what needs a proof: approving, rolling back, users, roles, keys and what ends secrets", () => {
  const names = routesOf(contract).filter(({ meta }) => meta.stepUp === true);
  expect(names.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "rollouts.approve",
      "rollouts.rollback",
      "identity.createUser",
      "identity.updateUser",
      "identity.createKey",
      "roles.create",
      "roles.setPermissions",
      "secrets.remove",
      "secrets.rotateKey",
      "pki.rotateIntermediate",
      "people.forceAllResets",
      "factors.reset",
    ]),
  );
});
