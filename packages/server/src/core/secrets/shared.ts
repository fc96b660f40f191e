/** Dynamic credentials that this process uses: one lease for each reference, renewed while the process lives, revoked when it stops. */
import type { SecretLease, SecretValue } from "@holdfast/contract";
import type { Clock } from "@holdfast/kit";
import type { Log } from "#platform/log";
import type { LeaseWish } from "./leases.ts";
import type { RevealBy } from "./reveal.ts";
import { keepRenewed } from "./vault/renewal.ts";

interface SharedDeps {
  clock: Clock;
  log: Log;
  /** See `Vault.epoch`: a credential ends with the token that it was taken with. */
  epoch(): number;
  take(wish: LeaseWish, by: RevealBy): Promise<{ lease: SecretLease; value: SecretValue }>;
  renew(id: string, by: { actor: string }): Promise<SecretLease>;
  revoke(id: string, by: { actor: string }): Promise<void>;
  isActive(id: string): Promise<boolean>;
}

interface Held {
  leaseId: string;
  value: SecretValue;
  epoch: number;
  over: AbortController;
}

const by = { actor: "system:secrets", purpose: "used by this process" };

export function createSharedCredentials(deps: SharedDeps) {
  const { clock, log } = deps;
  const held = new Map<string, Held>();
  const taking = new Map<string, Promise<Held>>();

  async function take(reference: string): Promise<Held> {
    const { lease, value } = await deps.take({ secret: reference, ttlMs: 0 }, by);
    const mine: Held = { leaseId: lease.id, value, epoch: deps.epoch(), over: new AbortController() };
    held.get(reference)?.over.abort(new Error("replaced"));
    held.set(reference, mine);
    const lastsMs = (one: SecretLease): number => Date.parse(one.expiresAt) - clock.now();
    keepRenewed({
      clock,
      log,
      what: reference,
      ttlMs: lastsMs(lease),
      signal: mine.over.signal,
      renew: async () => lastsMs(await deps.renew(mine.leaseId, by)),
      ending() {
        if (held.get(reference) === mine) held.delete(reference); // the next use takes a new one, while this one still works
      },
    });
    return mine;
  }

  return {
    async valueOf(reference: string): Promise<SecretValue> {
      const known = held.get(reference);
      if (known && known.epoch === deps.epoch() && (await deps.isActive(known.leaseId))) return known.value;
      const begun = taking.get(reference) ?? take(reference).finally(() => taking.delete(reference));
      taking.set(reference, begun);
      return (await begun).value;
    },
    async stop(): Promise<void> {
      await Promise.allSettled(taking.values());
      for (const { over, leaseId } of held.values()) {
        over.abort(new Error("stopped"));
        await deps
          .revoke(leaseId, by)
          .catch((thrown: unknown) => log.warn({ error: thrown, lease: leaseId }, "a lease could not be revoked; it ends by itself"));
      }
      held.clear();
    },
  };
}
