/** Tags that bring templates together: include, import, from, extends, block. */
import type { Cursor, TagParser } from "./cursor.ts";
import type { Place } from "./fault.ts";
import type { Statement } from "./nodes.ts";
import { noNames } from "./names.ts";
import { parseExpression } from "./parse-expression.ts";
import { parseBody, parseName } from "./parse-body.ts";
import { isBlank } from "./text.ts";

export const reuseTags: Record<string, TagParser> = {
  include: parseInclude,
  import: parseImport,
  from: parseFromImport,
  extends: parseExtends,
  block: parseBlock,
};

/** `with context` or `without context`; undefined where neither stands. */
function parseContext(cursor: Cursor): boolean | undefined {
  const answer = cursor.isName("with");
  if (!(answer || cursor.isName("without")) || !cursor.isName("context", 1)) return undefined;
  cursor.next();
  cursor.next();
  return answer;
}

function parseInclude(cursor: Cursor, place: Place): Statement {
  const template = parseExpression(cursor);
  const ignoreMissing = cursor.isName("ignore") && cursor.isName("missing", 1);
  if (ignoreMissing) {
    cursor.next();
    cursor.next();
  }
  return { kind: "include", place, template, ignoreMissing, withContext: parseContext(cursor) ?? true };
}

function parseImport(cursor: Cursor, place: Place): Statement {
  const template = parseExpression(cursor);
  cursor.expectName("as");
  const target = parseName(cursor).name;
  return { kind: "import", place, template, target, withContext: parseContext(cursor) ?? false };
}

function parseFromImport(cursor: Cursor, place: Place): Statement {
  const template = parseExpression(cursor);
  cursor.expectName("import");
  const names: { name: string; target: string }[] = [];
  let withContext = parseContext(cursor);
  while (withContext === undefined) {
    if (names.length > 0) cursor.expectOperator(",");
    withContext = parseContext(cursor);
    if (withContext !== undefined) break;
    names.push(parseImported(cursor));
    withContext = parseContext(cursor);
    if (!cursor.isOperator(",")) break;
  }
  return { kind: "from import", place, template, names, withContext: withContext ?? false };
}

function parseImported(cursor: Cursor): { name: string; target: string } {
  const { name, place } = parseName(cursor);
  if (name.startsWith("_")) cursor.fail(`${name} cannot be imported, because its name begins with _`, { place });
  return { name, target: cursor.skipName("as") ? parseName(cursor).name : name };
}

function parseExtends(cursor: Cursor, place: Place): Statement {
  return { kind: "extends", place, template: parseExpression(cursor) };
}

function parseBlock(cursor: Cursor, place: Place): Statement {
  const { name } = parseName(cursor);
  const scoped = cursor.skipName("scoped");
  const required = cursor.skipName("required");
  if (cursor.isOperator("-")) cursor.fail("the name of a block has no hyphens", { mend: "Use _ instead." });
  const { body } = parseBody(cursor, { name: `block ${name}`, place }, ["endblock"]);
  if (required && !body.every((one) => one.kind === "text" && isBlank(one.text)))
    cursor.fail(`the required block ${name} must be empty`, { place });
  cursor.skipName(name);
  return { kind: "block", place, block: { name, body, scoped, required, names: noNames } };
}
