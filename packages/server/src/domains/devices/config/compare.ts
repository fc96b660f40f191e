/** Two trees side by side: what is to be added, removed, replaced or moved. Order matters only where the dialect says so. */
import type { Rules } from "./dialect.ts";
import { factsOf, slotOf, under, type Facts, type Place } from "./facts.ts";
import { planSequence } from "./sequence.ts";
import { headOf } from "./pattern.ts";
import type { ConfigNode } from "./tree.ts";

/** A line or section that is new, or goes. `typed`: what to type where it is not the text itself, or not its `no`. */
interface One {
  node: ConfigNode;
  facts: Facts;
  typed?: string;
  /** It goes only to be made anew. */
  anew?: boolean;
}

export type Delta =
  | ({ op: "add" } & One)
  | ({ op: "remove" } & One)
  /** One slot, another text. */
  | { op: "replace"; from: One; to: One }
  /** The same thing in another place of an ordered section. */
  | { op: "move"; from: One; to: One }
  /** A section that stays and differs inside. `retitled`: its header is typed anew. `first`: typed at the top beforehand. */
  | { op: "within"; from: ConfigNode; to: ConfigNode; place: Place; inner: Delta[]; retitled?: boolean; first?: string };

/** How a comparison goes on inside a section. */
type Side = readonly ConfigNode[];

function one(rules: Rules, place: Place, node: ConfigNode): One {
  return { node, facts: factsOf(rules, place, node) };
}

function same(from: ConfigNode, to: ConfigNode): boolean {
  if (from.key !== to.key || from.children.length !== to.children.length) return false;
  return from.children.every((child, at) => {
    const other = to.children[at];
    return other !== undefined && same(child, other);
  });
}

/** Two nodes of one slot: what differs under them. */
function inside(rules: Rules, place: Place, [from, to]: [ConfigNode, ConfigNode]): Delta[] {
  if (same(from, to) || (!from.children.length && !to.children.length)) return [];
  const below = under(rules, place, to);
  const { section } = factsOf(rules, place, to);
  if (section?.sequence) return sequenced(rules, below, [from, to]);
  const inner = section?.ordered
    ? ordered(rules, below, [from, to], section.loose)
    : compareLines(rules, below, [from.children, to.children]);
  return inner.length ? [{ op: "within", from, to, place: below, inner }] : [];
}

interface Split {
  /** Pairs of one key with the place of the second. */
  matched: { from: ConfigNode; to: ConfigNode; at: number }[];
  lost: { node: ConfigNode; at: number }[];
  fresh: { node: ConfigNode; at: number }[];
}

function split(running: Side, intended: Side): Split {
  const found: Split = { matched: [], lost: [], fresh: [] };
  let same = 0;
  for (; same < running.length && same < intended.length; same++) {
    const [from, to] = [running[same], intended[same]];
    if (!from || !to || from.key !== to.key) break;
    if (from.children.length || to.children.length) found.matched.push({ from, to, at: same });
  }
  if (same === running.length && same === intended.length) return found;
  const wanted = new Map<string, { node: ConfigNode; at: number }>();
  for (const [offset, node] of intended.slice(same).entries()) wanted.set(node.key, { node, at: same + offset });
  let last = same - 1;
  for (let at = same; at < running.length; at++) {
    const node = running[at];
    if (!node) continue;
    const match = wanted.get(node.key);
    if (match) {
      wanted.delete(node.key);
      last = match.at;
      found.matched.push({ from: node, to: match.node, at: match.at });
    } else found.lost.push({ node, at: last + 0.5 });
  }
  found.fresh.push(...wanted.values());
  return found;
}

/** A section that cannot be removed as a whole loses its lines; hardware settings stay when nobody speaks of it. */
function emptied(rules: Rules, place: Place, { node, facts }: One): Delta[] {
  if (facts.section?.remove !== "lines") return [{ op: "remove", node, facts }];
  const below = under(rules, place, node);
  const inner = node.children.flatMap((child) => {
    const line = one(rules, below, child);
    return line.facts.line?.stays ? [] : emptied(rules, below, line);
  });
  return inner.length ? [{ op: "within", from: node, to: node, place: below, inner }] : [];
}

function pair(rules: Rules, place: Place, [from, to]: [One, One]): Delta[] {
  if (rules.dialect.incomparable(from.node.text, to.node.text)) return [];
  const section = to.facts.section;
  if (!section) return [{ op: "replace", from, to }];
  if (section.change !== "retitle") return [...emptied(rules, place, from), { op: "add", ...to }];
  const inner = inside(rules, place, [from.node, to.node]).find((delta) => delta.op === "within");
  const below = under(rules, place, to.node);
  return [{ op: "within", from: from.node, to: to.node, place: below, inner: [], ...inner, retitled: true }];
}

/** The last line of each slot among these; on a device the last one stays. Only lines that begin as a changed one does are asked. */
function lastOfSlot(rules: Rules, place: Place, [lines, changed]: [Side, Split["fresh"]]): Map<string, ConfigNode> {
  const heads = new Set(changed.map(({ node }) => headOf(node.text)));
  const last = new Map<string, ConfigNode>();
  if (!changed.length) return last;
  for (const node of lines) {
    const slot = heads.has(headOf(node.text)) && !node.children.length ? slotOf(rules, place, node.text) : undefined;
    if (slot !== undefined) last.set(slot, node);
  }
  return last;
}

/** What differs between two lists of lines of one section. */
export function compareLines(rules: Rules, place: Place, [running, intended]: [Side, Side]): Delta[] {
  const { matched, lost, fresh } = split(running, intended);
  const found: { at: number; deltas: Delta[] }[] = [];
  for (const { from, to, at } of matched) found.push({ at, deltas: inside(rules, place, [from, to]) });
  const gone = new Map<string, { line: One; at: number }>();
  const lastBefore = lastOfSlot(rules, place, [running, lost]);
  for (const { node, at } of lost) {
    const line = one(rules, place, node);
    if ((lastBefore.get(line.facts.slot) ?? node) !== node) continue;
    gone.set(line.facts.slot, { line, at });
  }
  const last = lastOfSlot(rules, place, [intended, fresh]);
  for (const { node, at } of fresh) {
    const line = one(rules, place, node);
    if ((last.get(line.facts.slot) ?? node) !== node) continue;
    const old = gone.get(line.facts.slot);
    gone.delete(line.facts.slot);
    if (!old && place.kind === "top" && rules.dialect.assumed.test(node.text)) continue;
    found.push({ at, deltas: old ? pair(rules, place, [old.line, line]) : [{ op: "add", ...line }] });
  }
  for (const { line, at } of gone.values()) {
    if (place.kind === "top" && rules.dialect.ambient.test(line.node.text)) continue;
    found.push({ at, deltas: emptied(rules, place, line) });
  }
  return found.sort((one, other) => one.at - other.at).flatMap(({ deltas }) => deltas);
}

/** An ordered section to whose end new lines go: what stands before the first difference stays, the rest is put anew. */
function ordered(rules: Rules, place: Place, [from, to]: [ConfigNode, ConfigNode], loose: RegExp | undefined): Delta[] {
  const deltas = compareLines(rules, place, [from.children, to.children]);
  const isLoose = (node: ConfigNode): boolean => loose?.test(node.text) ?? false;
  const places = new Map(from.children.map((node, at) => [node.key, at]));
  const moved = new Map<string, Delta>();
  let [last, broken] = [-1, false];
  for (const node of to.children) {
    if (isLoose(node)) continue;
    const at = places.get(node.key);
    if (at === undefined) broken = true;
    else if (!broken && at > last) last = at;
    else {
      broken = true;
      const old = from.children[at];
      if (old) moved.set(node.key, { op: "move", from: one(rules, place, old), to: one(rules, place, node) });
    }
  }
  if (!moved.size) return deltas;
  const rest = deltas.filter((delta) => !(delta.op === "within" && moved.has(delta.to.key)));
  const added = new Map(rest.flatMap((delta) => (delta.op === "add" ? [[delta.node.key, delta]] : [])));
  const inOrder = to.children.flatMap((node) => moved.get(node.key) ?? added.get(node.key) ?? []);
  return [...rest.filter((delta) => delta.op !== "add"), ...inOrder];
}

const entryNumber = /^\d+(?= )/;

/** A list whose entries have numbers that equality ignores: entries go in between by number. */
function sequenced(rules: Rules, place: Place, [from, to]: [ConfigNode, ConfigNode]): Delta[] {
  const isNote = (node: ConfigNode): boolean => node.key.startsWith("remark ");
  const numbered = (node: ConfigNode) => ({
    entry: node,
    number: entryNumber.test(node.text) ? Number.parseInt(node.text, 10) : undefined,
  });
  const [running, intended] = [from, to].map(({ children }) => children.filter((node) => !isNote(node)).map(numbered));
  const notes = compareLines(rules, place, [from.children.filter(isNote), to.children.filter(isNote)]);
  const plan = planSequence(running ?? [], intended ?? [], (node) => node.key);
  const taken = new Map(plan.take.map(({ entry, number }) => [entry.key, { ...one(rules, place, entry), typed: `no ${number}` }]));
  const inner: Delta[] = plan.put.map(({ entry, number, moved }) => {
    const line = { ...one(rules, place, entry), typed: `${number} ${entry.key}` };
    const old = taken.get(entry.key);
    if (!moved || !old) return { op: "add", ...line };
    taken.delete(entry.key);
    return { op: "move", from: old, to: line };
  });
  for (const old of taken.values()) inner.push({ op: "remove", ...old });
  inner.push(...notes);
  if (!inner.length) return [];
  const first =
    plan.renumber === undefined
      ? {}
      : { first: `ip access-list resequence ${from.text.split(" ").at(-1) ?? ""} ${plan.renumber} ${plan.renumber}` };
  return [{ op: "within", from, to, place, inner, ...first }];
}
