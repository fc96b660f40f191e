/** Text to tree: by indentation, and by `exit` where people wrote none. Never fails: what no rule knows is kept as it is. */
import type { Dialect, Rules } from "./dialect.ts";
import { sectionRule } from "./dialect.ts";
import { headOf } from "./pattern.ts";
import { adopt, leaf, type ConfigNode, type ConfigTree } from "./tree.ts";

const blank = 32;
const tab = 9;
const bang = 33;
const hash = 35;

interface Reader {
  text: string;
  /** Where the next line begins. */
  next: number;
  /** 1-based number of the line read last. */
  line: number;
}

/** The next line without its line end; undefined at the end of the text. */
function readLine(reader: Reader): string | undefined {
  const { text, next } = reader;
  if (next >= text.length) return undefined;
  const found = text.indexOf("\n", next);
  const end = found === -1 ? text.length : found;
  reader.next = end + 1;
  reader.line++;
  return text.charCodeAt(end - 1) === 13 && end > next ? text.slice(next, end - 1) : text.slice(next, end);
}

function indentOf(line: string): number {
  let at = 0;
  while (at < line.length && (line.charCodeAt(at) === blank || line.charCodeAt(at) === tab)) at++;
  return at;
}

/** Reads on to the end of a block that is taken as it is; undefined when the line opens none. */
function readLiteral(reader: Reader, dialect: Dialect, text: string): string | undefined {
  const head = headOf(text);
  const block = dialect.literals.find((literal) => literal.head === head)?.open(text);
  if (!block) return undefined;
  const lines = [text];
  for (let line = readLine(reader); line !== undefined; line = readLine(reader)) {
    const last = block.ends(line);
    if (!last || block.keep) lines.push(line.trimEnd());
    if (last) break;
  }
  return lines.join("\n");
}

/** Whether this line could open a section of any kind: what an `exit` without indentation closes. */
function couldOpen(rules: Rules, node: ConfigNode): boolean {
  if (node.children.length) return true;
  for (const kind of rules.sections.keys()) if (sectionRule(rules, kind, node.text)) return true;
  return false;
}

/** `exit`: closes the nearest open section among these lines; lines after an unindented header go under it. */
function close(rules: Rules, around: ConfigTree, closed: Set<ConfigNode>): void {
  const lines = around.children;
  for (let at = lines.length - 1; at >= 0; at--) {
    const node = lines[at];
    if (!node || closed.has(node) || !couldOpen(rules, node)) continue;
    closed.add(node);
    if (!node.children.length) for (const line of lines.splice(at + 1)) adopt(node, line);
    return;
  }
}

/** Lines that are there twice are there once; sections that are there twice are one. */
function merge(tree: ConfigTree): void {
  const { children } = tree;
  if (children.length > 1) {
    const seen = new Map<string, ConfigNode>();
    for (const node of children) {
      const first = seen.get(node.text);
      if (!first) seen.set(node.text, node);
      else for (const line of node.children) adopt(first, line);
    }
    if (seen.size < children.length) tree.children = [...seen.values()];
  }
  for (const node of tree.children) if (node.children.length) merge(node);
}

function isExit(text: string): boolean {
  return text.startsWith("exit") && (text.length === 4 || text.charCodeAt(4) === 45);
}

function readTree(text: string, rules: Rules): ConfigTree {
  const { dialect } = rules;
  const literals = new Set(dialect.literals.map((literal) => literal.head));
  const reader: Reader = { text, next: 0, line: 0 };
  const root: ConfigTree = { children: [] };
  const [open, indents]: [ConfigTree[], number[]] = [[root], [-1]];
  const closed = new Set<ConfigNode>();
  for (let line = readLine(reader); line !== undefined; line = readLine(reader)) {
    const indent = indentOf(line);
    const first = line.charCodeAt(indent);
    if (indent === line.length || first === bang || first === hash) continue;
    const trimmed = line.slice(indent).trimEnd();
    const said = dialect.squeeze && trimmed.includes("  ") ? trimmed.replaceAll(/\s+/g, " ") : trimmed;
    const head = headOf(said);
    const noise = dialect.noise.get(head);
    if (noise?.test(said)) continue;
    while ((indents.at(-1) ?? -1) >= indent) {
      indents.pop();
      open.pop();
    }
    const around = open.at(-1) ?? root;
    if (isExit(said)) {
      close(rules, around, closed);
      continue;
    }
    const at = reader.line;
    const node = leaf(literals.has(head) ? (readLiteral(reader, dialect, said) ?? said) : said, at);
    adopt(around, node);
    open.push(node);
    indents.push(indent);
  }
  return root;
}

/** The ordered trees of configurations that are compared: comments, banners of the device and defaults dropped, one way of writing. */
export function parseWith<const Texts extends readonly string[]>(rules: Rules, texts: Texts): { [At in keyof Texts]: ConfigTree } {
  const trees = texts.map((text) => {
    const tree = readTree(text, rules);
    merge(tree);
    rules.dialect.settle(tree);
    return tree;
  });
  rules.dialect.dropIdle?.(trees);
  return trees as { [At in keyof Texts]: ConfigTree };
}
