import { describe, expect, test } from "vitest";
import { grantLine } from "./access-lines.ts";
import { commandLine } from "./command-lines.ts";
import { curlLine } from "./curl.ts";
import { quote } from "./quote.ts";

const parts = { origin: "https://holdfast.example" };

describe("an act as an API call", () => {
  test("holds the path, the body and the key of the caller, never a secret", () => {
    const facts = { method: "POST", path: "/secrets", meta: { permission: "secrets:write" } } as const;
    const line = curlLine(facts, { name: "lab/ios", value: { kind: "password", username: "x", password: "hunter2" } }, parts);
    expect(line).toContain("curl -X POST https://holdfast.example/api/v1/secrets");
    expect(line).toContain('"Authorization: Bearer $HOLDFAST_API_KEY"');
    expect(line).toContain('"username":"x"');
    expect(line).not.toContain("hunter2");
  });
  test("puts ids into the path, and the ETag where it is needed", () => {
    const facts = { method: "DELETE", path: "/devices/{id}", meta: { permission: "devices:write", precondition: "if-match" } } as const;
    expect(curlLine(facts, { id: "dev 1" }, { ...parts, ifMatch: "7" })).toBe(
      `curl -X DELETE https://holdfast.example/api/v1/devices/dev%201 \\\n  -H "Authorization: Bearer $HOLDFAST_API_KEY" \\\n  -H 'If-Match: "7"'`,
    );
  });
  test("asks by the query of a read", () => {
    const facts = { method: "GET", path: "/devices/{id}/host-key/scan", meta: { permission: "devices:read" } } as const;
    expect(curlLine(facts, { id: "a", q: "b c" }, parts)).toContain("'https://holdfast.example/api/v1/devices/a/host-key/scan?q=b+c'");
  });
});

describe("an act as a command line", () => {
  test("words that a shell would read otherwise are quoted", () => {
    expect(quote("plain-1.2/x=y")).toBe("plain-1.2/x=y");
    expect(quote("it's $HOME")).toBe(`'it'\\''s $HOME'`);
    expect(commandLine("rollouts.abort", { id: "rol_1", reason: "OSPF fell; stop" })).toBe(
      "holdfast rollouts abort rol_1 --reason 'OSPF fell; stop'",
    );
  });
  test("what an edit clears is told as empty", () => {
    const labels = { role: "core", old: null };
    expect(commandLine("devices.update", { id: "r1", site: null, driftMode: "revert", labels })).toBe(
      "holdfast devices set r1 --site '' --drift-mode revert --label role=core --unlabel old",
    );
    expect(commandLine("repositories.update", { id: "net", secret: null, pollMs: 60_000 })).toBe(
      "holdfast repos set net --secret '' --poll 1m",
    );
  });
  test("a rollout is told with its strategy and limits", () => {
    const strategy = {
      kind: "canary" as const,
      stages: [
        { until: { percent: 5 }, bakeMs: 300_000 },
        { until: { count: 8 }, bakeMs: 90_000 },
      ],
    };
    expect(
      commandLine("rollouts.create", { planId: "plan_1", planHash: "h", strategy, limits: { perSite: 2 }, requireApproval: true }),
    ).toBe("holdfast apply plan_1 --stages 5%:5m,8:90s --per-site 2 --approval");
  });
  test("a rollout may take a strategy of the repository, and wait to be started", () => {
    expect(commandLine("rollouts.create", { planId: "plan_1", planHash: "h", strategyName: "careful", start: false })).toBe(
      "holdfast apply plan_1 --strategy careful --no-start",
    );
  });
  test("what an act knows only by its id is told by its name, and not at all without one", () => {
    expect(commandLine("sessions.revokeAllOf", { id: "usr_1" }, "ines")).toBe("holdfast sessions revoke --all --user ines");
    expect(commandLine("sessions.revokeAllOf", { id: "usr_1" })).toBeUndefined();
    expect(commandLine("identity.updateUser", { id: "usr_1", disabled: true }, "ines")).toBe("holdfast users disable ines");
  });
  test("roles that count in different places have no one line", () => {
    const lyon = { role: "operator", selector: "site=lyon" };
    expect(commandLine("people.invite", { name: "ines", grants: [lyon] })).toBe(
      "holdfast users invite ines --role operator --at site=lyon",
    );
    expect(commandLine("people.invite", { name: "ines", grants: [lyon, { role: "viewer" }] })).toBeUndefined();
  });
  test("a change of roles is told as what is given and what is taken", () => {
    const [viewer, lyon] = [{ role: "viewer" }, { role: "operator", selector: "site=lyon" }];
    expect(grantLine("ines", [viewer], [viewer, lyon])).toBe("holdfast users grant ines operator@site=lyon");
    expect(grantLine("ines", [viewer], [lyon])).toBe("holdfast users grant ines operator@site=lyon && holdfast users ungrant ines viewer");
    expect(grantLine("ines", [viewer], [viewer])).toBeUndefined();
  });
  test("a secret is told without its value", () => {
    const value = { kind: "password" as const, username: "net", password: "hunter2" };
    const line = commandLine("secrets.create", { name: "lab/ios", value, expiresAt: "2027-01-31T00:00:00Z" });
    expect(line).toBe("holdfast secrets set lab/ios --username net --due 2027-01-31");
  });
  test("what the command line cannot say is not said", () => {
    expect(commandLine("identity.signOut", undefined)).toBeUndefined();
  });
});
