/** From a comparison to the lines that are typed. Pure. */
import { openCircles } from "./circles.ts";
import { compareLines } from "./compare.ts";
import type { Rules } from "./dialect.ts";
import { atTop, definesOf, under, type Place } from "./facts.ts";
import { inOrder } from "./order.ts";
import { reshape } from "./reshape.ts";
import { stepsOf, type Header, type Step } from "./steps.ts";
import type { ConfigNode, ConfigTree } from "./tree.ts";

/** Which of these names a configuration defines. */
function definedIn(rules: Rules, tree: ConfigTree, names: Set<string>): Set<string> {
  const found = new Set<string>();
  const walk = (nodes: ConfigNode[], place: Place): void => {
    for (const node of nodes) {
      for (const name of definesOf(rules, place, node)) if (names.has(name)) found.add(name);
      if (!node.children.length) continue;
      const below = under(rules, place, node);
      if (rules.defining.has(below.kind)) walk(node.children, below);
    }
  };
  walk(tree.children, atTop);
  return found;
}

/** Lines to type from the top of configuration mode, entering and leaving sections, back at the top at the end. */
function typed(steps: Step[]): string[] {
  const lines: string[] = [];
  let at: Header[] = [];
  const go = (to: Header[]): void => {
    let common = 0;
    while (common < at.length && common < to.length && at[common]?.text === to[common]?.text) common++;
    for (const { exit } of at.slice(common).reverse()) lines.push(exit);
    for (const { text } of to.slice(common)) lines.push(text);
    at = to;
  };
  for (const step of steps) {
    if (step.silent) continue;
    go(step.at);
    lines.push(...step.lines);
  }
  go([]);
  return lines;
}

/** The lines that bring `running` to `intended`. */
export function planTrees(rules: Rules, running: ConfigTree, intended: ConfigTree): string[] {
  const deltas = reshape(rules, compareLines(rules, atTop, [running.children, intended.children]));
  const steps = stepsOf(rules, deltas);
  openCircles(rules, steps, [running, intended]);
  return typed(inOrder(steps, (names) => definedIn(rules, intended, names)));
}
