/** Reads things again after live events: at once for the first, and never twice at one time for the same thing. */
import type { QueryKey } from "@tanstack/react-query";

export interface Refresher {
  /** What these keys name has changed. */
  touch: (keys: QueryKey[]) => void;
}

interface Reading {
  again: boolean;
}

/**
 * @param readAgain reads everything below a key again; resolves when that is done.
 * A key that is touched while it is being read is read once more afterwards, so the last change is always seen.
 */
export function createRefresher(readAgain: (key: QueryKey) => Promise<unknown>): Refresher {
  const readings = new Map<string, Reading>();
  async function keepReading(name: string, key: QueryKey): Promise<void> {
    const reading: Reading = { again: true };
    readings.set(name, reading);
    while (reading.again) {
      reading.again = false;
      // A failed read shows on the screen by itself; the next event tries again.
      await readAgain(key).catch(() => undefined);
    }
    readings.delete(name);
  }
  return {
    touch(keys) {
      for (const key of keys) {
        const name = JSON.stringify(key);
        const reading = readings.get(name);
        if (reading) reading.again = true;
        else void keepReading(name, key);
      }
    },
  };
}
