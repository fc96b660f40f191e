/** Tokens of programs, the keys that sign them, and the end of all of them. */
import { z } from "zod";
import { instant, permissions, route } from "./route.ts";

const tags = ["tokens"];

export const tokenPair = z.object({
  accessToken: z.string().describe("Sent as `Authorization: Bearer …`; a JWT that names the session"),
  tokenType: z.literal("Bearer"),
  expiresIn: z.number().int().describe("Seconds until the access token ends"),
  refreshToken: z.string().describe("Good once, for the next pair"),
  refreshExpiresAt: instant,
});
export type TokenPair = z.infer<typeof tokenPair>;

export const signingKey = z.object({
  id: z.string().describe("`kid` of the tokens that it signed"),
  algorithm: z.enum(["EdDSA", "HS256"]),
  createdAt: instant,
  retiredAt: instant.optional().describe("Signs no more since; verifies until its last token has ended"),
  signs: z.boolean(),
});
export type SigningKeySummary = z.infer<typeof signingKey>;
const signingKeys = z.object({ items: z.array(signingKey) });

export const deviceRequest = z.object({
  program: z.string().describe("What it calls itself; anybody can call a program anything"),
  device: z.string(),
  address: z.string().optional().describe("From where it asks"),
  scopes: z.array(z.enum(permissions)).describe("What it asks for; empty: all that you may do"),
  askedAt: instant,
  expiresAt: instant,
});
export type DeviceRequest = z.infer<typeof deviceRequest>;
const userCode = z.string().min(8).max(20).describe("What the program shows, e.g. BCDF-GHJK");

export const tokensContract = {
  showDevice: route("POST", "/auth/device/show", {
    idempotency: "accepted",
    permission: "self",
    summary: "Who asks with this code to be let in",
    tags,
  })
    .input(z.object({ userCode }))
    .output(deviceRequest),
  approveDevice: route("POST", "/auth/device/approve", {
    idempotency: "accepted",
    permission: "self",
    stepUp: true,
    summary: "Let the program in that shows this code; it may do what you may",
    tags,
    status: 204,
  })
    .input(z.object({ userCode }))
    .output(z.void()),
  denyDevice: route("POST", "/auth/device/deny", {
    idempotency: "accepted",
    permission: "self",
    summary: "Do not let the program in that shows this code",
    tags,
    status: 204,
  })
    .input(z.object({ userCode }))
    .output(z.void()),
  trade: route("POST", "/auth/token", {
    idempotency: "once",
    permission: "self",
    stepUp: true,
    summary: "Trade the session's cookie for tokens, within five minutes after signing in; the cookie ends",
    tags,
    status: 201,
  }).output(tokenPair),
  refresh: route("POST", "/auth/token/refresh", {
    permission: "public",
    summary: "Use a refresh token, once, for the next pair; a second use ends the session",
    tags,
  })
    .input(z.object({ refreshToken: z.string().max(200) }))
    .output(tokenPair),
  revoke: route("POST", "/auth/token/revoke", {
    permission: "public",
    summary: "End the session of a refresh token",
    tags,
    status: 204,
  })
    .input(z.object({ refreshToken: z.string().max(200) }))
    .output(z.void()),
  signingKeys: route("GET", "/signing-keys", {
    permission: "users:read",
    summary: "Keys that sign access tokens, newest first",
    tags,
  }).output(signingKeys),
  rotateSigningKey: route("POST", "/signing-keys/rotate", {
    permission: "users:write",
    stepUp: true,
    summary: "Make a new key that signs access tokens from now on",
    tags,
    status: 201,
    idempotency: "accepted",
  }).output(signingKeys),
  revokeAll: route("POST", "/admin/revoke-all-tokens", {
    idempotency: "accepted",
    permission: "users:write",
    stepUp: true,
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
