/** Cisco IOS and IOS-XE. */
import type { Dialect, Literal } from "./dialect.ts";
import { iosLines } from "./ios-lines.ts";
import { iosSections } from "./ios-sections.ts";
import { bannerEnd, settleIos } from "./ios-settle.ts";

const banner: Literal = {
  head: "banner",
  open: (line) => {
    const mark = bannerEnd(line);
    if (mark === undefined) return undefined;
    const opening = line.indexOf(mark) + mark.length;
    if (line.includes(mark, opening)) return undefined;
    return { ends: (text) => text.includes(mark), keep: true };
  },
};

const isQuit = (text: string): boolean => text.trim() === "quit";

/** A block of hexadecimal lines that ends with `quit`; a certificate kept in a file has none. */
const certificate: Literal = {
  head: "certificate",
  open: (line) => (line.includes("nvram:") || line.includes("flash:") ? undefined : { ends: isQuit, keep: true }),
};

export const ios: Dialect = {
  name: "ios",
  noise: new Map(
    Object.entries({
      Building: /^Building configuration/,
      Current: /^Current configuration/,
      Using: /^Using \d+ out of \d+ bytes/,
      Load: /^Load for /,
      Time: /^Time source is /,
      end: /^end$/,
      version: /^version \d/,
      "boot-start-marker": /./,
      "boot-end-marker": /./,
      ntp: /^ntp clock-period /,
      upgrade: /^upgrade fpd auto$/,
    }),
  ),
  literals: [banner, certificate],
  squeeze: false,
  sections: iosSections,
  lines: iosLines,
  references: [
    { pattern: /\broute-map (\S+)/g, kind: "route-map" },
    { pattern: /\b(?:unsuppress|advertise|exist|non-exist|suppress|attribute|inject)-map (\S+)/g, kind: "route-map" },
    { pattern: /\bprefix-list (.+?)(?: in| out|$)/g, kind: "prefix-list" },
    { pattern: /\bmatch ip(?:v6)? (?:address|next-hop) (?!prefix-list)(.+)$/g, kind: "acl" },
    { pattern: /\bmatch access-group (?:name )?(\S+)/g, kind: "acl" },
    { pattern: /\b(?:distribute-list|access-class|source list|match address) (\S+)/g, kind: "acl" },
    { pattern: /\bsnmp-server community \S+ R[OW] (\S+)/g, kind: "acl" },
    { pattern: /\bfilter-list (\S+)/g, kind: "as-path" },
    { pattern: /\bmatch as-path (.+)$/g, kind: "as-path" },
    { pattern: /\bmatch community (.+?)(?: exact-match|$)/g, kind: "community-list" },
    { pattern: /\bset comm-list (\S+)/g, kind: "community-list" },
    { pattern: /\bvrf (?:forwarding )?(?!definition|forwarding)(\S+)/g, kind: "vrf" },
    { pattern: /\bservice-policy (?:input |output )?(?!type)(\S+)$/g, kind: "policy-map" },
    { pattern: /\bkey-chain (?:eigrp \d+ )?(\S+)/g, kind: "key-chain" },
    { pattern: /\bobject-group (?!network|service)(\S+)/g, kind: "object-group" },
    { pattern: /\b(?:update-source|tunnel source|ip unnumbered|source-interface|trap-source|ntp source) ([A-Z]\S+)/g, kind: "interface" },
    { pattern: /\b(?:default|login|enable) group (?!tacacs\+|radius)(\S+)/g, kind: "aaa-group" },
    { pattern: /^crypto map (\S+)$/g, kind: "crypto-map" },
    { pattern: /\bipsec profile (\S+)/g, kind: "ipsec-profile" },
    { pattern: /\btransform-set (\S+)/g, kind: "transform-set" },
    { pattern: /\btrack (\d+)/g, kind: "track" },
    { pattern: /\bip sla (\d+)/g, kind: "sla" },
    { pattern: /\b(?:flow monitor|exporter|record) (\S+)/g, kind: "flow" },
    { pattern: /\bsource template (\S+)/g, kind: "template" },
  ],
  ambient:
    /^(?:crypto pki (?:trustpoint|certificate chain) (?:TP-self-signed|SLA-TrustPoint)\S*|license .+|multilink bundle-name authenticated|diagnostic bootup level .+|spanning-tree extend system-id|redundancy|mmi .+|subscriber templating|memory free .+|transceiver type .+|platform .+|call-home|control-plane|ip cef|no ipv6 cef|login on-success log|fabric .+|(?:no )?ip http (?:secure-)?server|ip ssh pubkey-chain|no device-tracking .+)$/,
  assumed: /^$/,
  settle: settleIos,
  incomparable: (running, intended) => isHashed(running) && !isHashed(intended),
};

/** A secret that only shows as a hash: `secret 5`, `secret 9`. A plain one cannot be compared with it. */
function isHashed(text: string): boolean {
  return /^(?:enable|username) .*secret [4589] \S+$/.test(text);
}
