/** How busy a device is. Deterministic: a quiet router with a little weather, plus what its sessions and faults cost. */
import type { Router } from "./router.ts";

export interface Load {
  /** Percent of the processor. */
  fiveSeconds: number;
  oneMinute: number;
  fiveMinutes: number;
  /** Bytes. */
  memoryTotal: number;
  memoryUsed: number;
}

/** A number that is always the same for a name. */
export const seedOf = (name: string, modulo = 1009): number => Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) % modulo, 7);

export function loadOf(router: Router): Load {
  const seed = seedOf(router.name);
  const minute = Math.floor(router.clock.now() / 60_000);
  const weather = (seed + minute * 7) % 4;
  const forced = router.faults.peek("cpu")?.percent;
  const quiet = Math.min(90, 2 + weather + router.sessions);
  const memoryTotal = 2_091_872_256;
  const memoryUsed = 268_435_456 + seed * 65_536 + router.sessions * 1_048_576 + router.running().length * 64;
  const cpu = forced ?? quiet;
  return { fiveSeconds: cpu, oneMinute: forced ?? 2 + weather, fiveMinutes: forced ?? 3, memoryTotal, memoryUsed };
}
