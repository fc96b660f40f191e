import { builtInRoles, permissions, type Permission } from "@holdfast/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accessOf, can, rolePermissions } from "./permissions.ts";

const held = (role: string, selector = "", own: Permission[] | null = null) => ({ role, selector, permissions: own });
const accessOfRole = (role: string, scopes?: Permission[]) => accessOf([held(role)], scopes);

describe("roles", () => {
  test("grant exactly this", () => {
    const table = Object.fromEntries(
      builtInRoles.map((role) => [role, permissions.filter((permission) => rolePermissions[role].includes(permission))]),
    );
    const looking = ["devices:read", "repositories:read", "plans:read", "rollouts:read", "findings:read"];
    const ordered = (list: string[]) => permissions.filter((permission) => list.includes(permission));
    expect(table).toEqual({
      admin: permissions.filter((permission) => permission.includes(":")),
      operator: ordered([
        ...looking,
        "devices:write",
        "repositories:write",
        "plans:write",
        "rollouts:operate",
        "findings:write",
        "secrets:read",
        "pki:read",
      ]),
      approver: ordered([...looking, "rollouts:approve", "findings:write"]),
      viewer: ordered(looking),
      auditor: ordered([...looking, "audit:read", "secrets:read", "pki:read", "users:read"]),
    });
  });

  test("that may propose may not approve, but for the administrator", () => {
    const both = builtInRoles.filter(
      (role) => can({ access: accessOfRole(role) }, "plans:write") && can({ access: accessOfRole(role) }, "rollouts:approve"),
    );
    expect(both).toEqual(["admin"]);
  });

  test("that only look change nothing", () => {
    for (const role of ["viewer", "auditor"] as const)
      expect([...accessOfRole(role).keys()].every((permission) => permission.endsWith(":read"))).toBe(true);
  });
});

describe("scopes", () => {
  const scopes = fc.subarray([...permissions]) as fc.Arbitrary<Permission[]>;

  test("only ever take away", () => {
    fc.assert(
      fc.property(fc.constantFrom(...builtInRoles), scopes, (role, narrowed) => {
        const all = accessOfRole(role);
        for (const permission of accessOfRole(role, narrowed).keys()) {
          expect(all.has(permission)).toBe(true);
          expect(narrowed.length === 0 || narrowed.includes(permission)).toBe(true);
        }
      }),
    );
  });

  test("that the role does not have leave nothing, not everything", () => {
    expect([...accessOfRole("viewer", ["users:write"]).keys()]).toEqual([]);
    expect([...accessOfRole("viewer", ["public", "self"]).keys()]).toEqual([]);
  });
});

describe("what needs", () => {
  const nobody = undefined;
  const viewer = { access: accessOfRole("viewer") };
  test.each([
    ["public", nobody, true],
    ["self", nobody, false],
    ["devices:read", nobody, false],
    ["self", viewer, true],
    ["devices:read", viewer, true],
    ["devices:write", viewer, false],
  ] as const)("%s is open to %j: %s", (permission, caller, open) => {
    expect(can(caller, permission)).toBe(open);
  });
});

describe("where", () => {
  const lyon = { access: accessOf([held("operator", "site=lyon"), held("viewer")]) };

  test("a grant for some labels counts there, and a grant for everywhere counts everywhere", () => {
    expect(can(lyon, "devices:write", { site: "lyon" })).toBe(true);
    expect(can(lyon, "devices:write", { site: "turin" })).toBe(false);
    expect(can(lyon, "devices:write", {})).toBe(false);
    expect(can(lyon, "devices:write")).toBe(true);
    expect(can(lyon, "devices:read", { site: "turin" })).toBe(true);
  });

  test("what one grant narrows another may widen, in any order", () => {
    const grants = [held("operator", "site=lyon"), held("operator"), held("operator", "site=turin")];
    fc.assert(
      fc.property(fc.shuffledSubarray(grants, { minLength: 1 }), (some) => {
        const everywhere = some.some(({ selector }) => selector === "");
        expect(can({ access: accessOf(some) }, "devices:write", { site: "bern" })).toBe(everywhere);
      }),
    );
  });

  test("a role of one's own grants what it says, and a role that is gone grants nothing", () => {
    expect([...accessOf([held("noc", "", ["devices:read"])]).keys()]).toEqual(["devices:read"]);
    expect([...accessOf([held("gone"), held("constructor")]).keys()]).toEqual([]);
  });
});
