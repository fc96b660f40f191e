/** Numbered lists of FRR: entries without a number get the one that FRR would give, prefixes lose their host bits. */
import { network, tidy6 } from "./addresses.ts";
import type { ConfigNode } from "./tree.ts";

/** The list that an entry belongs to, its number if it has one, what it says. */
const entry =
  /^(?<list>(?:ip |ipv6 )?prefix-list \S+|(?:ipv6 )?access-list \S+|(?:bgp|ip) as-path access-list \S+|(?:bgp|ip) (?:large-|ext)?community-list (?:(?:standard|expanded) )?\S+) (?:seq (?<seq>\d+) )?(?<says>(?:permit|deny) .+)$/;

const wellKnown = [
  "graceful-shutdown accept-own route-filter-translated-v4 route-filter-v4 route-filter-translated-v6 route-filter-v6",
  "llgr-stale no-llgr accept-own-nexthop blackhole no-export no-advertise local-AS no-peer",
].flatMap((names) => names.split(" "));

/** Communities in the order that FRR keeps them: by number, the well-known ones after. */
export function sortCommunities(words: string[]): string[] {
  const rank = (word: string): number => {
    if (word === "internet") return 0;
    const [high = "", low = ""] = word.split(":");
    return /^\d+$/.test(high) && /^\d+$/.test(low) ? Number(high) * 65_536 + Number(low) : 2 ** 32 + wellKnown.indexOf(word);
  };
  return [...new Set(words)].sort((one, other) => rank(one) - rank(other));
}

function prefixRule(says: string): string {
  const [action = "", prefix = "", ...rest] = says.split(" ");
  const bounds = rest.join(" ").replace(/^le (\d+) ge (\d+)$/, "ge $2 le $1");
  return [action, network(prefix), ...(bounds ? [bounds] : [])].join(" ");
}

function tidyRule(list: string, says: string): string {
  if (list.includes("prefix-list")) return prefixRule(says);
  if (list.includes("access-list") && !list.includes("as-path"))
    return /^(?:permit|deny) \S+\//.test(says) ? prefixRule(says) : tidy6(says);
  if (!/(?:^|-| )community-list (?:standard|\d+$|\d+ )/.test(list) || list.includes("extcommunity")) return says;
  const [action = "", ...communities] = says.split(" ");
  return list.includes("large") ? says : [action, ...sortCommunities(communities)].join(" ");
}

/** Settles one entry of a numbered list; `last` holds the highest number of each list so far. False when it is no entry. */
export function settleEntry(node: ConfigNode, last: Map<string, number>): boolean {
  const found = entry.exec(node.text)?.groups;
  if (!found) return false;
  const { list = "", seq, says = "" } = found;
  const name = list.replace(/^ip (?=as-path|community|large|ext)/, "bgp ").replace(/^prefix-list/, "ip prefix-list");
  const number = seq === undefined ? Math.floor((last.get(name) ?? 0) / 5) * 5 + 5 : Number(seq);
  last.set(name, Math.max(number, last.get(name) ?? 0));
  node.text = `${name} seq ${number} ${tidyRule(name, says)}`;
  node.key = node.text.replace(/ (?:0\.0\.0\.0\/0|::\/0) le (?:32|128)$/, " any");
  return true;
}
