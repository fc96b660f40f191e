/** FRRouting, through vtysh with integrated configuration. */
import type { Dialect } from "./dialect.ts";
import { frrLines } from "./frr-lines.ts";
import { frrSections } from "./frr-sections.ts";
import { settleFrr } from "./frr-settle.ts";

export const frr: Dialect = {
  name: "frr",
  noise: new Map(
    Object.entries({
      Building: /^Building configuration/,
      Current: /^Current configuration/,
      end: /^end$/,
      frr: /^frr (?:version|defaults) /,
      // vtysh prints the name of the operating system and cannot keep another.
      hostname: /^hostname /,
      service: /^service (?:integrated-vtysh-config|password-encryption|advanced-vty)$/,
    }),
  ),
  literals: [],
  squeeze: true,
  sections: frrSections,
  lines: frrLines,
  references: [
    { pattern: /\b(?:route-map|unsuppress-map|advertise-map|exist-map|non-exist-map|suppress-map|table-map) (\S+)/g, kind: "route-map" },
    { pattern: /\bprefix-list (\S+)(?! seq)/g, kind: "prefix-list" },
    { pattern: /\bfilter-list prefix (\S+)/g, kind: "prefix-list" },
    { pattern: /\bmatch ip(?:v6)? (?:address|next-hop|route-source) (?!prefix-|address |type )(\S+)/g, kind: "acl" },
    { pattern: /\bdistribute-list (\S+)/g, kind: "acl" },
    { pattern: /\bfilter-list (?!prefix)(\S+)/g, kind: "as-path" },
    { pattern: /\bmatch as-path (\S+)/g, kind: "as-path" },
    { pattern: /\b(?:match community|set comm-list) (\S+)/g, kind: "community-list" },
    { pattern: /\b(?:match large-community|set large-comm-list) (\S+)/g, kind: "large-community-list" },
    { pattern: /\bmatch extcommunity (\S+)/g, kind: "extcommunity-list" },
    { pattern: /\bkey-chain (\S+)/g, kind: "key-chain" },
    { pattern: /\bpbr-policy (\S+)/g, kind: "pbr-map" },
  ],
  calls: { section: /^route-map (\S+) (?:permit|deny) \d+$/, line: /^call (\S+)$/, kind: "route-map:" },
  ambient: /^(?:no ip forwarding|no ipv6 forwarding|password .+|enable password .+|username .+|agentx|log syslog informational)$/,
  // Forwarding is shown when it is off; the rest is vtysh's own and never shown.
  assumed: /^(?:ip forwarding|ipv6 forwarding|banner motd .+|username .+|domainname .+)$/,
  settle: settleFrr,
  incomparable: (running, intended) => /password 8 \S+$/.test(running) && !/password 8 \S+$/.test(intended),
};
