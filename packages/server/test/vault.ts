/** A simulated Vault and what a test of ours needs beside it: settings that fit, and a clock that stands still until told. */
import type { Clock } from "@holdfast/kit";
import { Secret } from "@holdfast/kit";
import { createLog, type Log } from "#platform/log";
import { heldClock, type HeldClock } from "#world/clock";
import { startVault, type Policy, type SimulatedVault, type VaultWish } from "#world/vault";
import type { VaultSettings } from "#platform/settings-secrets";

/** What Holdfast's own role needs; the same as in docs/operate/secrets.md. */
export const holdfastPolicy: Policy = {
  "kv/data/holdfast/*": ["create", "read", "update"],
  "kv/destroy/holdfast/*": ["update"],
  "kv/metadata/holdfast/*": ["read", "delete"],
  "kv/data/network/*": ["read"],
  "secret/*": ["create", "read", "update", "delete"],
  "database/creds/reader": ["read"],
  "ssh/sign/device": ["create", "update"],
  "pki/root/sign-intermediate": ["create", "update"],
  "pki/revoke": ["create", "update"],
  "transit/encrypt/holdfast": ["create", "update"],
  "transit/decrypt/holdfast": ["update"],
  "transit/rewrap/holdfast": ["update"],
  "sys/leases/revoke": ["update"],
};

/** A clock that the world holds. Waits of two seconds and less, those between attempts, pass at once. */
export function asClock(held: HeldClock): Clock {
  return {
    now: held.now,
    sleep: (ms, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (signal?.aborted) reject(signal.reason as Error);
      else if (ms <= 2000) resolve();
      else {
        const off = held.after(ms, resolve);
        signal?.addEventListener("abort", () => {
          off();
          reject(signal.reason as Error);
        });
      }
      return promise;
    },
  };
}

export interface VaultScene {
  server: SimulatedVault;
  held: HeldClock;
  clock: Clock;
  /** With an AppRole that has `holdfastPolicy`, a token for an hour, and a day at most. */
  settings: VaultSettings;
  log: Log;
  /** All that was logged, at every level. */
  lines: string[];
}

export async function vaultScene(wish: Omit<VaultWish, "now"> = {}): Promise<VaultScene> {
  const held = heldClock();
  const server = await startVault({ ...wish, now: held.now });
  server.policies.set("holdfast", holdfastPolicy);
  const { roleId, secretId } = server.appRole("holdfast", { policies: ["holdfast"], ttlS: 3600, maxTtlS: 86_400 });
  const lines: string[] = [];
  return {
    server,
    held,
    clock: asClock(held),
    lines,
    log: createLog({ level: "trace", to: { write: (line) => void lines.push(line) } }),
    settings: {
      address: server.address,
      signIn: { by: "approle", mount: "approle", roleId, secretId: { text: new Secret(secretId) }, wrapped: false },
      keepAt: "kv/holdfast",
      references: ["kv/network", "database/creds/"],
    },
  };
}
