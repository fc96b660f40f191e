/** Policies of a repository: what a change must leave healthy, and how it is rolled out. Pure. */
import { limits, strategy, type Limits, type Strategy } from "@holdfast/contract";
import { isProblem, parseDuration, parseSelector, type SelectorTerm } from "@holdfast/kit";
import { z } from "zod";
import type { HealthPolicy } from "./checks.ts";
import { faultsOf } from "./intent-inventory.ts";
import { readYaml, type Fault, type YamlDocument } from "./intent-yaml.ts";

export interface Policies {
  health: { name: string; selector: SelectorTerm[]; policy: HealthPolicy }[];
  strategies: { name: string; selector: SelectorTerm[]; strategy: Strategy; limits: Limits }[];
}

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms === undefined) context.addIssue({ code: "custom", message: `"${text}" is not a time such as 30s or 5m` });
  return ms ?? 0;
});
const selector = z
  .string()
  .default("")
  .transform((text, context) => {
    try {
      return parseSelector(text);
    } catch (thrown) {
      if (!isProblem(thrown)) throw thrown;
      context.addIssue({ code: "custom", message: thrown.message });
      return [];
    }
  });
const percent = z.number().min(0).max(100);
const tolerance = z.number().int().min(0).default(0);
const check = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("device_answers") }),
  z.strictObject({ kind: z.literal("interfaces_up") }),
  z.strictObject({ kind: z.enum(["cpu_below", "memory_below"]), percent }),
  z.strictObject({ kind: z.enum(["ospf_neighbors", "bgp_neighbors"]), tolerance }),
  z.strictObject({
    kind: z.literal("ping"),
    targets: z.array(z.string().min(1).max(253)).min(1).max(20),
    loss_percent: percent.default(0),
  }),
]);
const head = { apiVersion: z.literal("holdfast/v1"), metadata: z.strictObject({ name: z.string().min(1).max(63) }) };
const healthShape = z.strictObject({
  ...head,
  kind: z.literal("HealthCheck"),
  spec: z.strictObject({
    selector,
    settle: duration.default(1000),
    patience: duration.default(10_000),
    checks: z.array(check).min(1).max(50),
  }),
});
const amount = z.union([
  z
    .string()
    .regex(/^\d+(\.\d+)?%$/)
    .transform((text) => ({ percent: Number(text.slice(0, -1)) })),
  z
    .number()
    .int()
    .min(1)
    .transform((count) => ({ count })),
]);
const strategyShape = z.strictObject({
  ...head,
  kind: z.literal("RolloutStrategy"),
  spec: z.strictObject({
    selector,
    strategy: z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("canary"),
        stages: z
          .array(z.strictObject({ until: amount, bake: duration }))
          .min(1)
          .max(20),
      }),
      z.strictObject({
        kind: z.literal("rolling"),
        batch: amount,
        healthy: z
          .string()
          .regex(/^\d+%$/)
          .default("100%"),
        pause: duration.default(0),
      }),
      z.strictObject({ kind: z.literal("blue_green"), group_label: z.string(), bake: duration }),
    ]),
    limits: limits.default({}),
  }),
});

export function parsePolicies(text: string, file: string): { policies: Policies; problems: Fault[] } {
  const { documents, faults } = readYaml(text, file);
  const policies: Policies = { health: [], strategies: [] };
  const problems = [...faults];
  for (const document of documents) {
    if (document.value !== null && document.value !== undefined) problems.push(...readPolicy(document, file, policies));
  }
  return { policies, problems };
}

function readPolicy(document: YamlDocument, file: string, into: Policies): Fault[] {
  const kind = (document.value as { kind?: unknown }).kind;
  if (kind === "HealthCheck") {
    const parsed = healthShape.safeParse(document.value);
    if (!parsed.success) return faultsOf(parsed.error, document, file);
    const { metadata, spec } = parsed.data;
    const checks = spec.checks.map((one) =>
      one.kind === "ping" ? { kind: one.kind, targets: one.targets, lossPercent: one.loss_percent } : one,
    );
    into.health.push({
      name: metadata.name,
      selector: spec.selector,
      policy: { checks, settleMs: spec.settle, patienceMs: spec.patience },
    });
    return [];
  }
  if (kind === "RolloutStrategy") {
    const parsed = strategyShape.safeParse(document.value);
    if (!parsed.success) return faultsOf(parsed.error, document, file);
    const { metadata, spec } = parsed.data;
    into.strategies.push({ name: metadata.name, selector: spec.selector, strategy: strategyOf(spec.strategy), limits: spec.limits });
    return [];
  }
  return [
    {
      at: `${file}:${document.lineOf(["kind"])}`,
      code: "intent_document",
      say: `kind: a policy is a HealthCheck or a RolloutStrategy, not ${String(kind)}`,
    },
  ];
}

function strategyOf(spec: z.output<typeof strategyShape>["spec"]["strategy"]): Strategy {
  switch (spec.kind) {
    case "canary":
      return strategy.parse({ kind: "canary", stages: spec.stages.map((stage) => ({ until: stage.until, bakeMs: stage.bake })) });
    case "rolling":
      return strategy.parse({ kind: "rolling", batch: spec.batch, healthyPercent: Number(spec.healthy.slice(0, -1)), pauseMs: spec.pause });
    case "blue_green":
      return strategy.parse({ kind: "blue_green", groupLabel: spec.group_label, bakeMs: spec.bake });
  }
}
