import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { decodeCursor, encodeCursor } from "./cursor.ts";

const position = z.strictObject({ name: z.string(), seq: z.number().int() });

describe("a cursor", () => {
  test("gives back the position it was made of, and is safe in an address", () => {
    fc.assert(
      fc.property(fc.record({ name: fc.string({ unit: "binary" }), seq: fc.integer() }), (value) => {
        const cursor = encodeCursor(value);
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(decodeCursor(position, cursor)).toEqual({ ...value, name: value.name.toWellFormed() });
      }),
    );
  });

  test("that nobody gave out is refused with its place, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.jsonValue().map(encodeCursor)), (text) => {
        expect(() => decodeCursor(position, text)).toThrow(
          expect.objectContaining({ code: "cursor_invalid", status: 400, places: [expect.objectContaining({ at: "cursor" })] }),
        );
      }),
    );
  });

  test("is not needed for the first page", () => expect(decodeCursor(position, undefined)).toBeUndefined());
});
