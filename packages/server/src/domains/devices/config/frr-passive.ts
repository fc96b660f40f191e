/**
 * Passive interfaces of OSPF in FRR. An interface has one of three states of its own: passive, not passive, or none, where the
 * process's `passive-interface default` decides. FRR 8.4 shows a `no ip ospf passive` whether that default stands or not, and either
 * of the two commands, typed over the other, only takes it back to none: to turn one into the other takes two.
 */
import type { ConfigNode, ConfigTree } from "./tree.ts";

const exception = /^no ip ospf passive(?: |$)/;

/** The VRF of `router ospf [instance] [vrf NAME]` or `interface NAME [vrf NAME]`, with its word; empty outside any. */
export function vrfWords(header: string): string {
  return / vrf \S+$/.exec(header)?.[0] ?? "";
}

function isPassive({ text }: ConfigNode): boolean {
  return text === "ip ospf passive" || text.startsWith("ip ospf passive ");
}

function passiveVrfs(trees: readonly ConfigTree[]): Set<string> {
  const sections = trees.flatMap(({ children }) => children).filter(({ text }) => /^router ospf(?: |$)/.test(text));
  const turned = sections.filter(({ children }) => children.some(({ text }) => text === "passive-interface default"));
  return new Set(turned.map(({ text }) => vrfWords(text)));
}

/**
 * Takes out `no ip ospf passive` where it says nothing: in a VRF where interfaces are not passive by default. Trees that are compared are
 * asked together: a leftover says something as soon as the other one has the default, or makes the interface passive.
 */
export function dropIdlePassive(trees: readonly ConfigTree[]): void {
  const vrfs = passiveVrfs(trees);
  const sections = trees.flatMap(({ children }) => children).filter(({ text }) => text.startsWith("interface "));
  const passive = new Set(sections.filter(({ children }) => children.some(isPassive)).map(({ text }) => text));
  const isIdle = ({ text, children }: ConfigNode): boolean =>
    !vrfs.has(vrfWords(text)) && !passive.has(text) && children.some((line) => exception.test(line.text));
  const idle = sections.filter(isIdle);
  if (!idle.length) return;
  for (const section of idle) section.children = section.children.filter((line) => !exception.test(line.text));
  for (const tree of trees) {
    tree.children = tree.children.filter((node) => node.children.length || !node.text.startsWith("interface "));
  }
}
