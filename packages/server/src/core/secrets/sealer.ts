/** Seals and opens with the key ring in hand, and reads the ring again when a value names a key that another process added since. */
import { Problem } from "@holdfast/kit";
import type { Log } from "#platform/log";
import type { KeyRing } from "./key-ring.ts";
import type { OpenedSource } from "./key-source.ts";
import { keyIdOf, openUnder, sealUnder, type Place } from "./sealing.ts";

export interface Sealer {
  readonly ring: KeyRing;
  use(ring: KeyRing): void;
  /** The ring as its source has it now. */
  reload(): KeyRing;
  seal(place: Place, plaintext: string | Buffer): Buffer;
  open(place: Place, sealed: Buffer): Buffer;
}

export function createSealer({ source, ring: first, log }: { source: OpenedSource; ring: KeyRing; log: Log }): Sealer {
  let ring = first;
  const sealer: Sealer = {
    get ring() {
      return ring;
    },
    use(next) {
      ring = next;
    },
    reload() {
      const next = source.read();
      if (!next) throw new Problem("secrets_key_ring_missing", { kind: "not_ready", say: "The key ring is gone; restore its file." });
      if (next.active !== ring.active) log.info({ key: next.active }, "the key ring has a new active key");
      ring = next;
      return ring;
    },
    seal: (place, plaintext) => sealUnder(ring, place, Buffer.isBuffer(plaintext) ? plaintext : Buffer.from(plaintext, "utf8")),
    open(place, sealed) {
      if (!ring.keys.has(keyIdOf(sealed))) sealer.reload();
      return openUnder(ring, place, sealed);
    },
  };
  return sealer;
}
