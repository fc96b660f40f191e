/** The system itself: the overview's sentence, and the live stream. */
import { eventIterator } from "@orpc/contract";
import { z } from "zod";
import { instant, route } from "./route.ts";

export const overview = z.object({
  say: z.string().describe("The network in one sentence"),
  devices: z.object({
    total: z.number().int(),
    asIntended: z.number().int(),
    drifted: z.number().int(),
    unreachable: z.number().int(),
    unknown: z.number().int(),
  }),
  findings: z.record(z.string(), z.number().int()).describe("Open findings by severity"),
  rollouts: z.object({ running: z.number().int(), awaitingApproval: z.number().int(), needsAttention: z.number().int() }),
  audit: z.object({ entries: z.number().int() }),
});

/** One thing that happened. `id` rises; a client that lost the stream asks again from the last one it saw. */
export const liveEvent = z.object({
  id: z.string(),
  type: z.string(),
  subject: z.string(),
  at: instant,
  payload: z.record(z.string(), z.unknown()),
});
export type LiveEvent = z.infer<typeof liveEvent>;

export const systemContract = {
  overview: route("GET", "/overview", { permission: "self", summary: "The network in one breath", tags: ["system"] }).output(overview),
  events: route("GET", "/events", {
    permission: "self",
    summary: "Server-sent events; resumes after `Last-Event-ID`",
    tags: ["system"],
  }).output(eventIterator(liveEvent)),
};
