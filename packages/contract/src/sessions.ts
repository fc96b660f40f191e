/** Signed-in periods, as those who have them and those who look after users see them. */
import { z } from "zod";
import { idParam, instant, permissions, route } from "./route.ts";

export const sessionSummary = z.object({
  id: z.string(),
  client: z.enum(["console", "cli", "program"]).describe("What it was opened for"),
  device: z.string().describe("Browser and system, or program, as it says itself"),
  methods: z.array(z.string()).describe("How the user proved it, e.g. password, totp"),
  address: z.string().optional().describe("From where it was opened"),
  scopes: z.array(z.enum(permissions)).describe("What it is narrowed to; empty: all that the user may do"),
  createdAt: instant,
  lastSeenAt: instant.describe("To the minute"),
  expiresAt: instant,
  current: z.boolean().describe("This call came with it"),
});
export type SessionSummary = z.infer<typeof sessionSummary>;

const list = z.object({ items: z.array(sessionSummary) });
const ended = z.object({ ended: z.number().int().describe("How many sessions have ended") });
const tags = ["sessions"];

export const sessionsContract = {
  list: route("GET", "/sessions", { permission: "self", summary: "List your sessions, newest first", tags }).output(list),
  revoke: route("DELETE", "/sessions/{id}", { permission: "self", summary: "End one of your sessions", tags, status: 204 })
    .input(idParam)
    .output(z.void()),
  revokeOthers: route("POST", "/sessions/revoke-others", {
    idempotency: "accepted",
    permission: "self",
    summary: "End all your sessions but this one",
    tags,
  }).output(ended),
  listOf: route("GET", "/users/{id}/sessions", { permission: "users:read", summary: "List a user's sessions, newest first", tags })
    .input(idParam)
    .output(list),
  revokeOf: route("DELETE", "/users/{id}/sessions/{session}", {
    permission: "users:write",
    summary: "End one session of a user",
    tags,
    status: 204,
  })
    .input(idParam.extend({ session: z.string().max(64) }))
    .output(z.void()),
  revokeAllOf: route("DELETE", "/users/{id}/sessions", { permission: "users:write", summary: "End all sessions of a user", tags })
    .input(idParam)
    .output(ended),
};
