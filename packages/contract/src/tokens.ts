/** Tokens of programs, the keys that sign them, and the end of all of them. */
import { z } from "zod";
import { route } from "./route.ts";

const tags = ["tokens"];

export const tokensContract = {
  revokeAll: route("POST", "/admin/revoke-all-tokens", {
    permission: "users:write",
    summary: "End every session, sign-in link and, when told, API key of everybody; this session too",
    tags,
  })
    .input(
      z.object({
        apiKeys: z.boolean().default(false).describe("API keys as well"),
        dryRun: z.boolean().default(false).describe("Only count"),
        reason: z.string().max(500).optional(),
      }),
    )
    .output(z.object({ sessions: z.number().int(), apiKeys: z.number().int(), links: z.number().int() })),
};
