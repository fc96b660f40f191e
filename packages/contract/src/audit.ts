/** The audit trail: who did what to what, why; chained. */
import { z } from "zod";
import { instant, pageOf, pageQuery, route } from "./route.ts";

export const auditEntry = z.object({
  seq: z.number().int(),
  at: instant,
  actor: z.string(),
  action: z.string().describe("`<module>.<thing>.<verb>`, e.g. `devices.device.create`"),
  subject: z.string().describe("`<kind>:<id>`"),
  reason: z.string().optional(),
  requestId: z.string().optional(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntry>;

const tags = ["audit"];
export const auditContract = {
  list: route("GET", "/audit", { permission: "audit:read", summary: "Search the audit trail, newest first", tags })
    .input(
      pageQuery.extend({
        actor: z.string().optional(),
        action: z.string().optional(),
        subject: z.string().optional(),
        q: z.string().max(200).optional(),
      }),
    )
    .output(pageOf(auditEntry)),
  verify: route("GET", "/audit/verify", { permission: "audit:read", summary: "Recompute the hash chain", tags }).output(
    z.object({ ok: z.boolean(), entries: z.number().int(), head: z.string(), brokenAt: z.number().int().optional(), say: z.string() }),
  ),
};
