/** Cursors of paged lists: where the next page begins, opaque to the caller. Not a secret and not signed: it only says where to go on. */
import { Problem } from "@holdfast/kit";
import type { z } from "zod";

/** A cursor that holds `position` (JSON, e.g. the sort key of the last item). */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** The position in a cursor; undefined without one. @throws Problem `cursor_invalid` when it was not made by `encodeCursor` for this list. */
export function decodeCursor<Position>(schema: z.ZodType<Position>, cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined;
  const position = schema.safeParse(parse(cursor));
  if (position.success) return position.data;
  throw new Problem("cursor_invalid", {
    kind: "invalid",
    say: "The cursor is not one that this list gave out; start again without `cursor`.",
    places: [{ at: "cursor", say: "not a cursor of this list" }],
  });
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return undefined; // the schema refuses it, with the same words as any other wrong cursor
  }
}
