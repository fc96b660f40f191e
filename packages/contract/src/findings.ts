/** Findings: something is not as it should be. */
import { z } from "zod";
import { idParam, instant, labels, pageOf, pageQuery, route } from "./route.ts";

export const severities = ["critical", "high", "medium", "low", "info"] as const;
export type Severity = (typeof severities)[number];
export const findingStates = ["open", "acknowledged", "suppressed", "resolved"] as const;

export const finding = z.object({
  id: z.string(),
  fingerprint: z.string(),
  source: z.string().describe("The module that raised it, e.g. `devices.drift`"),
  kind: z.string().describe("e.g. `drift`, `host_key_changed`, `unreachable`"),
  severity: z.enum(severities),
  state: z.enum(findingStates),
  title: z.string(),
  detail: z.string(),
  subject: z.string().describe("`<kind>:<id>` of what it is about"),
  subjectName: z.string(),
  labels,
  evidence: z.record(z.string(), z.unknown()),
  occurrences: z.number().int(),
  firstSeenAt: instant,
  lastSeenAt: instant,
  resolvedAt: instant.optional(),
  suppressedUntil: instant.optional(),
  note: z.string().optional(),
  acknowledgedBy: z.string().optional(),
  etag: z.string().describe("Moves with every change; If-Match looks only at what people change: state, note, silence"),
});
export type Finding = z.infer<typeof finding>;

const tags = ["findings"];
const act = { permission: "findings:write", scoped: true, tags, idempotency: "accepted", precondition: "optional" } as const;
export const findingsContract = {
  list: route("GET", "/findings", { permission: "findings:read", scoped: true, summary: "List findings, the newest first", tags })
    .input(
      pageQuery.extend({
        state: z.enum(findingStates).optional(),
        severity: z.enum(severities).optional(),
        kind: z.string().max(100).optional(),
        subject: z.string().max(200).optional(),
        q: z.string().max(200).optional(),
      }),
    )
    .output(pageOf(finding)),
  get: route("GET", "/findings/{id}", { permission: "findings:read", scoped: true, summary: "One finding", tags })
    .input(idParam)
    .output(finding),
  acknowledge: route("POST", "/findings/{id}/acknowledge", { ...act, summary: "Say that somebody is on it" })
    .input(idParam.extend({ note: z.string().max(2000).optional() }))
    .output(finding),
  suppress: route("POST", "/findings/{id}/suppress", { ...act, summary: "Silence it until a time, with a reason" })
    .input(idParam.extend({ until: instant, reason: z.string().min(1).max(2000) }))
    .output(finding),
  resolve: route("POST", "/findings/{id}/resolve", { ...act, summary: "Close it by hand, with a reason" })
    .input(idParam.extend({ reason: z.string().min(1).max(2000) }))
    .output(finding),
};
