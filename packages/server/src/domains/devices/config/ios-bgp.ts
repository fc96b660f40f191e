/** `router bgp` of IOS in the form with address families, which means the same as the old one without. */
import { tidy6 } from "./addresses.ts";
import { impliedFamily, moveToFamily, peerNames, sayActivation } from "./bgp-families.ts";
import type { ConfigNode } from "./tree.ts";

const unset = /^(?:no auto-summary|no synchronization|bgp log-neighbor-changes|bgp default ipv4-unicast|exit-address-family)$/;
/** Lines that may stand in the instance and belong to IPv4 unicast. */
const family4 =
  /^(?:no )?(?:network|aggregate-address|redistribute|maximum-paths|distance|table-map|default-information|bgp dampening|neighbor \S+ (?:activate|route-map|prefix-list|distribute-list|filter-list|unsuppress-map|next-hop-self|soft-reconfiguration|allowas-in|default-originate|maximum-prefix|send-community|remove-private-as|weight|route-reflector-client|as-override|advertise-map|advertisement-interval))(?: |$)/;
const header = /^address-family (?<name>ipv4)(?: unicast)?$/;

function settleLines(lines: ConfigNode[]): ConfigNode[] {
  const kept = lines.filter(({ text }) => !unset.test(text));
  for (const line of kept)
    if (line.text.includes(":"))
      line.key = line.text
        .split(" ")
        .map((word) => tidy6(word.toLowerCase()))
        .join(" ");
  return kept;
}

/** Settles one BGP instance in place. */
export function settleIosBgp(node: ConfigNode): void {
  const families = node.children.filter(({ text }) => text.startsWith("address-family "));
  const lines = settleLines(node.children.filter((line) => !families.includes(line)));
  for (const family of families) {
    family.text = family.text.replace(/ unicast$/, "");
    family.key = family.text;
    family.children = settleLines(family.children);
    if (family.text.startsWith("address-family ipv4 vrf "))
      sayActivation(family, { names: peerNames(family.children), memberOf: new Map() }, true);
  }
  const found = families.find(({ text }) => header.test(text));
  const first = found ?? impliedFamily("ipv4");
  const rest = moveToFamily(lines, family4, first);
  const byDefault = !rest.some(({ text }) => text === "no bgp default ipv4-unicast");
  sayActivation(first, { names: peerNames(rest), memberOf: new Map() }, byDefault);
  const all = found ? families : [...families, first];
  node.children = [...rest, ...all.filter(({ text, children }) => children.length > 0 || / vrf /.test(text))];
}
