/** What devices are signed in to with: which version of which secret each has, and how it is exchanged on them. */
import { z } from "zod";
import { pageOf, pageQuery, route, selector } from "./route.ts";
import { plan } from "./rollouts.ts";

export const deviceSignIn = z.object({
  device: z.string(),
  deviceName: z.string(),
  secret: z.string(),
  version: z.number().int().optional().describe("Of the secret; absent for a reference into Vault"),
  current: z.boolean().describe("It is the newest version"),
});
export type DeviceSignIn = z.infer<typeof deviceSignIn>;

export const credentialRotation = z.object({
  dryRun: z.boolean(),
  items: z.array(
    z.object({
      device: z.string(),
      deviceName: z.string(),
      secret: z.string(),
      from: z.number().int(),
      to: z.number().int(),
      made: z.boolean().describe("The version is new; false: it was there, and this device did not have it yet"),
    }),
  ),
  problems: plan.shape.problems.describe("Devices whose credential cannot be exchanged, and why"),
  plan: plan.optional().describe("To be rolled out; absent after a dry run, and when there is nothing to exchange"),
});
export type CredentialRotation = z.infer<typeof credentialRotation>;

const tags = ["devices"];
const secret = z.string().max(300).optional().describe("Name of a secret; all unless told");
export const credentialsContract = {
  list: route("GET", "/credentials", {
    permission: "devices:read",
    scoped: true,
    summary: "Which version of its secret each device is signed in to with",
    tags,
  })
    .input(pageQuery.extend({ secret }))
    .output(pageOf(deviceSignIn)),
  rotate: route("POST", "/credentials/rotate", {
    stepUp: true,
    permission: "secrets:write",
    summary: "Plan another SSH key or password on devices; the plan is rolled out like any other",
    tags,
    status: 201,
    idempotency: "accepted",
  })
    .input(
      z.object({
        secret,
        selector: selector.optional(),
        algorithm: z
          .enum(["ed25519", "rsa"])
          .optional()
          .describe("Of new keys; RSA where an IOS has the secret, else Ed25519, unless told"),
        again: z.boolean().default(false).describe("Make another version although some devices do not have the newest one yet"),
        dryRun: z.boolean().default(false),
      }),
    )
    .output(credentialRotation),
};
