/** What is known about a person: shown, handed over, erased (GDPR, articles 15, 17 and 20). */
import { z } from "zod";
import { idParam, instant, route } from "./route.ts";

/** Machine-readable, and complete: one member for each module that knows something. */
export const personExport = z.object({
  format: z.literal("holdfast.person.1"),
  at: instant,
  person: z.object({ id: z.string(), name: z.string() }),
  known: z.record(z.string(), z.unknown()).describe("By module"),
});
export type PersonExport = z.infer<typeof personExport>;

export const erasure = z.object({
  done: z.boolean().describe("False for a dry run"),
  person: z.object({ id: z.string(), name: z.string() }),
  pseudonym: z.string().describe("What stands for the person from now on; nothing leads back from it"),
  erased: z.record(z.string(), z.record(z.string(), z.number().int())).describe("By module: how many of what"),
});
export type Erasure = z.infer<typeof erasure>;

const tags = ["privacy"];
export const privacyContract = {
  me: route("GET", "/privacy/me", { permission: "self", summary: "Everything that is known about you, as JSON", tags }).output(
    personExport,
  ),
  show: route("GET", "/privacy/people/{id}", {
    permission: "users:write",
    summary: "Everything that is known about a person, as JSON; recorded",
    tags,
    stepUp: true,
  })
    .input(idParam)
    .output(personExport),
  erase: route("POST", "/privacy/people/{id}/erase", {
    permission: "users:write",
    summary: "Erase a person for good; what they did stays, under a pseudonym",
    tags,
    stepUp: true,
    // The answer has the name, which is not to be kept.
    idempotency: "once",
  })
    .input(
      idParam.extend({
        confirm: z.string().max(200).describe("The person's name, to be sure"),
        reason: z.string().min(1).max(500),
        dryRun: z.boolean().default(false).describe("Only count what would be erased"),
      }),
    )
    .output(erasure),
};
