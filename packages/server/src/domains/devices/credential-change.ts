/** The change that exchanges a device's credential, for people to read. */
import { createHash } from "node:crypto";
import type { Change, Target } from "#core/rollout";
import { credentialKind, type CredentialPayload } from "./credential-payload.ts";
import { fingerprintOf } from "./drivers/host-key.ts";
import type { PublicKey } from "./platforms/account.ts";
import { frrKeyCommand } from "./platforms/frr-account.ts";
import { iosAccountLines } from "./platforms/ios-account.ts";

export function credentialChange(target: Target, payload: CredentialPayload): Change<CredentialPayload> {
  const { secret, username, from, to, keys } = payload;
  const line = (version: number, key: PublicKey | undefined): string =>
    `${username} signs in with ${key === undefined ? "the password" : `the key ${shown(key)}`} of version ${version} of ${secret}`;
  return {
    kind: credentialKind,
    target,
    summary: `${keys === undefined ? "password" : "SSH key"} of ${username}: version ${from} of ${secret} → ${to}`,
    diff: [
      { op: "remove", text: line(from, keys?.from) },
      { op: "add", text: line(to, keys?.to) },
    ],
    added: 1,
    removed: 1,
    baseHash: createHash("sha256").update(`${secret}@${from}`).digest("hex"),
    payload,
  };
}

function shown({ body }: PublicKey): string {
  return fingerprintOf(Buffer.from(body, "base64"));
}

/** What is sent to the device over the whole exchange; a password's hash is masked. */
export function credentialCommands({ platform, username, keys }: CredentialPayload): string[] {
  if (keys === undefined) return iosAccountLines.password(username, "<secret>");
  if (platform === "frr") return [frrKeyCommand.add(keys.to, keys.from), frrKeyCommand.remove(keys.from)];
  return [...iosAccountLines.allow(username, keys.to), ...iosAccountLines.forbid(username, keys.from)];
}
