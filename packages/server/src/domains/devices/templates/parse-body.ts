/** What tags have in common: their bodies and the names they assign. */
import type { Cursor } from "./cursor.ts";
import type { Place } from "./fault.ts";
import type { Statement } from "./nodes.ts";
import { isConstantName, parseTuple } from "./parse-expression.ts";
import { refuseTag } from "./known.ts";

/** Statements up to a tag named in `ends` (its name is next in the cursor), or up to the end of the template where there are none. */
export function parseStatements(cursor: Cursor, ends: readonly string[] = [], opener?: { name: string; place: Place }): Statement[] {
  const body: Statement[] = [];
  for (;;) {
    const { token, place } = cursor;
    if (token.type === "end") {
      if (opener)
        cursor.fail(`{% ${opener.name} %} is not closed by ${ends.map((end) => `{% ${end} %}`).join(" or ")}`, { place: opener.place });
      return body;
    }
    cursor.next();
    if (token.type === "text") body.push({ kind: "text", place, text: token.value });
    else if (token.type === "print begin") {
      body.push({ kind: "print", place, value: parseTuple(cursor) });
      cursor.expectEnd("print end");
    } else {
      if (cursor.token.type === "name" && ends.includes(cursor.token.value)) return body;
      body.push(parseTag(cursor, opener));
    }
  }
}

function parseTag(cursor: Cursor, opener: { name: string; place: Place } | undefined): Statement {
  const { token, place } = cursor;
  if (token.type !== "name") cursor.fail(`expected the name of a tag, got ${cursor.describe()}`);
  const parse = cursor.tags.get(token.value);
  if (!parse) return refuseTag(token.value, cursor, opener);
  cursor.next();
  const statement = cursor.nested(() => parse(cursor, place));
  cursor.expectEnd("tag end");
  return statement;
}

/** The body of a tag up to one of `ends`; the name of the end is consumed and returned. */
export function parseBody(
  cursor: Cursor,
  opener: { name: string; place: Place },
  ends: readonly string[],
): { body: Statement[]; end: string } {
  cursor.skipOperator(":");
  cursor.expectEnd("tag end");
  const body = parseStatements(cursor, ends, opener);
  return { body, end: cursor.next().value };
}

/** One name that can be assigned. */
export function parseName(cursor: Cursor): { name: string; place: Place } {
  const { place } = cursor;
  const name = cursor.expectName().value;
  if (isConstantName(name)) cursor.fail(`${name} cannot be assigned`, { place });
  if (name === "loop" || name === "self" || name === "super") cursor.fail(`${name} has its own meaning and cannot be assigned`, { place });
  return { name, place };
}
