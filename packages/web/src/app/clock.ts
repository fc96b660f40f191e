/** The server's time as well as a browser can know it: countdowns must not follow a laptop whose clock is wrong. */

let offsetMs = 0;

/** Takes the server's `Date` of an answer; whole seconds, so that small differences are left alone. */
export function learnServerTime(dateHeader: string | null, nowMs: number = Date.now()): void {
  const serverMs = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
  if (Number.isNaN(serverMs)) return;
  const difference = serverMs - nowMs;
  offsetMs = Math.abs(difference) < 2000 ? 0 : difference;
}

/** Milliseconds since 1970 on the server's clock. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}
