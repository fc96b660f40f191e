/**
 * What a device does on its own, put into the comparison: lines that vanish with what they describe (a BGP neighbour), things that
 * must be made anew because they cannot change, lines that another line wipes.
 */
import type { Rules } from "./dialect.ts";
import type { Delta } from "./compare.ts";
import { factsOf, under, type Facts, type Place } from "./facts.ts";
import { fill } from "./pattern.ts";
import { lineRule, sectionRule } from "./dialect.ts";
import type { ConfigNode } from "./tree.ts";

type Within = Extract<Delta, { op: "within" }>;

interface Owned {
  node: ConfigNode;
  facts: Facts;
}

function isRealm(rules: Rules, place: Place, node: ConfigNode): boolean {
  return sectionRule(rules, place.kind, node.text)?.rule.realm === true;
}

/** Lines of a section and those below it, by what they describe. */
function ownedIn(rules: Rules, place: Place, section: ConfigNode, found = new Map<string, Owned[]>()): Map<string, Owned[]> {
  for (const node of section.children) {
    if (node.children.length) {
      if (!isRealm(rules, place, node)) ownedIn(rules, under(rules, place, node), node, found);
      continue;
    }
    const facts = factsOf(rules, place, node);
    if (facts.owner === undefined) continue;
    const list = found.get(facts.owner);
    if (list) list.push({ node, facts });
    else found.set(facts.owner, [{ node, facts }]);
  }
  return found;
}

/** Lines that cannot change while the thing exists, as one text. */
function fixedOf(lines: Owned[]): string {
  const fixed = lines.filter(({ facts }) => facts.line?.fixed !== undefined);
  return fixed
    .map(({ node, facts }) => (facts.line?.fixed === "text" ? node.key : facts.slot))
    .sort()
    .join("\n");
}

/** The command that takes a thing away as a whole; undefined when none of its lines makes it. */
function unmakeOf(rules: Rules, place: Place, lines: Owned[]): string | undefined {
  for (const { node, facts } of lines) {
    if (facts.line?.unmake === undefined || node.text.startsWith("no ")) continue;
    return fill(facts.line.unmake, lineRule(rules, place.kind, node.text)?.words ?? {});
  }
  return undefined;
}

/** Whether things described in a section below are counted by themselves. */
type InRealm = (delta: Within) => boolean;

function changedOwners(deltas: Delta[], inRealm: InRealm, found = new Set<string>()): Set<string> {
  for (const delta of deltas) {
    if (delta.op === "within") {
      if (!inRealm(delta)) changedOwners(delta.inner, inRealm, found);
      continue;
    }
    const sides = delta.op === "add" || delta.op === "remove" ? [delta] : [delta.from, delta.to];
    for (const { facts } of sides) if (facts.owner !== undefined) found.add(facts.owner);
  }
  return found;
}

/** The thing before and after, so that it goes before it is made anew. */
function incarnation(place: Place, owner: string, holder: "old" | "new"): Facts["holds"] {
  return [{ what: `made ${place.top} ${owner}`, holder }];
}

/** Everything that the lines of a thing define, use and hold, let go at once. */
function unmade(place: Place, lines: Owned[], typed: string): Extract<Delta, { op: "remove" }> | undefined {
  const first = lines[0];
  if (!first) return undefined;
  const all = lines.map(({ facts }) => facts);
  const defines = all.flatMap((facts) => facts.defines);
  const uses = all.flatMap((facts) => facts.uses).filter((name) => !defines.includes(name));
  return {
    op: "remove",
    node: first.node,
    typed,
    facts: {
      ...first.facts,
      defines,
      uses,
      holds: [...all.flatMap((facts) => facts.holds), ...incarnation(place, first.facts.owner ?? "", "old")],
    },
  };
}

interface Fate {
  /** Their removals are not typed one by one. */
  gone: Set<string>;
  /** All their lines are typed anew. */
  anew: Set<string>;
}

function withoutOwned(deltas: Delta[], { gone, anew }: Fate, inRealm: InRealm): Delta[] {
  const swallowed = (facts: Facts): boolean => facts.owner !== undefined && (gone.has(facts.owner) || anew.has(facts.owner));
  return deltas.flatMap((delta): Delta[] => {
    if (delta.op === "within") {
      if (inRealm(delta)) return [delta];
      const inner = withoutOwned(delta.inner, { gone, anew }, inRealm);
      return inner.length || delta.retitled ? [{ ...delta, inner }] : [];
    }
    if (delta.op === "add") return delta.facts.owner !== undefined && anew.has(delta.facts.owner) ? [] : [delta];
    if (delta.op === "remove") return swallowed(delta.facts) ? [] : [delta];
    return swallowed(delta.from.facts) || swallowed(delta.to.facts) ? [] : [delta];
  });
}

/** The lines of things made anew, put where they stand in the intended section. */
function putAnew(rules: Rules, within: Within, anew: Set<string>): Within {
  const { to, place } = within;
  const lines: Delta[] = [];
  const inner = [...within.inner];
  for (const node of to.children) {
    if (node.children.length) {
      if (isRealm(rules, place, node)) continue;
      const below = under(rules, place, node);
      const at = inner.findIndex((delta) => delta.op === "within" && delta.to === node);
      const old = inner[at];
      if (inner.some((delta) => delta.op === "add" && delta.node === node)) continue;
      const next = putAnew(rules, old?.op === "within" ? old : { op: "within", from: node, to: node, place: below, inner: [] }, anew);
      if (at >= 0) inner[at] = next;
      else if (next.inner.length) inner.push(next);
      continue;
    }
    const facts = factsOf(rules, place, node);
    if (facts.owner !== undefined && anew.has(facts.owner)) {
      lines.push({ op: "add", node, facts: { ...facts, holds: [...facts.holds, ...incarnation(place, facts.owner, "new")] } });
    }
  }
  return { ...within, inner: inTextOrder(to, [...lines, ...inner]) };
}

/** Deltas in the order of the intended section, what goes at the end. */
function inTextOrder(to: ConfigNode, deltas: Delta[]): Delta[] {
  const places = new Map(to.children.map((node, at) => [node, at]));
  const placeOf = (delta: Delta): number => {
    if (delta.op === "remove") return places.size;
    return places.get(delta.op === "within" ? delta.to : delta.op === "add" ? delta.node : delta.to.node) ?? places.size;
  };
  return deltas.sort((one, other) => placeOf(one) - placeOf(other));
}

/** Things that go in one command, or cannot change while they exist. */
function reshapeOwners(rules: Rules, within: Within): Within {
  const inRealm: InRealm = (delta) => isRealm(rules, within.place, delta.to);
  const changed = changedOwners(within.inner, inRealm);
  if (!changed.size) return within;
  const [before, after] = [ownedIn(rules, within.place, within.from), ownedIn(rules, within.place, within.to)];
  const fate: Fate = { gone: new Set(), anew: new Set() };
  const removals: Delta[] = [];
  for (const owner of changed) {
    const [old, now] = [before.get(owner) ?? [], after.get(owner) ?? []];
    const unmake = unmakeOf(rules, within.place, old);
    if (unmake === undefined) continue;
    const stays = now.some(({ facts, node }) => facts.line?.unmake !== undefined && !node.text.startsWith("no "));
    if (stays && fixedOf(old) === fixedOf(now)) continue;
    (stays ? fate.anew : fate.gone).add(owner);
    const removal = unmade(within.place, old, unmake);
    if (removal) removals.push({ ...removal, anew: stays });
  }
  if (!removals.length) return within;
  const cleaned = { ...within, inner: withoutOwned(within.inner, fate, inRealm) };
  const whole = fate.anew.size ? putAnew(rules, cleaned, fate.anew) : cleaned;
  return { ...whole, inner: [...whole.inner, ...removals] };
}

/** Lines that the device drops when another changes: their removal is not typed, those that are to stay are typed again. */
function reshapeWiped(rules: Rules, within: Within): Within {
  const wiper = within.inner.find((delta) => {
    const facts = delta.op === "within" ? undefined : delta.op === "add" || delta.op === "remove" ? delta.facts : delta.to.facts;
    return facts?.line?.wipes !== undefined;
  });
  if (!wiper || wiper.op === "within") return within;
  const wipes = (wiper.op === "add" || wiper.op === "remove" ? wiper.facts : wiper.to.facts).line?.wipes;
  if (!wipes) return within;
  const isWiped = (node: ConfigNode): boolean => wipes.test(node.text);
  const again: Delta[] = within.to.children.filter(isWiped).map((node) => ({ op: "add", node, facts: factsOf(rules, within.place, node) }));
  const rest = within.inner.flatMap((delta): Delta[] => {
    if (delta === wiper) return [];
    if (delta.op === "within" || delta.op === "move") return [delta];
    if (!isWiped(delta.op === "replace" ? delta.from.node : delta.node)) return [delta];
    if (delta.op === "add") return [];
    return [{ op: "remove", ...(delta.op === "replace" ? delta.from : delta), typed: "" }];
  });
  return { ...within, inner: [wiper, ...rest, ...again] };
}

/** The comparison as a device has to be told. */
export function reshape(rules: Rules, deltas: Delta[]): Delta[] {
  return deltas.map((delta) => {
    if (delta.op !== "within") return delta;
    const whole = reshapeWiped(rules, reshapeOwners(rules, delta));
    const inner = whole.inner.map((one) => (one.op === "within" && isRealm(rules, whole.place, one.to) ? reshapeOwners(rules, one) : one));
    return { ...whole, inner };
  });
}
