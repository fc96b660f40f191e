/** Who may use a device next: first come, first served, as far as the limits of device, bastion and process allow. */

export interface Limits {
  perDevice: number;
  perBastion: number;
  /** Over all devices. */
  total: number;
  /** Callers that may wait; the next one is refused. */
  waiting: number;
}

export interface Claim {
  device: string;
  /** Absent when the device is reached directly. */
  bastion: string | undefined;
}

interface Waiter {
  claim: Claim;
  grant(): void;
}

/** Counts what is in use, and keeps the line of those who wait. */
export class SlotQueue {
  readonly #limits: Limits;
  readonly #devices = new Map<string, number>();
  readonly #bastions = new Map<string, number>();
  #total = 0;
  #waiters: Waiter[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** How many are in use: of this device, through this bastion, in all. */
  inUse({ device, bastion }: Claim): { device: number; bastion: number; total: number } {
    return {
      device: this.#devices.get(device) ?? 0,
      bastion: bastion === undefined ? 0 : (this.#bastions.get(bastion) ?? 0),
      total: this.#total,
    };
  }

  /** `grant` is called at once or later. Gives a way to leave the line; false when too many wait already. */
  ask(claim: Claim, grant: () => void): (() => void) | false {
    if (this.#waiters.length >= this.#limits.waiting) return false;
    const waiter = { claim, grant };
    this.#waiters.push(waiter);
    this.#serve();
    return () => {
      this.#waiters = this.#waiters.filter((one) => one !== waiter);
    };
  }

  release(claim: Claim): void {
    this.#count(claim, -1);
    this.#serve();
  }

  /** Who does not fit holds up nobody behind but those for the same device or bastion, who do not fit either. */
  #serve(): void {
    const granted: Waiter[] = [];
    for (let at = 0; at < this.#waiters.length && this.#total < this.#limits.total;) {
      const waiter = this.#waiters[at];
      if (waiter && this.#fits(waiter.claim)) {
        this.#waiters.splice(at, 1);
        this.#count(waiter.claim, 1);
        granted.push(waiter);
      } else at++;
    }
    for (const { grant } of granted) grant();
  }

  #fits(claim: Claim): boolean {
    const { device, bastion, total } = this.inUse(claim);
    return (
      total < this.#limits.total && device < this.#limits.perDevice && (claim.bastion === undefined || bastion < this.#limits.perBastion)
    );
  }

  #count({ device, bastion }: Claim, by: 1 | -1): void {
    this.#total += by;
    add(this.#devices, device, by);
    if (bastion !== undefined) add(this.#bastions, bastion, by);
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}
