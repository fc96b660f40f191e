/** Which devices have to be read in full to know that nothing changed. Decided from each device's own mark of its last change. Pure. */
import type { DeviceRow } from "./store.ts";

interface Known {
  mark: string;
  /** When it was first seen. */
  sinceMs: number;
  /** When the last whole reading under it began. */
  readAtMs: number;
}

/** Marks count seconds: a change in the same second as the one before has the same mark, but no change later than this has. */
const sharedMs = 2000;

/** Whatever its mark says, a device is read in full once in this time. */
const wholeEveryMs = 3_600_000;

export class ChangeMarks {
  readonly #known = new Map<string, Known>();

  /**
   * True when the device need not be read: it was as intended, and was read in full after the last moment at which a change could have this mark.
   */
  unmoved(device: DeviceRow, mark: string | undefined, nowMs: number): boolean {
    const known = this.#known.get(device.id);
    if (mark === undefined || known?.mark !== mark) return false;
    if (device.running_hash === null || device.running_hash !== device.expected_hash) return false;
    return known.readAtMs - known.sinceMs >= sharedMs && nowMs - known.readAtMs < wholeEveryMs;
  }

  /** The device was read in full. @param atMs when the mark was known and the reading began */
  read(id: string, mark: string | undefined, atMs: number): void {
    const known = this.#known.get(id);
    if (mark === undefined) this.#known.delete(id);
    else this.#known.set(id, { mark, sinceMs: known?.mark === mark ? known.sinceMs : atMs, readAtMs: atMs });
  }

  /** Forgets all others. */
  keep(ids: Iterable<string>): void {
    const kept = new Set(ids);
    for (const id of this.#known.keys()) if (!kept.has(id)) this.#known.delete(id);
  }
}
