/** Second factors, proving again who one is, and one's own password. */
import { z } from "zod";
import { me, newPassword } from "./identity.ts";
import { idParam, instant, route } from "./route.ts";

const token = z.string().max(200);
/** JSON as browsers give and take it (WebAuthn level 3, `toJSON` and `parse…FromJSON`). */
const webauthn = z.record(z.string().max(100), z.json());
const code = z.string().max(20).describe("Six digits of an authenticator app");
const backupCode = z.string().max(40);
const passkey = webauthn.describe("What the browser's navigator.credentials gave, as JSON");

const proof = { code: code.optional(), backupCode: backupCode.optional(), passkey: passkey.optional() };
const backupCodes = z.array(z.string()).describe("Ten codes that count once each; shown this once");

export const ownFactors = z.object({
  totp: z.object({ since: instant }).optional().describe("An authenticator app"),
  passkeys: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      synced: z.boolean().describe("Kept by a provider on several devices"),
      createdAt: instant,
      lastUsedAt: instant.optional(),
    }),
  ),
  passkeysPossible: z.boolean().describe("False where the server is reached by an address: passkeys need a name"),
  backupCodes: z.object({ left: z.number().int(), of: z.number().int(), low: z.boolean() }),
  needed: z.boolean().describe("A role asks for a second factor"),
  hasPassword: z.boolean(),
  steppedUpUntil: instant.optional().describe("Until then nobody asks again who you are"),
});
export type OwnFactors = z.infer<typeof ownFactors>;

const tags = ["identity"];
const enrolled = z.object({ backupCodes: backupCodes.optional() });

export const factorsContract = {
  secondFactor: route("POST", "/auth/second-factor", {
    permission: "public",
    summary: "Show the second factor that a sign-in asked for; sets the session cookie",
    tags,
  })
    .input(z.object({ token, ...proof }))
    .output(me),
  secondFactorOptions: route("POST", "/auth/second-factor/options", {
    permission: "public",
    summary: "What a passkey has to sign for this sign-in",
    tags,
  })
    .input(z.object({ token }))
    .output(z.object({ options: webauthn })),
  passkeyOptions: route("POST", "/auth/passkey/options", {
    permission: "public",
    summary: "Begin a sign-in with a passkey alone",
    tags,
  }).output(z.object({ token: z.string(), options: webauthn })),
  signInByPasskey: route("POST", "/auth/passkey", {
    permission: "public",
    summary: "Sign in with a passkey alone; sets the session cookie",
    tags,
  })
    .input(z.object({ token, passkey }))
    .output(me),

  stepUp: route("POST", "/auth/step-up", {
    idempotency: "accepted",
    permission: "self",
    summary: "Prove again who you are: with a second factor, or with the password where there is none. It counts for ten minutes",
    tags,
    meanwhile: true,
  })
    .input(
      z
        .object({ password: z.string().max(256).optional(), token: token.optional(), ...proof })
        .refine(({ token: _token, ...shown }) => Object.values(shown).some((one) => one !== undefined), "shows nothing"),
    )
    .output(z.object({ until: instant })),
  stepUpWays: route("GET", "/auth/step-up", {
    permission: "self",
    summary: "With what you can prove who you are",
    tags,
    meanwhile: true,
  }).output(
    z.object({
      ways: z.array(z.enum(["password", "totp", "passkey", "backup-code", "provider"])),
      provider: z
        .object({ id: z.string(), name: z.string() })
        .optional()
        .describe("Whose password counts, or where to prove it (way `provider`)"),
    }),
  ),
  stepUpOptions: route("POST", "/auth/step-up/options", {
    idempotency: "once",
    permission: "self",
    summary: "What a passkey has to sign to prove who you are",
    tags,
    meanwhile: true,
  }).output(z.object({ token: z.string(), options: webauthn })),

  changePassword: route("POST", "/auth/password", {
    idempotency: "accepted",
    permission: "self",
    summary: "Change your password; ends your other sessions",
    tags,
    status: 204,
    meanwhile: true,
  })
    .input(z.object({ current: z.string().max(256).optional().describe("Needed when you have one"), password: newPassword }))
    .output(z.void()),

  own: route("GET", "/auth/factors", { permission: "self", summary: "Your second factors", tags, meanwhile: true }).output(ownFactors),
  beginTotp: route("POST", "/auth/factors/totp", {
    idempotency: "once",
    permission: "self",
    summary: "Begin to enrol an authenticator app; the one you have counts until the new one is confirmed",
    tags,
    stepUp: true,
    meanwhile: true,
  }).output(z.object({ secret: z.string().describe("Base32, to type in"), uri: z.string().describe("otpauth://, to show as a QR code") })),
  confirmTotp: route("POST", "/auth/factors/totp/confirm", {
    idempotency: "accepted",
    permission: "self",
    summary: "Confirm the authenticator app with a code of it",
    tags,
    stepUp: true,
    meanwhile: true,
  })
    .input(z.object({ code }))
    .output(enrolled),
  beginPasskey: route("POST", "/auth/factors/passkeys/options", {
    idempotency: "once",
    permission: "self",
    summary: "Begin to enrol a passkey",
    tags,
    stepUp: true,
    meanwhile: true,
  }).output(z.object({ token: z.string(), options: webauthn })),
  addPasskey: route("POST", "/auth/factors/passkeys", {
    idempotency: "accepted",
    permission: "self",
    summary: "Enrol the passkey that the browser made",
    tags,
    status: 201,
    stepUp: true,
    meanwhile: true,
  })
    .input(z.object({ token, name: z.string().trim().min(1).max(100), passkey }))
    .output(enrolled),
  remove: route("DELETE", "/auth/factors/{id}", {
    permission: "self",
    summary: "Remove a second factor: `totp`, or the id of a passkey",
    tags,
    status: 204,
    stepUp: true,
  })
    .input(z.object({ id: z.string().max(1400) }))
    .output(z.void()),
  makeBackupCodes: route("POST", "/auth/factors/backup-codes", {
    idempotency: "once",
    permission: "self",
    summary: "Make ten new backup codes; the old ones end",
    tags,
    status: 201,
    stepUp: true,
  }).output(z.object({ backupCodes })),

  reset: route("POST", "/users/{id}/factors/reset", {
    idempotency: "accepted",
    permission: "users:write",
    summary: "Take all second factors from a user and end the sessions; the next sign-in begins with enrolling new ones",
    tags: ["users"],
    status: 204,
    stepUp: true,
  })
    .input(idParam.extend({ reason: z.string().trim().min(1).max(500) }))
    .output(z.void()),
};
