/** Policies of a repository: what a change must leave healthy, and how it is rolled out. Pure. */
import { limits, strategy, type Limits, type Strategy } from "@holdfast/contract";
import { isProblem, parseDuration, parseSelector, type SelectorTerm } from "@holdfast/kit";
import { z } from "zod";
import type { HealthPolicy } from "./checks.ts";
import { faultsOf } from "./intent-faults.ts";
import { readYaml, type Fault, type YamlDocument } from "./intent-yaml.ts";

interface Named {
  name: string;
  selector: SelectorTerm[];
  where: { file: string; line: number };
}

export interface Policies {
  health: (Named & { policy: HealthPolicy })[];
  /** `isDefault`: what rollouts of the devices that it picks take unless told. */
  strategies: (Named & { strategy: Strategy; limits: Limits; isDefault: boolean })[];
}

const dayMs = 86_400_000;

/** `30s`, `5m`, `2h`; milliseconds in the end. */
const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text) ?? -1;
  if (ms < 0 || ms > dayMs) context.addIssue({ code: "custom", message: `"${text}" is not a time such as 30s or 5m, of a day at most` });
  return ms;
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
/** `25%`. */
const share = z.string().transform((text, context) => {
  const value = /^\d+(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) : -1;
  if (value <= 0 || value > 100) context.addIssue({ code: "custom", message: `"${text}" is not a share such as 25%` });
  return value;
});
const amount = z.union(
  [
    share.transform((value) => ({ percent: value })),
    z
      .number()
      .int()
      .min(1)
      .transform((count) => ({ count })),
  ],
  {
    error: 'must be a share such as "25%" or a number of devices',
  },
);
const tolerance = z.number().int().min(0).default(0);
/** What a device may be asked to ping: an address or a name, nothing that a command line would read otherwise. */
const pingTarget = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9][A-Za-z0-9.:_-]*$/, "must be an address or a name");
const check = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("device_answers") }),
  z.strictObject({ kind: z.literal("interfaces_up") }),
  z.strictObject({ kind: z.enum(["cpu_below", "memory_below"]), percent }),
  z.strictObject({ kind: z.enum(["ospf_neighbors", "bgp_neighbors"]), tolerance }),
  z.strictObject({ kind: z.literal("ping"), targets: z.array(pingTarget).min(1).max(20), loss_percent: percent.default(0) }),
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
      z.strictObject({ kind: z.literal("rolling"), batch: amount, healthy: share.default(100), pause: duration.default(0) }),
      z.strictObject({ kind: z.literal("blue_green"), group_label: z.string().min(1).max(63), bake: duration }),
    ]),
    limits: z.strictObject(limits.shape).default({}),
    default: z.boolean().optional(),
  }),
});

export function parsePolicies(text: string, file: string): { policies: Policies; problems: Fault[] } {
  const policies: Policies = { health: [], strategies: [] };
  const problems: Fault[] = [];
  for (const document of readYaml(text, file)) {
    problems.push(...document.faults);
    if (document.value !== null && document.value !== undefined) problems.push(...readPolicy(document, file, policies));
  }
  return { policies, problems };
}

function readPolicy(document: YamlDocument, file: string, into: Policies): Fault[] {
  const kind = kindOf(document.value);
  if (kind === "HealthCheck") return readHealth(document, file, into);
  if (kind === "RolloutStrategy") return readStrategy(document, file, into);
  const say = `kind: a policy is a HealthCheck or a RolloutStrategy${kind === undefined ? "" : `, not ${kind}`}`;
  return [{ at: `${file}:${document.lineOf(["kind"])}`, code: "intent_document", say }];
}

function kindOf(value: unknown): string | undefined {
  const kind = (value as { kind?: unknown }).kind;
  return typeof kind === "string" ? kind : undefined;
}

function readHealth(document: YamlDocument, file: string, into: Policies): Fault[] {
  const parsed = healthShape.safeParse(document.value);
  if (!parsed.success) return faultsOf(parsed.error, document, file);
  const { metadata, spec } = parsed.data;
  const checks = spec.checks.map((one) =>
    one.kind === "ping" ? { kind: one.kind, targets: one.targets, lossPercent: one.loss_percent } : one,
  );
  const policy = { checks, settleMs: spec.settle, patienceMs: spec.patience };
  into.health.push({ name: metadata.name, selector: spec.selector, where: whereOf(document, file), policy });
  return [];
}

function readStrategy(document: YamlDocument, file: string, into: Policies): Fault[] {
  const parsed = strategyShape.safeParse(document.value);
  if (!parsed.success) return faultsOf(parsed.error, document, file);
  const { metadata, spec } = parsed.data;
  const where = whereOf(document, file);
  const { name } = metadata;
  const isDefault = spec.default ?? name === "default";
  into.strategies.push({ name, selector: spec.selector, where, strategy: strategyOf(spec.strategy), limits: spec.limits, isDefault });
  return [];
}

function whereOf(document: YamlDocument, file: string): Named["where"] {
  return { file, line: document.lineOf(["metadata", "name"]) };
}

function strategyOf(spec: z.output<typeof strategyShape>["spec"]["strategy"]): Strategy {
  switch (spec.kind) {
    case "canary":
      return strategy.parse({ kind: "canary", stages: spec.stages.map((stage) => ({ until: stage.until, bakeMs: stage.bake })) });
    case "rolling":
      return strategy.parse({ kind: "rolling", batch: spec.batch, healthyPercent: spec.healthy, pauseMs: spec.pause });
    case "blue_green":
      return strategy.parse({ kind: "blue_green", groupLabel: spec.group_label, bakeMs: spec.bake });
  }
}
