import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeyRing } from "./key-ring.ts";
import { keyIdOf, openUnder, sealedPrefix, sealUnder, type Place } from "./sealing.ts";

const ring: KeyRing = {
  active: "k2",
  keys: new Map([
    ["k1", randomBytes(32)],
    ["k2", randomBytes(32)],
  ]),
};
const olderRing: KeyRing = { ...ring, active: "k1" };
const place: Place = { table: "devices.version", row: "ver_1", column: "text", version: 1 };
const refused = expect.objectContaining({ code: "secrets_sealed_invalid" });

describe("a sealed value", () => {
  test("opens to the same bytes at its place, whatever they are", () => {
    const places = fc.record({ table: fc.string(), row: fc.string(), column: fc.string(), version: fc.nat() });
    fc.assert(
      fc.property(places, fc.uint8Array({ maxLength: 300 }), (at, bytes) => {
        const sealed = sealUnder(ring, at, Buffer.from(bytes));
        expect(openUnder(ring, at, sealed)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test("opens as long as its key is in the ring, active or not", () => {
    const sealed = sealUnder(olderRing, place, Buffer.from("old"));
    expect(keyIdOf(sealed)).toBe("k1");
    expect(openUnder(ring, place, sealed).toString()).toBe("old");
    expect(() => openUnder({ active: "k2", keys: new Map([["k2", randomBytes(32)]]) }, place, sealed)).toThrow(
      expect.objectContaining({ code: "secrets_key_unknown" }),
    );
  });

  test.each<[string, Partial<Place>]>([
    ["table", { table: "devices.other" }],
    ["row", { row: "ver_2" }],
    ["column", { column: "note" }],
    ["version", { version: 2 }],
    ["parts told apart otherwise", { table: "devices.version,ver_1", row: "" }],
  ])("does not open in another place (%s)", (_what, moved) => {
    const sealed = sealUnder(ring, place, Buffer.from("value"));
    expect(() => openUnder(ring, { ...place, ...moved }, sealed)).toThrow(refused);
  });

  test("does not open when any one bit of it was flipped", () => {
    const sealed = sealUnder(ring, place, Buffer.from("value"));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = Buffer.from(sealed);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(() => openUnder(ring, place, flipped), `bit ${bit}`).toThrow(/does not open|not in the key ring/);
    }
  });

  test("does not open when it was cut short anywhere, nor when it is no sealed value", () => {
    const sealed = sealUnder(ring, place, Buffer.from("value"));
    for (let length = 0; length < sealed.length; length++)
      expect(() => openUnder(ring, place, sealed.subarray(0, length))).toThrow(refused);
    expect(() => openUnder(ring, place, Buffer.from("plain text that somebody put there by hand, long enough"))).toThrow(refused);
  });

  test("of an older key cannot pass as one of the active key", () => {
    const sealed = sealUnder(olderRing, place, Buffer.from("value"));
    const renamed = Buffer.concat([sealedPrefix("k2"), sealed.subarray(sealedPrefix("k1").length)]);
    expect(() => openUnder(ring, place, renamed)).toThrow(refused);
  });

  test("never has the nonce of another one", () => {
    const nonces = new Set<string>();
    const prefix = sealedPrefix(ring.active).length;
    for (let i = 0; i < 100_000; i++) nonces.add(sealUnder(ring, place, Buffer.of()).toString("hex", prefix, prefix + 12));
    expect(nonces.size).toBe(100_000);
  });

  test("begins with the prefix of its key", () => {
    expect(sealUnder(ring, place, Buffer.from("x")).subarray(0, sealedPrefix("k2").length)).toEqual(sealedPrefix("k2"));
  });
});
