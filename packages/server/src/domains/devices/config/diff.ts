/** A comparison for people: changed lines under the headers they stand under, secrets masked, and one line that sums it up. */
import type { DiffLine } from "@holdfast/contract";
import type { Delta } from "./compare.ts";
import { headOf } from "./pattern.ts";
import type { ConfigNode } from "./tree.ts";

export interface ConfigDiff {
  /** Changed lines with the headers above them; secrets masked. */
  lines: DiffLine[];
  added: number;
  removed: number;
  /** One line, e.g. `+3 −1 in interface eth1, router ospf`. */
  summary: string;
  /** True when running is as intended, whatever the order and spelling. */
  empty: boolean;
}

type Mask = (line: string, above: string) => string;

interface Page {
  lines: DiffLine[];
  mask: Mask;
}

function put(page: Page, op: DiffLine["op"], [node, depth, above]: [ConfigNode, number, string]): void {
  if (node.implied) return;
  const indent = " ".repeat(depth);
  for (const line of node.text.split("\n")) page.lines.push({ op, text: page.mask(indent + line, above) });
}

function putWhole(page: Page, op: DiffLine["op"], [node, depth, above]: [ConfigNode, number, string]): void {
  put(page, op, [node, depth, above]);
  for (const child of node.children) putWhole(page, op, [child, depth + 1, node.text]);
}

/** A replaced line is shown on both sides, even where one side is only implied by the platform's defaults. */
function shown(node: ConfigNode): ConfigNode {
  return node.implied ? { text: node.text, key: node.key, children: node.children, line: node.line } : node;
}

function write(page: Page, deltas: Delta[], [depth, above]: [number, string]): void {
  for (const delta of deltas) {
    if (delta.op === "add" || delta.op === "remove") putWhole(page, delta.op, [delta.node, depth, above]);
    else if (delta.op === "move") putWhole(page, "move", [delta.to.node, depth, above]);
    else if (delta.op === "replace") {
      putWhole(page, "remove", [shown(delta.from.node), depth, above]);
      putWhole(page, "add", [shown(delta.to.node), depth, above]);
    } else {
      if (delta.retitled) put(page, "remove", [delta.from, depth, above]);
      put(page, delta.retitled ? "add" : "keep", [shown(delta.to), depth, above]);
      write(page, delta.inner, [depth + 1, delta.to.text]);
    }
  }
}

/** What a top-level change is in, in a word or two. */
function whereOf(delta: Delta): string {
  const node =
    delta.op === "within" || delta.op === "replace" || delta.op === "move"
      ? delta.op === "within"
        ? delta.to
        : delta.to.node
      : delta.node;
  if (delta.op === "within" || node.children.length) return node.text;
  const words = node.text.split("\n")[0]?.replace(/^no /, "").split(" ") ?? [];
  return words[0] === "ip" || words[0] === "ipv6" || words[0] === "bgp" ? words.slice(0, 2).join(" ") : headOf(words[0] ?? "");
}

const named = 4;

function sum(deltas: Delta[], { added, removed, moved }: { added: number; removed: number; moved: number }): string {
  const counts = [...(added ? [`+${added}`] : []), ...(removed ? [`−${removed}`] : []), ...(moved ? [`${moved} moved`] : [])];
  const places = [...new Set(deltas.map(whereOf))];
  const more = places.length > named ? ` and ${places.length - named} more` : "";
  return `${counts.join(" ")} in ${places.slice(0, named).join(", ")}${more}`;
}

/** The diff of a comparison. `mask` hides the secrets of one line, given the header above it. */
export function diffOf(deltas: Delta[], mask: Mask): ConfigDiff {
  const page: Page = { lines: [], mask };
  write(page, deltas, [0, ""]);
  const count = (op: DiffLine["op"]): number => page.lines.reduce((total, line) => total + (line.op === op ? 1 : 0), 0);
  const [added, removed, moved] = [count("add"), count("remove"), count("move")];
  const empty = deltas.length === 0;
  return { lines: page.lines, added, removed, summary: empty ? "no difference" : sum(deltas, { added, removed, moved }), empty };
}
