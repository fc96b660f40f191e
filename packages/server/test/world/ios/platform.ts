/** The IOS command language as a whole, and the way it writes a configuration. */
import { renderLines, type Style } from "../config/render.ts";
import { compile } from "../config/rules.ts";
import type { Block } from "../config/tree.ts";
import {
  afterLists,
  afterRouting,
  archiveLogRules,
  archiveRules,
  beforeRouting,
  lineRules,
  pubkeyChainRules,
  pubkeyUserRules,
  vlanRules,
} from "./global.ts";
import { interfaceRules } from "./interface.ts";
import { extendedRules, listRules, routeMapRules, standardRules } from "./lists.ts";
import { bgpRules, familyRules, ospfRules, routeRules } from "./routing.ts";
import type { Act } from "../config/act.ts";
import { iosTypes, isPhysical } from "./types.ts";

export const iosVersion = "17.3";

function startBgp(act: Act): void {
  const running = [...act.block.statements.values()].find((one) => one.rule.mode === "bgp");
  if (running && running.key !== act.key) act.refuse(`BGP is already running; AS is ${running.args["asn"]}`);
  else act.keep();
}

const processes = [
  {
    form: "router ospf <process:1-65535>",
    mode: "ospf",
    place: "router ospf",
    group: (args: Record<string, string>) => `ospf ${args["process"]}`,
  },
  { form: "router bgp <asn:asn>", mode: "bgp", starts: ["bgp log-neighbor-changes"], set: startBgp },
];

/** What a router of this kind has configured before it reads its saved configuration. */
const factory = (hardware: ReadonlySet<string>): string[] => [
  "no aaa new-model",
  "ip http server",
  "ip http secure-server",
  "line con 0",
  "line vty 0 4",
  ...[...hardware].filter((name) => isPhysical(name)).map((name) => `interface ${name}`),
];

export const iosGrammar = compile({
  root: "global",
  modes: {
    global: { prompt: "config", rules: [...beforeRouting, ...processes, ...afterRouting, ...routeRules, ...listRules, ...afterLists] },
    interface: { prompt: "config-if", rules: interfaceRules },
    ospf: { prompt: "config-router", rules: ospfRules },
    bgp: { prompt: "config-router", rules: bgpRules },
    "bgp-ipv4": { prompt: "config-router-af", rules: familyRules },
    "acl-standard": { prompt: "config-std-nacl", rules: standardRules },
    "acl-extended": { prompt: "config-ext-nacl", rules: extendedRules },
    "route-map": { prompt: "config-route-map", rules: routeMapRules },
    archive: { prompt: "config-archive", rules: archiveRules },
    "archive-log": { prompt: "config-archive-log-cfg", rules: archiveLogRules },
    vlan: { prompt: "config-vlan", rules: vlanRules },
    line: { prompt: "config-line", rules: lineRules },
    "pubkey-chain": { prompt: "conf-ssh-pubkey", rules: pubkeyChainRules },
    "pubkey-user": { prompt: "conf-ssh-pubkey-user", rules: pubkeyUserRules },
  },
  types: iosTypes,
  patient: false,
  foldCase: true,
  hasDefault: true,
  comment: /^!/,
  factory,
});

const isFamily = (text: string): boolean => text.startsWith("address-family ");

const style: Style = {
  before: ({ text }) => (isFamily(text) ? [" !"] : []),
  after: ({ text }, depth) => (isFamily(text) && depth === 1 ? [" exit-address-family"] : []),
  hidesEmpty: ({ text, rule }) => text === "archive" || rule.mode === "pubkey-chain" || rule.mode === "pubkey-user",
};

/** The configuration from its first own line to `end`, as it is kept in NVRAM. */
export function iosText(root: Block): string {
  return [`version ${iosVersion}`, ...renderLines(root, style), "!", "end"].join("\n");
}
