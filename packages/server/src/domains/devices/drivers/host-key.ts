/** Host keys: fingerprints, and what becomes of a key that a device shows. */
import { createHash } from "node:crypto";
import { DeviceError } from "./error.ts";

/** `SHA256:` and 43 characters of base64, as OpenSSH prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The key's family: the first string of its blob (RFC 4253 §6.6). */
export function familyOfKey(key: Buffer): string {
  return key.toString("latin1", 4, 4 + key.readUInt32BE(0));
}

export function refuseKey(name: string, shown: string, pinned: string | undefined): DeviceError {
  if (pinned === undefined) {
    return new DeviceError("host_key_unknown", {
      say: `${name} is not known yet: it shows the host key ${shown}. Compare it with the device and trust it, then try again.`,
      fingerprint: shown,
    });
  }
  return new DeviceError("host_key_changed", {
    say: `${name} shows the host key ${shown}, but ${pinned} is pinned. Nothing was sent to it. If the device was replaced, trust the new key; otherwise somebody may be in between.`,
    fingerprint: shown,
  });
}
