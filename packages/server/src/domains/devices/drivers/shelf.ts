/** Unused sessions that are kept for a while. They hold connections, so they go first when one would be too many. */
import type { OpenSession } from "../platforms/session.ts";
import type { Claim, Limits, SlotQueue } from "./queue.ts";

interface Kept {
  session: OpenSession;
  claim: Claim;
  /** Tells whether it was opened in the same way as somebody wants it now. */
  key: string;
  sinceMs: number;
  timer: NodeJS.Timeout;
}

/** A session unused for longer than this is asked whether it still lives, before it is given out. */
const probeAfterMs = 1000;
const probeMs = 3000;

export class Shelf {
  readonly #idleMs: number;
  #kept: Kept[] = [];

  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  get size(): number {
    return this.#kept.length;
  }

  put(session: OpenSession, claim: Claim, key: string): void {
    const one: Kept = { session, claim, key, sinceMs: Date.now(), timer: setTimeout(() => void this.#discard(one), this.#idleMs).unref() };
    this.#kept.push(one);
  }

  /** A session that lives; those that do not are closed on the way. */
  async take(claim: Claim, key: string): Promise<OpenSession | undefined> {
    for (;;) {
      const one = this.#kept.findLast((other) => other.claim.device === claim.device);
      if (!one) return undefined;
      this.#remove(one);
      if (one.key === key && one.session.usable && (await lives(one))) return one.session;
      await one.session.close();
    }
  }

  /** Closes the oldest ones until a new session for `claim`, which has its place in the queue, is within the limits. */
  async makeRoom(claim: Claim, queue: SlotQueue, limits: Limits): Promise<void> {
    for (let victim = this.#tooMany(claim, queue, limits); victim; victim = this.#tooMany(claim, queue, limits))
      await this.#discard(victim);
  }

  async clear(): Promise<void> {
    await Promise.all(this.#kept.map((one) => this.#discard(one)));
  }

  #tooMany(claim: Claim, queue: SlotQueue, limits: Limits): Kept | undefined {
    const used = queue.inUse(claim);
    const ofDevice = this.#kept.filter((one) => one.claim.device === claim.device);
    if (used.device + ofDevice.length > limits.perDevice) return ofDevice[0];
    const ofBastion = claim.bastion === undefined ? [] : this.#kept.filter((one) => one.claim.bastion === claim.bastion);
    if (used.bastion + ofBastion.length > limits.perBastion) return ofBastion[0];
    return used.total + this.#kept.length > limits.total ? this.#kept[0] : undefined;
  }

  #remove(one: Kept): void {
    clearTimeout(one.timer);
    this.#kept = this.#kept.filter((other) => other !== one);
  }

  async #discard(one: Kept): Promise<void> {
    this.#remove(one);
    await one.session.close();
  }
}

function lives({ session, sinceMs }: Kept): Promise<boolean> {
  if (Date.now() - sinceMs < probeAfterMs) return Promise.resolve(true);
  return session.probe(probeMs).then(
    () => true,
    () => false,
  );
}
