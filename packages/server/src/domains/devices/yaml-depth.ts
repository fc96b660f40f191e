/** How deep a YAML text nests, without parsing it: the parser recurses, and would find the end of the stack first. Pure. */
import { Lexer } from "yaml";

/** The line (from 1) at which the text nests deeper than `deepest`; undefined where it does not. */
export function findTooDeep(text: string, deepest: number): number | undefined {
  return mayBeTooDeep(text, deepest) ? exactly(text, deepest) : undefined;
}

/** Counts brackets and indentation wherever they stand, in texts and comments too: never too few. */
function mayBeTooDeep(text: string, deepest: number): boolean {
  const columns: number[] = [];
  let flow = 0;
  for (const line of text.split("\n")) {
    for (const column of markers(line)) nest(columns, column);
    for (const char of line) {
      if (char === "[" || char === "{") flow++;
      else if ((char === "]" || char === "}") && flow > 0) flow--;
      if (columns.length + flow > deepest) return true;
    }
  }
  return false;
}

/** Columns at which a line opens a level: its indentation and each `-` or `?` before its content. */
function markers(line: string): number[] {
  const lead = /^[ \t]*(?:[-?:][ \t]+)*/.exec(line)?.[0] ?? "";
  return [...lead.matchAll(/[-?:]|$/g)].map((match) => match.index);
}

function nest(columns: number[], column: number): void {
  while ((columns.at(-1) ?? -1) > column) columns.pop();
  if (columns.at(-1) !== column) columns.push(column);
}

/** The same by the tokens of the library, which know texts and comments. */
function exactly(text: string, deepest: number): number | undefined {
  const columns: number[] = [];
  let flow = 0;
  let line = 1;
  let column = 0;
  let leads = true;
  for (const token of new Lexer().lex(text)) {
    if (token === "[" || token === "{") flow++;
    else if (token === "]" || token === "}") flow = Math.max(0, flow - 1);
    else if (flow === 0 && leads && !isLead(token)) nest(columns, column);
    if (columns.length + flow > deepest) return line;
    leads &&= isLead(token) || /^[-?:]$/.test(token);
    const ends = token.split("\n");
    if (ends.length > 1) {
      line += ends.length - 1;
      column = 0;
      leads = true;
    }
    column += widthOf(ends.at(-1) ?? "");
  }
  return undefined;
}

/** The lexer marks the begin of documents and scalars with control characters, which are not in the text. */
function isMark(token: string): boolean {
  return token === "\u0002" || token === "\u001f";
}

/** Spaces and marks stand before what opens a level. */
function isLead(token: string): boolean {
  return isMark(token) || /^\s/.test(token);
}

function widthOf(token: string): number {
  return isMark(token) ? 0 : token.length;
}
