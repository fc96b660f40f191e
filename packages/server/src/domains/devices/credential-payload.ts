/** What an exchange of a device's credential carries: which version of which secret it has, and which it is to have. No secret. */
import { platforms } from "@holdfast/contract";
import { z } from "zod";

export const credentialKind = "devices.credential";

const publicKey = z.object({ type: z.string(), body: z.string() });

export const credentialPayload = z.object({
  platform: z.enum(platforms),
  /** Name of the secret. */
  secret: z.string(),
  username: z.string(),
  /** Versions of the secret. */
  from: z.number().int(),
  to: z.number().int(),
  /** Absent for passwords. */
  keys: z.object({ from: publicKey, to: publicKey }).optional(),
});
export type CredentialPayload = z.infer<typeof credentialPayload>;
