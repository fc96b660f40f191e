/** What the BGP of both dialects has in common: lines that belong to IPv4 unicast, and who is active in which address family. */
import { adopt, leaf, type ConfigNode } from "./tree.ts";

export interface Peers {
  /** Groups first: what is said of a group is typed before what is said of its members. */
  names: string[];
  /** The group of a peer whose activation follows its group's. */
  memberOf: Map<string, string>;
}

const group = /^neighbor (\S+) peer-group$/;
const peer = /^neighbor (\S+) (?:remote-as|peer-group|interface)(?: |$)/;

/** Names of groups and peers that these lines make, groups first. */
export function peerNames(lines: ConfigNode[]): string[] {
  const named = (pattern: RegExp): string[] => lines.flatMap(({ text }) => pattern.exec(text)?.[1] ?? []);
  return [...new Set([...named(group), ...named(peer)])];
}

/** Lines that stand in the instance and belong to IPv4 unicast go there; the family is made when nobody wrote it. */
export function moveToFamily(lines: ConfigNode[], belongs: RegExp, family: ConfigNode): ConfigNode[] {
  const moved = lines.filter(({ text }) => belongs.test(text));
  if (!moved.length) return lines;
  for (const line of moved) adopt(family, line);
  delete family.implied;
  return lines.filter((line) => !moved.includes(line));
}

/** A family that is there without being written. */
export function impliedFamily(name: string): ConfigNode {
  return { ...leaf(`address-family ${name}`, 0), implied: true };
}

/** Says for every neighbour whether it is active in this family, written or not. */
export function sayActivation(family: ConfigNode, { names, memberOf }: Peers, byDefault: boolean): void {
  const written = new Map<string, ConfigNode>();
  const rest: ConfigNode[] = [];
  for (const line of family.children) {
    const name = /^(?:no )?neighbor (\S+) activate$/.exec(line.text)?.[1];
    if (name === undefined) rest.push(line);
    else written.set(name, line);
  }
  const active = new Map<string, boolean>();
  const said = names.map((name) => {
    const line = written.get(name);
    const above = memberOf.get(name);
    const inherited = above === undefined ? byDefault : (active.get(above) ?? byDefault);
    const isActive = line ? !line.text.startsWith("no ") : inherited;
    active.set(name, isActive);
    const text = `${isActive ? "" : "no "}neighbor ${name} activate`;
    // Members are switched with their group, so a member's line is typed again when its group's changes.
    const key = above === undefined ? text : `${text} (${above} ${inherited ? "on" : "off"})`;
    return { text, key, children: [], line: line?.line ?? 0, ...(line ? {} : { implied: true }) };
  });
  family.children = [...said, ...rest];
  if (family.children.every(({ implied }) => implied)) family.implied = true;
}
