import { permissions, roles, type Permission } from "@holdfast/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { can, permissionsOf, rolePermissions } from "./permissions.ts";

describe("roles", () => {
  test("grant exactly this", () => {
    const table = Object.fromEntries(
      roles.map((role) => [role, permissions.filter((permission) => rolePermissions[role].includes(permission))]),
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
      ]),
      approver: ordered([...looking, "rollouts:approve", "findings:write"]),
      viewer: ordered(looking),
      auditor: ordered([...looking, "audit:read", "secrets:read", "users:read"]),
    });
  });

  test("that may propose may not approve, but for the administrator", () => {
    const both = roles.filter(
      (role) => can({ permissions: permissionsOf(role) }, "plans:write") && can({ permissions: permissionsOf(role) }, "rollouts:approve"),
    );
    expect(both).toEqual(["admin"]);
  });

  test("that only look change nothing", () => {
    for (const role of ["viewer", "auditor"] as const)
      expect([...permissionsOf(role)].every((permission) => permission.endsWith(":read"))).toBe(true);
  });
});

describe("scopes", () => {
  const scopes = fc.subarray([...permissions]) as fc.Arbitrary<Permission[]>;

  test("only ever take away", () => {
    fc.assert(
      fc.property(fc.constantFrom(...roles), scopes, (role, narrowed) => {
        const all = permissionsOf(role);
        for (const permission of permissionsOf(role, narrowed)) {
          expect(all.has(permission)).toBe(true);
          expect(narrowed.length === 0 || narrowed.includes(permission)).toBe(true);
        }
      }),
    );
  });

  test("that the role does not have leave nothing, not everything", () => {
    expect([...permissionsOf("viewer", ["users:write"])]).toEqual([]);
    expect([...permissionsOf("viewer", ["public", "self"])]).toEqual([]);
  });
});

describe("what needs", () => {
  const nobody = undefined;
  const viewer = { permissions: permissionsOf("viewer") };
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
