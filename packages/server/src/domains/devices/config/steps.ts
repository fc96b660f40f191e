/** A comparison as steps: what is typed where, and what each step gives, needs and lets go. */
import type { LineRule, Rules } from "./dialect.ts";
import { sectionRule } from "./dialect.ts";
import type { Delta } from "./compare.ts";
import { atTop, factsOf, under, type Facts, type Place } from "./facts.ts";
import type { ConfigNode } from "./tree.ts";

/** A section that a step stands in. */
export interface Header {
  text: string;
  exit: string;
}

export interface Step {
  at: Header[];
  /** Typed one after the other; empty when entering the section is all there is to do. */
  lines: string[];
  /** Nothing is typed at all: another step does it. */
  silent: boolean;
  /** Lets go of what a replacing step holds, where two things change places; undefined where it cannot. */
  release?: Release;
  phase: number;
  /** Steps of one top-level section. */
  group: number;
  order: number;
  defines: string[];
  uses: string[];
  /** Names that are not used here any more. */
  frees: string[];
  /** Names that this takes away. */
  drops: string[];
  /** It takes them away only to make them anew. */
  remade: boolean;
  takes: Facts["holds"];
  leaves: Facts["holds"];
  after: Set<Step>;
}

export interface Release {
  lines: string[];
  /** Names that nobody may use any more by then. */
  frees: string[];
  /** Lines that had to leave as well and are typed again after the step's own. */
  again: string[];
}

const phases = { before: 0, first: 1, make: 2, break: 3, lastMake: 4, lastBreak: 5 } as const;

interface Scope {
  rules: Rules;
  steps: Step[];
  place: Place;
  at: Header[];
  group: number;
  /** Steps that everything in this section comes after. */
  lead: Step[];
  /** Set when the whole section is changed last. */
  when?: LineRule["when"];
  /** Lines of the section that stay as they are. */
  standing: () => ConfigNode[];
}

function phaseOf(scope: Scope, facts: Facts, making: boolean): number {
  const when = facts.line?.when ?? facts.section?.when ?? scope.when;
  if (when === "first") return phases.first;
  if (when === "before" && making) return phases.before;
  if (when === "last") return making ? phases.lastMake : phases.lastBreak;
  const breaks = when === "break" ? making : !making;
  return breaks ? phases.break : phases.make;
}

function push(scope: Scope, step: Partial<Step>): Step {
  const made: Step = {
    at: scope.at,
    lines: [],
    silent: false,
    phase: phases.make,
    group: scope.group,
    order: scope.steps.length,
    defines: [],
    uses: [],
    frees: [],
    drops: [],
    remade: false,
    takes: [],
    leaves: [],
    after: new Set(scope.lead),
    ...step,
  };
  scope.steps.push(made);
  return made;
}

function headerOf(scope: Scope, node: ConfigNode): Header {
  return { text: node.text, exit: sectionRule(scope.rules, scope.place.kind, node.text)?.rule.exit ?? "exit" };
}

function gives(facts: Facts): Pick<Step, "defines" | "uses" | "takes"> {
  return { defines: facts.defines, uses: facts.uses, takes: facts.holds };
}

/** All that a node and the lines under it define, use and hold. */
function wholeOf(rules: Rules, place: Place, node: ConfigNode, facts: Facts): Pick<Step, "frees" | "drops" | "leaves"> {
  const whole = { frees: [...facts.uses], drops: [...facts.defines], leaves: [...facts.holds] };
  if (!node.children.length) return whole;
  const below = under(rules, place, node);
  for (const child of node.children) {
    const part = wholeOf(rules, below, child, factsOf(rules, below, child));
    whole.frees.push(...part.frees);
    whole.drops.push(...part.drops);
    whole.leaves.push(...part.leaves);
  }
  whole.frees = whole.frees.filter((name) => !whole.drops.includes(name));
  return whole;
}

function inside(scope: Scope, node: ConfigNode, place: Place, lead: Step[]): Scope {
  const when = sectionRule(scope.rules, scope.place.kind, node.text)?.rule.when ?? scope.when;
  return { ...scope, place, at: [...scope.at, headerOf(scope, node)], lead: [...scope.lead, ...lead], ...(when ? { when } : {}) };
}

function add(scope: Scope, node: ConfigNode, facts: Facts, typed?: string): void {
  if (!node.children.length && !facts.section) {
    push(scope, {
      lines: node.implied ? [] : [typed ?? node.text],
      silent: node.implied === true,
      phase: phaseOf(scope, facts, true),
      ...gives(facts),
    });
    return;
  }
  const below = under(scope.rules, scope.place, node);
  const within = inside(scope, node, below, []);
  const silent = node.implied === true;
  const enter = push({ ...scope, at: within.at }, { silent, phase: phaseOf(scope, facts, true), ...gives(facts) });
  for (const child of node.children) add({ ...within, lead: [...within.lead, enter] }, child, factsOf(scope.rules, below, child));
}

function remove(scope: Scope, { node, facts, typed, anew }: Extract<Delta, { op: "remove" }>): Step {
  const silent = typed === "" || node.implied === true;
  const phase = typed === "" ? phases.make : phaseOf(scope, facts, false);
  return push(scope, {
    lines: silent ? [] : [typed ?? facts.no],
    silent,
    phase,
    remade: anew === true,
    ...wholeOf(scope.rules, scope.place, node, facts),
  });
}

/** Whether two lines of one slot have a word in common besides the slot's own. */
function sharesWord(from: string, to: string, slot: string): boolean {
  const own = new Set(slot.split(" "));
  const words = new Set(from.split(" "));
  return to.split(" ").some((word) => words.has(word) && !own.has(word));
}

/** How the old line lets go early: together with the standing lines that need it. */
function releaseOf(scope: Scope, { facts }: { facts: Facts }): Release {
  const bound =
    facts.defines.length && facts.holds.length
      ? scope.standing().map((node) => ({ node, facts: factsOf(scope.rules, scope.place, node) }))
      : [];
  const pinned = bound.filter((line) => line.facts.uses.some((name) => facts.defines.includes(name)));
  return { lines: [...pinned.map((line) => line.facts.no), facts.no], frees: facts.defines, again: pinned.map(({ node }) => node.text) };
}

function replace(scope: Scope, { from, to }: Extract<Delta, { op: "replace" }>): Step {
  const clear = to.facts.line?.clear;
  const overlap = clear === "overlap" && sharesWord(from.node.text, to.node.text, to.facts.slot);
  const old = wholeOf(scope.rules, scope.place, from.node, from.facts);
  return push(scope, {
    lines: clear === undefined ? [to.node.text] : clear === true || overlap ? [from.facts.no, to.node.text] : [to.node.text, from.facts.no],
    ...(clear === undefined ? { release: releaseOf(scope, from) } : {}),
    phase: phaseOf(scope, to.facts, to.facts.line?.when !== "break" || !to.node.text.startsWith("no ")),
    ...gives(to.facts),
    frees: old.frees.filter((name) => !to.facts.uses.includes(name)),
    drops: old.drops.filter((name) => !to.facts.defines.includes(name)),
    leaves: old.leaves,
  });
}

function move(scope: Scope, { from, to }: Extract<Delta, { op: "move" }>): void {
  const off = push(scope, { lines: [from.typed ?? from.facts.no], ...wholeOf(scope.rules, scope.place, from.node, from.facts) });
  add({ ...scope, lead: [...scope.lead, off] }, to.node, to.facts, to.typed);
}

function within(scope: Scope, delta: Extract<Delta, { op: "within" }>): void {
  const lead: Step[] = [];
  const header = headerOf(scope, delta.to);
  if (delta.first !== undefined) lead.push(push({ ...scope, at: [] }, { lines: [delta.first] }));
  if (delta.retitled) {
    const leaves = factsOf(scope.rules, scope.place, delta.from).holds;
    lead.push(push({ ...scope, at: [...scope.at, header] }, { ...gives(factsOf(scope.rules, scope.place, delta.to)), leaves }));
  }
  const standing = (): ConfigNode[] => {
    const before = new Set(delta.from.children.map(({ key }) => key));
    return delta.to.children.filter(({ key }) => before.has(key));
  };
  const next = { ...inside(scope, delta.to, delta.place, lead), standing };
  const wiper = delta.inner[0];
  for (const inner of delta.inner) {
    const made = scope.steps.length;
    walk(next, inner);
    if (inner === wiper && isWiper(inner)) for (const step of scope.steps.slice(made)) leadWith(next, step);
  }
}

function isWiper(delta: Delta): boolean {
  if (delta.op === "within") return false;
  return (delta.op === "add" || delta.op === "remove" ? delta.facts : delta.to.facts).line?.wipes !== undefined;
}

/** All that follows in the section comes after this step, which makes room for it. */
function leadWith(scope: Scope, step: Step): void {
  step.phase = Math.min(step.phase, phases.make);
  scope.lead = [...scope.lead, step];
}

function walk(scope: Scope, delta: Delta): void {
  if (delta.op === "add") add(scope, delta.node, delta.facts, delta.typed);
  else if (delta.op === "remove") remove(scope, delta);
  else if (delta.op === "replace") replace(scope, delta);
  else if (delta.op === "move") move(scope, delta);
  else within(scope, delta);
}

/** The steps of a comparison of two whole configurations, not yet in order. */
export function stepsOf(rules: Rules, deltas: Delta[]): Step[] {
  const steps: Step[] = [];
  for (const [group, delta] of deltas.entries()) walk({ rules, steps, place: atTop, at: [], group, lead: [], standing: () => [] }, delta);
  return steps;
}
