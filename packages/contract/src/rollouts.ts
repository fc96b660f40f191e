/** Plans and rollouts: what would change, and carrying it out in waves. */
import { z } from "zod";
import { idParam, instant, labels, pageOf, pageQuery, route, selector } from "./route.ts";

const amount = z.union([z.object({ percent: z.number().gt(0).max(100) }), z.object({ count: z.number().int().min(1) })]);

/** How a plan is cut into waves. Percentages round up, so that a canary has at least one target. */
export const strategy = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("canary"),
    stages: z
      .array(
        z.object({
          until: amount.describe("How much of the whole is changed when this stage is done"),
          bakeMs: z.number().int().min(0).max(86_400_000),
        }),
      )
      .min(1)
      .max(20)
      .describe("The rest follows in one last wave where the stages stop short of all"),
  }),
  z.object({
    kind: z.literal("rolling"),
    batch: amount,
    healthyPercent: z
      .number()
      .min(0)
      .max(100)
      .default(100)
      .describe("Below this share of healthy targets of a batch the rollout halts and reverts"),
    pauseMs: z.number().int().min(0).max(86_400_000).default(0),
  }),
  z.object({
    kind: z.literal("blue_green"),
    groupLabel: z.string().max(63).describe("Targets with the first value change before those with the second"),
    bakeMs: z.number().int().min(0).max(86_400_000),
  }),
  z.object({ kind: z.literal("direct"), reason: z.string().min(3).max(500).describe("Why all at once") }),
]);
export type Strategy = z.infer<typeof strategy>;

export const limits = z.object({
  maxUnavailable: z.number().int().min(1).optional().describe("Most targets changed at one time"),
  perSite: z.number().int().min(1).optional().describe("Most targets of one site in a wave"),
  perLabel: z.record(z.string(), z.number().int().min(1)).optional().describe("Most targets with the same value of a label in a wave"),
});
export type Limits = z.infer<typeof limits>;

/** What a rollout takes where neither its author nor the repository says more: 5 %, 25 %, all, five minutes apart. */
export const usualStrategy: Strategy = {
  kind: "canary",
  stages: [
    { until: { percent: 5 }, bakeMs: 300_000 },
    { until: { percent: 25 }, bakeMs: 300_000 },
  ],
};

/** The policy of a repository that a strategy was taken from. */
export const strategyFrom = z.object({
  name: z.string(),
  at: z.string().describe("File and line of the policy"),
  revision: z.string().describe("The commit that it stands in"),
});
export type StrategyFrom = z.infer<typeof strategyFrom>;

/** A strategy of a repository, under its name. */
export const namedStrategy = strategyFrom.extend({
  strategy,
  limits,
  default: z.boolean().describe("What a rollout of this plan takes unless told"),
});
export type NamedStrategy = z.infer<typeof namedStrategy>;

/** The limits of which each is the strictest that any of these says. */
export function strictest(all: Limits[]): Limits {
  const least = (values: (number | undefined)[]): number | undefined => {
    const said = values.filter((value) => value !== undefined);
    return said.length === 0 ? undefined : Math.min(...said);
  };
  const maxUnavailable = least(all.map((one) => one.maxUnavailable));
  const perSite = least(all.map((one) => one.perSite));
  const labelled = [...new Set(all.flatMap((one) => Object.keys(one.perLabel ?? {})))];
  const perLabel = labelled.map((label) => [label, least(all.map((one) => one.perLabel?.[label])) ?? 1] as const);
  return {
    ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
    ...(perSite === undefined ? {} : { perSite }),
    ...(perLabel.length === 0 ? {} : { perLabel: Object.fromEntries(perLabel) }),
  };
}

export const outcomes = ["applied", "unchanged", "unreachable", "refused", "failed", "reverted", "unknown"] as const;
export type OutcomeKind = (typeof outcomes)[number];

export const diffLine = z.object({
  op: z.enum(["add", "remove", "keep", "move"]),
  text: z.string().describe("The line with its indentation"),
});
export type DiffLine = z.infer<typeof diffLine>;

/** One difference to be made to one target, as a list shows it. */
export const changeSummary = z.object({
  target: z.string(),
  targetName: z.string(),
  site: z.string().optional(),
  labels,
  kind: z.string().describe("The carrier, e.g. `devices.config`"),
  summary: z.string().describe("One line, e.g. `+3 −1 in interface eth1, router ospf`"),
  added: z.number().int(),
  removed: z.number().int(),
  baseHash: z.string().describe("Hash of what was observed; a target that moved is refused"),
});
export type ChangeSummary = z.infer<typeof changeSummary>;

export const changeDetail = changeSummary.extend({
  diff: z.array(diffLine),
  commands: z.array(z.string()).describe("What would be sent, in order; secrets masked"),
  running: z.string().optional(),
  intended: z.string().optional(),
  sources: z
    .array(z.object({ line: z.number().int(), template: z.string(), templateLine: z.number().int(), data: z.array(z.string()) }))
    .optional()
    .describe("Where each intended line comes from: template, line, data paths"),
});
export type ChangeDetail = z.infer<typeof changeDetail>;

const partial = z
  .literal(true)
  .optional()
  .describe("It changes targets besides that you may not see; nothing here tells of them, and acting on it needs all of them");

export const plan = z.object({
  id: z.string(),
  hash: z.string(),
  origin: z
    .string()
    .describe("`repository:<id>@<commit>`, `restore:<version>`, `drift:<finding>`, `rollback:<rollout>`, `credential:<secret>`"),
  title: z.string(),
  repository: z.string().optional(),
  revision: z.string().optional(),
  createdAt: instant,
  createdBy: z.string(),
  changes: z.array(changeSummary),
  unchanged: z.number().int().describe("Targets that are as intended already"),
  partial,
  problems: z.array(z.object({ target: z.string(), targetName: z.string(), code: z.string(), say: z.string(), at: z.string().optional() })),
  strategies: z.array(namedStrategy).describe("Strategies that the repository has for these targets, at this revision"),
  limits: limits.describe("The repository's limits for an own strategy; a rollout may be stricter, not looser, unless it is direct"),
});
export type Plan = z.infer<typeof plan>;
export const planListItem = plan
  .omit({ changes: true, problems: true, strategies: true, limits: true })
  .extend({ targets: z.number().int(), problemCount: z.number().int() });
export type PlanListItem = z.infer<typeof planListItem>;

export const rolloutStates = [
  "awaiting_approval",
  "ready",
  "running",
  "paused",
  "reverting",
  "succeeded",
  "reverted",
  "needs_attention",
] as const;
export type RolloutState = (typeof rolloutStates)[number];

export const targetStates = ["waiting", "preparing", "applying", "verifying", "confirming", "done", "reverting", "pending_revert"] as const;
export const rolloutTarget = z.object({
  target: z.string(),
  targetName: z.string(),
  site: z.string().optional(),
  wave: z.number().int(),
  state: z.enum(targetStates),
  outcome: z.enum(outcomes).optional().describe("`unknown`: given up by a person; nobody knows which configuration it has"),
  side: z.enum(["old", "new", "unknown"]).describe("Which configuration the target has, as last seen"),
  say: z.string().optional().describe("What happened, in a sentence"),
  updatedAt: instant.optional(),
});
export type RolloutTarget = z.infer<typeof rolloutTarget>;

export const rolloutWave = z.object({
  index: z.number().int(),
  targets: z.array(z.string()),
  bakeMs: z.number().int(),
  state: z.enum(["waiting", "running", "baking", "passed", "failed", "skipped"]),
  startedAt: instant.optional(),
  bakeUntil: instant.optional(),
  gate: z.array(z.object({ check: z.string(), ok: z.boolean().optional(), say: z.string() })),
});

export const rollout = z.object({
  id: z.string(),
  planId: z.string(),
  planHash: z.string(),
  title: z.string(),
  state: z.enum(rolloutStates),
  strategy,
  strategyFrom: strategyFrom.optional().describe("Where the strategy was taken from; absent where its author wrote it"),
  limits,
  waves: z.array(rolloutWave),
  targets: z.array(rolloutTarget),
  createdAt: instant,
  createdBy: z.string(),
  requireApproval: z.boolean().describe("Somebody else than its author has to approve it; so for a retry or rollback of it"),
  approvedBy: z.string().optional(),
  startedAt: instant.optional(),
  endedAt: instant.optional(),
  haltReason: z.string().optional(),
  revertOf: z.string().optional(),
  counts: z.record(z.string(), z.number().int()),
  say: z.string().describe("The answer in one sentence"),
  partial,
  etag: z.string(),
});
export type Rollout = z.infer<typeof rollout>;
export const rolloutListItem = rollout
  .omit({ waves: true, targets: true, strategy: true, strategyFrom: true, limits: true })
  .extend({ strategyKind: z.string(), targetCount: z.number().int() });
export type RolloutListItem = z.infer<typeof rolloutListItem>;

export const journalEntry = z.object({
  seq: z.number().int(),
  at: instant,
  target: z.string().optional(),
  step: z.string().describe("e.g. `apply`, `verify`, `confirm`, `revert`, `wave`, `rollout`"),
  phase: z.enum(["begin", "end", "note"]),
  fencing: z.number().int(),
  say: z.string(),
  detail: z.record(z.string(), z.unknown()).optional(),
});
export type JournalEntry = z.infer<typeof journalEntry>;

const tags = ["plans"];
const rolloutTags = ["rollouts"];
const act = (verb: string, summary: string, meta: { permission?: "rollouts:approve"; stepUp?: boolean } = {}) =>
  route("POST", `/rollouts/{id}/${verb}`, {
    permission: "rollouts:operate",
    scoped: true,
    ...meta,
    summary,
    tags: rolloutTags,
    idempotency: "accepted",
  })
    .input(idParam.extend({ reason: z.string().max(500).optional() }))
    .output(rollout);

export const plansContract = {
  create: route("POST", "/plans", {
    permission: "plans:write",
    scoped: true,
    summary: "Plan what a revision would change (a dry run; nothing is touched)",
    tags,
    status: 201,
    idempotency: "accepted",
  })
    .input(
      z.object({
        repository: z.string().max(64),
        revision: z.string().max(200).optional().describe("Commit, tag or branch; the followed branch unless told"),
        selector: selector.optional(),
      }),
    )
    .output(plan),
  list: route("GET", "/plans", { permission: "plans:read", scoped: true, summary: "List plans, newest first", tags })
    .input(pageQuery)
    .output(pageOf(planListItem)),
  get: route("GET", "/plans/{id}", { permission: "plans:read", scoped: true, summary: "One plan", tags }).input(idParam).output(plan),
  change: route("GET", "/plans/{id}/changes/{target}", {
    permission: "plans:read",
    scoped: true,
    summary: "One change: diff, commands, both configurations, sources",
    tags,
  })
    .input(idParam.extend({ target: z.string().max(200) }))
    .output(changeDetail),
};

export const rolloutsContract = {
  create: route("POST", "/rollouts", {
    permission: "rollouts:operate",
    scoped: true,
    summary: "Propose a rollout of a plan",
    tags: rolloutTags,
    status: 201,
    idempotency: "accepted",
  })
    .input(
      z.object({
        planId: z.string().max(64),
        planHash: z.string().max(128).describe("The hash that was reviewed; another is refused"),
        strategy: strategy.optional().describe("An own strategy; the repository's default, or a canary, unless told"),
        strategyName: z.string().max(63).optional().describe("In place of an own strategy: one of the plan's, by its name"),
        limits: limits.default({}).describe("Stricter than what the repository says, never looser; a direct rollout sets them aside"),
        requireApproval: z.boolean().default(false),
        start: z.boolean().default(true).describe("Start as soon as it may"),
      }),
    )
    .output(rollout),
  list: route("GET", "/rollouts", { permission: "rollouts:read", scoped: true, summary: "List rollouts, newest first", tags: rolloutTags })
    .input(
      pageQuery.extend({
        state: z.enum(rolloutStates).optional(),
        plan: z.string().max(64).optional().describe("Only rollouts of this plan"),
      }),
    )
    .output(pageOf(rolloutListItem)),
  get: route("GET", "/rollouts/{id}", {
    permission: "rollouts:read",
    scoped: true,
    summary: "One rollout with its waves and targets",
    tags: rolloutTags,
  })
    .input(idParam)
    .output(rollout),
  journal: route("GET", "/rollouts/{id}/journal", {
    permission: "rollouts:read",
    scoped: true,
    summary: "The journal of a rollout, oldest first",
    tags: rolloutTags,
  })
    .input(idParam.extend(pageQuery.shape).extend({ target: z.string().max(200).optional() }))
    .output(pageOf(journalEntry)),
  start: act("start", "Start a rollout that is ready"),
  approve: act("approve", "Approve a rollout; its author may not", { permission: "rollouts:approve", stepUp: true }),
  pause: act("pause", "Let what is in flight finish, then wait"),
  resume: act("resume", "Go on"),
  abort: act("abort", "Stop and revert what was touched"),
  giveUp: route("POST", "/rollouts/{id}/give-up", {
    permission: "rollouts:operate",
    scoped: true,
    summary: "Try no longer to bring a target back, so that its rollout can end; nobody knows then which configuration it has",
    tags: rolloutTags,
    idempotency: "accepted",
  })
    .input(
      idParam.extend({
        target: z.string().max(200).describe("Id or name of a target that could not be brought back"),
        reason: z.string().trim().min(3).max(500),
      }),
    )
    .output(rollout),
  retry: act(
    "retry",
    "Propose a rollout of the targets that are not new yet; of one that needs attention, try now what could not be brought back",
  ),
  rollback: act("rollback", "Propose a rollout back to how things were before this one", { stepUp: true }),
};
