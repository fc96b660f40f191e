/**
 * Device configurations as trees: parse, compare, plan the way from one to the other, mask secrets. Pure: text in, text out.
 * What differs between platforms is in one file per dialect, as data; what a device does with it is proven on real FRR and on
 * an independent interpreter.
 */
import { circleIn } from "./circles.ts";
import { compareLines } from "./compare.ts";
import { compileDialect, wholeDialect, type DialectName, type Rules } from "./dialect.ts";
import { diffOf, type ConfigDiff } from "./diff.ts";
import { atTop } from "./facts.ts";
import { frr } from "./frr.ts";
import { ios } from "./ios.ts";
import { maskLine, maskText } from "./mask.ts";
import { normalOf } from "./normal.ts";
import { parseWith } from "./parse.ts";
import { planTrees } from "./plan.ts";
import type { ConfigTree } from "./tree.ts";

export { printConfig, type ConfigNode, type ConfigTree } from "./tree.ts";
export type { ConfigDiff } from "./diff.ts";
export type { DialectName } from "./dialect.ts";

/**
 * How two configurations are compared. `intent`: a device with an intent, which may be silent about what devices write by themselves.
 * `whole`: a device with itself at another time; every line counts.
 */
export type Sense = "intent" | "whole";

const dialects: Record<Sense, Record<DialectName, Rules>> = {
  intent: { ios: compileDialect(ios), frr: compileDialect(frr) },
  whole: { ios: compileDialect(wholeDialect(ios)), frr: compileDialect(wholeDialect(frr)) },
};

/**
 * The ordered tree of a configuration: comments, noise and defaults dropped, each line in the platform's own way of writing.
 * Never fails: a line that no rule knows is kept as it is.
 */
export function parseConfig(text: string, dialect: DialectName): ConfigTree {
  return parseWith(dialects.intent[dialect], text);
}

/**
 * Canonical text, to be hashed: two configurations that mean the same give the same text. It holds secrets. In the sense of an intent,
 * lines that a device writes by itself are left out, so `diffConfigs(…).empty` stays the judge of whether a device is as intended.
 */
export function normalConfig(text: string, dialect: DialectName, sense: Sense = "intent"): string {
  return normalOf(dialects[sense][dialect], parseConfig(text, dialect));
}

/** What separates the running configuration from the intended one, for people: secrets masked. */
export function diffConfigs(running: string, intended: string, dialect: DialectName, sense: Sense = "intent"): ConfigDiff {
  const rules = dialects[sense][dialect];
  const deltas = compareLines(rules, atTop, [parseConfig(running, dialect).children, parseConfig(intended, dialect).children]);
  return diffOf(deltas, (line, above) => maskLine(line, above));
}

/**
 * The commands that bring `running` to `intended`, in order, to be typed from the top of configuration mode; the last one leaves
 * the last section. They hold secrets. A banner is ONE entry with line breaks in it: type it whole, then wait for the prompt.
 * The way back is `planCommands(after, before)`.
 */
export function planCommands(running: string, intended: string, dialect: DialectName, sense: Sense = "intent"): string[] {
  return planTrees(dialects[sense][dialect], parseConfig(running, dialect), parseConfig(intended, dialect));
}

/** Why a device must never have a configuration, and on which lines (1-based) of it. */
export interface Ruinous {
  say: string;
  lines: number[];
}

/** What would ruin a device that takes this configuration without a word; undefined when nothing that we know of would. */
export function ruinOf(intended: string, dialect: DialectName): Ruinous | undefined {
  const circle = circleIn(dialects.intent[dialect], parseConfig(intended, dialect));
  if (!circle) return undefined;
  const steps = circle.map(({ from, to, line }) => `${from} calls ${to} on line ${line}`).join(", ");
  const say = `Route-maps call each other in a circle (${steps}), which makes zebra and bgpd of FRR 8 crash. Take one of these calls out.`;
  return { say, lines: circle.map(({ line }) => line) };
}

/** Whether two configurations of one device are the same, line by line; comments, noise and order that says nothing aside. */
export function sameConfig(one: string, other: string, dialect: DialectName): boolean {
  return one === other || diffConfigs(one, other, dialect, "whole").empty;
}

/**
 * Whether an intent accounts for what changed on a device from `before` to `now`, which is as intended: lines that an intent may be
 * silent about count only where this one speaks of them.
 */
export function accountsFor(intended: string, [before, now]: [string, string], dialect: DialectName): boolean {
  const { ambient, assumed } = dialects.intent[dialect].dialect;
  const said = new Set(parseConfig(intended, dialect).children.map((node) => node.key));
  const [was, is] = [parseConfig(before, dialect).children, parseConfig(now, dialect).children];
  return compareLines(dialects.whole[dialect], atTop, [was, is]).every((delta) => {
    const node = delta.op === "within" ? delta.to : delta.op === "add" || delta.op === "remove" ? delta.node : delta.to.node;
    return said.has(node.key) || !(ambient.test(node.text) || assumed.test(node.text));
  });
}

/**
 * The same text with every secret replaced by a mark: passwords, keys, communities, hashes. Lines and their structure stay.
 * Works on a whole configuration, on commands, and on a single line.
 */
export function maskSecrets(text: string, _dialect: DialectName): string {
  return maskText(text);
}
