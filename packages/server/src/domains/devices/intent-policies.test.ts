import { strategy } from "@holdfast/contract";
import { describe, expect, test } from "vitest";
import { healthPolicyOf, readIntent } from "./intent.ts";

const device = (name: string, spec = "platform: frr, address: 10.0.0.1, site: lyon", labels = "role: edge") =>
  `apiVersion: holdfast/v1\nkind: Device\nmetadata: { name: ${name}, labels: { ${labels} } }\nspec: { ${spec} }\n`;
const intentOf = (files: Record<string, string>) => readIntent(new Map(Object.entries(files)));
const problemsOf = (files: Record<string, string>) => intentOf(files).problems.map(({ at, say }) => `${at} ${say}`);

describe("policies", () => {
  const policy = (kind: string, name: string, spec: string) =>
    `apiVersion: holdfast/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec:\n${spec.replaceAll(/^/gm, "  ")}\n`;

  test("health checks by selector; the last that picks the device counts", () => {
    const intent = intentOf({
      "inventory/a.yaml": `${device("r1")}---\n${device("r2", "platform: frr, address: a", "role: core")}`,
      "policies/health.yaml": `${policy("HealthCheck", "all", "checks:\n  - { kind: device_answers }\n  - { kind: cpu_below, percent: 80 }")}---\n${policy("HealthCheck", "edge", "selector: role=edge,site=lyon\nsettle: 2s\npatience: 1m\nchecks:\n  - { kind: bgp_neighbors, tolerance: 1 }\n  - { kind: ping, targets: [10.0.0.9, gw.example.net], loss_percent: 5 }")}`,
    });
    expect(intent.problems).toEqual([]);
    expect(healthPolicyOf(intent, "r1")).toEqual({
      checks: [
        { kind: "bgp_neighbors", tolerance: 1 },
        { kind: "ping", targets: ["10.0.0.9", "gw.example.net"], lossPercent: 5 },
      ],
      settleMs: 2000,
      patienceMs: 60_000,
    });
    expect(healthPolicyOf(intent, "r2")?.checks).toHaveLength(2);
  });

  test("rollout strategies in the shape of the contract", () => {
    const intent = intentOf({
      "policies/rollout.yaml": [
        policy(
          "RolloutStrategy",
          "canary",
          'strategy: { kind: canary, stages: [{ until: "5%", bake: 5m }, { until: 3, bake: 0s }] }\nlimits: { perSite: 1 }',
        ),
        policy("RolloutStrategy", "rolling", 'strategy: { kind: rolling, batch: "25%", healthy: "90%", pause: 30s }'),
        policy("RolloutStrategy", "pairs", "strategy: { kind: blue_green, group_label: colour, bake: 1h }"),
      ].join("---\n"),
    });
    expect(intent.problems).toEqual([]);
    expect(intent.policies.strategies.map((one) => strategy.parse(one.strategy))).toEqual([
      {
        kind: "canary",
        stages: [
          { until: { percent: 5 }, bakeMs: 300_000 },
          { until: { count: 3 }, bakeMs: 0 },
        ],
      },
      { kind: "rolling", batch: { percent: 25 }, healthyPercent: 90, pauseMs: 30_000 },
      { kind: "blue_green", groupLabel: "colour", bakeMs: 3_600_000 },
    ]);
    expect(intent.policies.strategies[0]?.limits).toEqual({ perSite: 1 });
  });

  test.each([
    ["HealthCheck", "checks: [{ kind: cpu_below, percent: 180 }]", "spec.checks.0.percent"],
    ["HealthCheck", "checks: []", "spec.checks"],
    ["HealthCheck", "checks:\n  - { kind: device_answers }\n  - { kind: rain }", "spec.checks.1.kind"],
    ["HealthCheck", "selector: role in edge\nchecks: [{ kind: device_answers }]", "spec.selector: The selector term"],
    ["HealthCheck", "settle: 5 minutes\nchecks: [{ kind: device_answers }]", 'spec.settle: "5 minutes" is not a time such as 30s'],
    ["HealthCheck", 'checks: [{ kind: ping, targets: ["-f 10.0.0.1"] }]', "spec.checks.0.targets.0: must be an address or a name"],
    ["HealthCheck", 'checks: [{ kind: ping, targets: ["10.0.0.1; reload"] }]', "spec.checks.0.targets.0: must be an address or a name"],
    ["RolloutStrategy", 'strategy: { kind: canary, stages: [{ until: "150%", bake: 5m }] }', "spec.strategy.stages.0.until"],
    ["RolloutStrategy", 'strategy: { kind: canary, stages: [{ until: "5%", bake: 3d }] }', "spec.strategy.stages.0.bake"],
    ["RolloutStrategy", "strategy: { kind: direct, reason: because }", "spec.strategy.kind"],
    ["RolloutStrategy", "strategy: { kind: rolling, batch: 1 }\nlimits: { perRack: 1 }", "spec.limits.perRack: there is no such member"],
    ["Firewall", "a: 1", "kind: a policy is a HealthCheck or a RolloutStrategy, not Firewall"],
  ])("%s with %j is refused", (kind, spec, say) => {
    const problems = problemsOf({ "policies/x.yaml": policy(kind, "x", spec) });
    expect(problems.join("\n")).toContain(say);
    expect(problems[0]).toMatch(/^policies\/x\.yaml:\d+ /);
  });
});
