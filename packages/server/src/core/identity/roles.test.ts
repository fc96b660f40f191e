import type { Permission } from "@holdfast/contract";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { identityWorld, root, type IdentityWorld } from "#test/identity";
import { accessOf, can, covers, type HeldGrant } from "./permissions.ts";

let world: IdentityWorld;
beforeAll(async () => {
  world = await identityWorld();
});
afterAll(() => world.database.drop());
beforeEach(async () => {
  await world.empty();
  await world.database.pool.query("delete from identity.role where permissions is not null");
});

const noc = { name: "noc", description: "Night watch", permissions: ["devices:read", "rollouts:operate"] as Permission[] };
const actions = async (count: number) => (await world.lastEntries(count)).map(({ action }) => action).reverse();

describe("a role of one's own", () => {
  test("is made, granted, and allows what it says", async () => {
    expect(await world.identity.createRole(noc, root)).toMatchObject({ id: "noc", builtIn: false, users: 0, permissions: noc.permissions });
    await world.identity.createUser(
      { name: "nia", grants: [{ role: "noc", selector: "site=lyon" }], password: "correct horse battery" },
      root,
    );
    const caller = await world.callerWith((await world.signIn("nia")).token);
    expect(can(caller, "rollouts:operate", { site: "lyon" })).toBe(true);
    expect(can(caller, "rollouts:operate", { site: "turin" })).toBe(false);
    expect((await world.identity.listRoles()).items.find(({ id }) => id === "noc")?.users).toBe(1);
    expect(await actions(3)).toEqual(["identity.role.create", "identity.user.create", "identity.session.open"]);
  });

  test("that changes acts at once for those who have it", async () => {
    const { etag } = await world.identity.createRole(noc, root);
    await world.identity.createUser({ name: "nia", grants: [{ role: "noc" }], password: "correct horse battery" }, root);
    const { token } = await world.signIn("nia");
    await world.identity.updateRole({ id: "noc", etag, permissions: ["findings:read"] }, root);
    expect([...(await world.callerWith(token)).access.keys()]).toEqual(["findings:read"]);
  });

  test("is not removed while somebody has it, and two edits at a time are told apart", async () => {
    const { etag } = await world.identity.createRole(noc, root);
    const nia = await world.identity.createUser({ name: "nia", grants: [{ role: "noc" }] }, root);
    await expect(world.identity.removeRole({ id: "noc", etag }, root)).rejects.toMatchObject({ code: "identity_role_in_use" });
    await world.identity.updateUser({ id: nia.id, etag: nia.etag, grants: [] }, root);
    await expect(world.identity.removeRole({ id: "noc", etag: "v7" }, root)).rejects.toMatchObject({ status: 412 });
    await world.identity.removeRole({ id: "noc", etag }, root);
    await expect(world.identity.removeRole({ id: "noc", etag }, root)).rejects.toMatchObject({ code: "identity_role_missing" });
  });

  test("does not take the name of another, and those that are always there stay as they are", async () => {
    await expect(world.identity.createRole({ ...noc, name: "viewer" }, root)).rejects.toMatchObject({ code: "identity_role_taken" });
    const viewer = (await world.identity.listRoles()).items.find(({ id }) => id === "viewer");
    const change = { id: "viewer", etag: viewer?.etag ?? "" };
    await expect(world.identity.updateRole({ ...change, permissions: noc.permissions }, root)).rejects.toMatchObject({
      code: "identity_role_built_in",
    });
    await expect(world.identity.removeRole(change, root)).rejects.toMatchObject({ code: "identity_role_built_in" });
  });

  test("that nobody made cannot be granted", async () => {
    const nobody = world.identity.createUser({ name: "nia", grants: [{ role: "noc" }] }, root);
    await expect(nobody).rejects.toMatchObject({ code: "identity_role_unknown", status: 400 });
    const strange = world.identity.createUser({ name: "nia", grants: [{ role: "viewer", selector: "a==b==c" }] }, root);
    await expect(strange).rejects.toMatchObject({ code: "selector_invalid" });
    expect((await world.identity.listUsers({})).items).toEqual([]);
  });
});

describe("nobody gives more than they have", () => {
  const held = (role: string, selector = ""): HeldGrant => ({ role, selector, permissions: null });
  const chief = {
    actor: "user:chief",
    access: accessOf([{ role: "chief", selector: "site=lyon", permissions: ["users:write", "devices:read"] }]),
  };

  test("an administrator of one site makes no administrator of all, by no way", async () => {
    const ada = await world.make("ada");
    const tries = [
      world.identity.createUser({ name: "eve", grants: [{ role: "admin" }] }, chief),
      world.identity.createUser({ name: "eve", grants: [{ role: "viewer" }] }, chief),
      world.identity.updateUser({ id: ada.id, etag: ada.etag, disabled: true }, chief),
      world.identity.createRole({ name: "mine", permissions: ["secrets:write"] }, chief),
    ];
    for (const tried of await Promise.allSettled(tries))
      expect(tried).toMatchObject({ status: "rejected", reason: { code: "identity_grant_beyond", status: 403 } });
    expect((await world.identity.listUsers({})).items.map(({ name }) => name)).toEqual(["ada"]);
  });

  test("whatever is given, the receiver may do nothing that the giver may not", () => {
    const roles = ["admin", "operator", "approver", "viewer", "auditor"];
    const selectors = ["", "site=lyon", "site=lyon,tier=gold", "tier=gold", "site in (lyon,turin)", "!lab"];
    const grant = fc.record({ role: fc.constantFrom(...roles), selector: fc.constantFrom(...selectors), permissions: fc.constant(null) });
    const labels = fc.record(
      { site: fc.constantFrom("lyon", "turin"), tier: fc.constantFrom("gold", "tin"), lab: fc.constant("1") },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(grant, { maxLength: 4 }), grant, labels, (mine, given, thing) => {
        const [giver, receiver] = [{ access: accessOf(mine) }, { access: accessOf([given]) }];
        if (!covers(giver.access, given)) return;
        for (const permission of receiver.access.keys())
          expect(can(giver, permission, thing) || !can(receiver, permission, thing)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("what one has can be given on, and narrowed", () => {
    const access = accessOf([held("operator", "site=lyon")]);
    expect(covers(access, held("operator", "site=lyon"))).toBe(true);
    expect(covers(access, held("viewer", "tier=gold,site=lyon"))).toBe(true);
    expect(covers(access, held("viewer"))).toBe(false);
    expect(covers(access, held("approver", "site=lyon"))).toBe(false);
  });
});

test("a preview tells what grants allow, where, and for what", async () => {
  const { items } = await world.identity.previewGrants([{ role: "viewer" }, { role: "operator", selector: "site=lyon" }], {
    site: "turin",
  });
  expect(items.find(({ permission }) => permission === "devices:read")).toEqual({
    permission: "devices:read",
    selectors: [],
    allowed: true,
  });
  expect(items.find(({ permission }) => permission === "devices:write")).toEqual({
    permission: "devices:write",
    selectors: ["site=lyon"],
    allowed: false,
  });
});

test("a preview tells of a permission that is of no use for some labels only", async () => {
  const { items } = await world.identity.previewGrants([{ role: "operator", selector: "site=lyon" }], { site: "lyon" });
  const of = (permission: string) => items.find((item) => item.permission === permission);
  expect(of("secrets:read")).toEqual({ permission: "secrets:read", selectors: ["site=lyon"], ofNoUse: true, allowed: false });
  expect(of("devices:write")).toEqual({ permission: "devices:write", selectors: ["site=lyon"], allowed: true });
});
