import { expect, test } from "vitest";
import type { Me } from "./session.ts";
import { whyRefused } from "./may.ts";

const me: Me = {
  user: {
    id: "usr_1",
    name: "vito",
    kind: "person",
    grants: [{ role: "operator", selector: "site=lyon" }, { role: "viewer" }],
    disabled: false,
    createdAt: "",
  },
  permissions: ["devices:read", "devices:write", "rollouts:operate"],
  limited: ["devices:write", "rollouts:operate"].map((permission) => ({
    permission: permission as "devices:write",
    selectors: ["site=lyon", "tier=lab"],
  })),
  via: "session",
};

const write = { permission: "devices:write", scoped: true } as const;
const operate = { permission: "rollouts:operate", scoped: true } as const;

test.each([
  [write, [{ site: "lyon" }], true],
  [write, [{ site: "turin", tier: "lab" }], true],
  [write, [{ site: "turin" }], false],
  [write, undefined, true],
  [{ permission: "devices:write" }, [{ site: "lyon" }], false],
  [{ permission: "devices:read", scoped: true }, [{ site: "turin" }], true],
  [operate, [{ site: "lyon" }, { site: "turin" }], false],
  [operate, "partly seen", false],
  [{ permission: "secrets:read" }, undefined, false],
  [{ permission: "self" }, undefined, true],
] as const)("%j on %j, by somebody for whom it counts at one site: %s", (needs, touched, may) => {
  expect(whyRefused(me, needs, touched === undefined || touched === "partly seen" ? touched : [...touched]) === undefined).toBe(may);
});
