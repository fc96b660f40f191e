import { describe, expect, test } from "vitest";
import { parsePolicies } from "./intent-policies.ts";
import { rolloutPolicyOf } from "./intent-strategies.ts";

const document = (name: string, spec: string): string =>
  `apiVersion: holdfast/v1\nkind: RolloutStrategy\nmetadata: { name: ${name} }\nspec: { strategy: { kind: rolling, batch: 1 }, ${spec} }\n`;
const policyOf = (documents: string[], devices: Record<string, string>[]) => {
  const { policies, problems } = parsePolicies(documents.join("---\n"), "policies/rollout.yaml");
  expect(problems).toEqual([]);
  const { strategies, limits } = rolloutPolicyOf(policies, devices, "abc");
  return { names: strategies.map((one) => one.name), first: strategies.find((one) => one.default)?.name, limits };
};
const edge = { role: "edge" };
const core = { role: "core" };

describe("the strategies of a plan", () => {
  test("are those that are for all its devices", () => {
    const documents = [document("all", "limits: {}"), document("edge", "selector: role=edge")];
    expect(policyOf(documents, [edge]).names).toEqual(["all", "edge"]);
    expect(policyOf(documents, [edge, core]).names).toEqual(["all"]);
  });

  test("have a default where one says so or is named so; the last that picks the devices counts", () => {
    const documents = [
      document("default", "limits: { perSite: 3 }"),
      document("edge", "selector: role=edge, default: true, limits: { perSite: 1 }"),
    ];
    expect(policyOf(documents, [edge])).toMatchObject({ first: "edge", limits: { perSite: 1 } });
    expect(policyOf(documents, [core])).toMatchObject({ first: "default", limits: { perSite: 3 } });
    expect(policyOf([document("default", "default: false")], [core]).first).toBeUndefined();
  });

  test("have none where the devices have different ones, and the strictest limits of each", () => {
    const documents = [
      document("core", "selector: role=core, default: true, limits: { maxUnavailable: 4, perLabel: { rack: 1 } }"),
      document("edge", "selector: role=edge, default: true, limits: { maxUnavailable: 2 }"),
    ];
    expect(policyOf(documents, [edge, core])).toEqual({
      names: [],
      first: undefined,
      limits: { maxUnavailable: 2, perLabel: { rack: 1 } },
    });
  });

  test("are told with file, line and commit; of two with one name the first counts", () => {
    const { policies } = parsePolicies(
      [document("one", "default: true"), document("one", "limits: { perSite: 1 }")].join("---\n"),
      "policies/a.yaml",
    );
    expect(rolloutPolicyOf(policies, [edge], "abc").strategies).toMatchObject([
      { name: "one", default: true, limits: {}, at: "policies/a.yaml:3", revision: "abc" },
    ]);
  });
});
