/** A lease that this controller holds: asked for in the database, and known by our own clock in between. */
import type { Clock } from "@holdfast/kit";
import type { Db } from "#platform/db";
import { leaseLost, renewLease } from "./store.ts";

export interface Lease {
  id: string;
  fencing: number;
}

export interface HeldLease extends Lease {
  /** Prolongs it. @throws Problem `rollouts_lease_lost` when another controller has the rollout */
  renew(): Promise<void>;
  /** @throws Problem `rollouts_lease_lost` when it has run out since it was last prolonged: another controller may have the rollout */
  notLapsed(): void;
}

/** @param atMs when the claim was asked for: what came back later is as old as that */
export function holdLease(deps: { db: Db; clock: Clock; leaseMs: number }, lease: Lease, atMs: number): HeldLease {
  let untilMs = atMs + deps.leaseMs;
  return {
    ...lease,
    async renew() {
      const asked = deps.clock.now();
      if (!(await renewLease(deps.db, lease, deps.leaseMs))) throw leaseLost(lease.id);
      untilMs = Math.max(untilMs, asked + deps.leaseMs);
    },
    notLapsed() {
      if (deps.clock.now() >= untilMs) throw leaseLost(lease.id);
    },
  };
}
