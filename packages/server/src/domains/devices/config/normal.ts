/** A tree as canonical text: sorted where order does not matter, the last line of a slot only, nothing that nobody decided. */
import type { Rules, SectionRule } from "./dialect.ts";
import { atTop, factsOf, under, type Place } from "./facts.ts";
import type { ConfigNode, ConfigTree } from "./tree.ts";

function lastOfSlot(rules: Rules, place: Place, nodes: ConfigNode[]): ConfigNode[] {
  const slots = new Map<string, ConfigNode>();
  for (const node of nodes) {
    const { slot, line } = factsOf(rules, place, node);
    slots.set(line?.slot === undefined ? node.key : `slot ${slot}`, node);
  }
  return [...slots.values()];
}

function isSilent(rules: Rules, place: Place, { text }: ConfigNode): boolean {
  return place.kind === "top" && (rules.dialect.ambient.test(text) || rules.dialect.assumed.test(text));
}

/** Nothing but what hardware keeps when nobody speaks of it: as if the section were not there. */
function staysOnly(rules: Rules, place: Place, section: ConfigNode): boolean {
  return section.children.every((line) => factsOf(rules, place, line).line?.stays);
}

function write(rules: Rules, place: Place, nodes: ConfigNode[], around?: SectionRule): string[] {
  const [fixed, free]: [string[], string[]] = [[], []];
  for (const node of lastOfSlot(rules, place, nodes)) {
    if (isSilent(rules, place, node)) continue;
    const { section } = factsOf(rules, place, node);
    const inner = node.children.length ? write(rules, under(rules, place, node), node.children, section) : [];
    if (section?.hollow && staysOnly(rules, under(rules, place, node), node)) continue;
    const placed = around?.sequence ? !node.text.startsWith("remark ") : around?.ordered === true && !around.loose?.test(node.text);
    (placed ? fixed : free).push([node.key, ...inner.map((line) => ` ${line}`)].join("\n"));
  }
  return [...fixed, ...free.sort()];
}

/** Canonical text of a tree; equal for trees that mean the same. */
export function normalOf(rules: Rules, tree: ConfigTree): string {
  return write(rules, atTop, tree.children).join("\n");
}
