/** OSPF, BGP and static routes of IOS. */
import type { Act } from "../config/act.ts";
import type { Rule } from "../config/rules.ts";
import type { Args, Block, Statement } from "../config/tree.ts";
import { ipNumber, ipText } from "../grammar/values.ts";
import { addressOrder, interfaceOrder } from "./types.ts";

const areaOrder = (area: string): number => (area.includes(".") ? ipNumber(area)! : Number(area));

const area = (form: string, index: number): Rule => ({
  form: `area <area:area> ${form}`,
  place: "area",
  sort: (args, text) => [areaOrder(args["area"]!), index, text],
});

/** With `passive-interface default` the exceptions are kept, without it the passive ones. */
function passive(act: Act): void {
  const inverted = act.block.statements.has("passive-interface default");
  if (inverted === act.negative) act.keep({ text: inverted ? `no ${act.text}` : act.text });
  else act.drop(act.key);
}

/** Turning the default round forgets the exceptions. */
function passiveDefault(act: Act): void {
  for (const key of act.block.statements.keys()) if (key.startsWith("passive-interface ")) act.drop(key);
  act.usual();
}

function addNetwork(act: Act): void {
  const { network, wildcard } = act.args as { network: string; wildcard: string };
  const masked = ipText((ipNumber(network)! & ~ipNumber(wildcard)!) >>> 0);
  act.keep({
    key: `network ${masked} ${wildcard}`,
    text: `network ${masked} ${wildcard} area ${act.args["area"]}`,
    args: { ...act.args, network: masked },
  });
}

export const ospfRules: Rule[] = [
  { form: "router-id =<id:ip>" },
  { form: "log-adjacency-changes =[detail]", visible: ({ text }) => text !== "log-adjacency-changes" },
  { form: "auto-cost reference-bandwidth =<megabits:1-4294967>" },
  { form: "bfd all-interfaces" },
  { form: "timers throttle spf =<first:1-600000> =<second:1-600000> =<most:1-600000>" },
  { form: "max-metric router-lsa =[on-startup <seconds:5-86400>]" },
  area("authentication =[message-digest]", 0),
  area("stub =[no-summary]", 1),
  area("nssa =[no-summary]", 2),
  area("range <network:ip> <mask:mask> =[not-advertise]", 3),
  { form: "summary-address <network:ip> <mask:mask>" },
  { form: "redistribute connected =[subnets] =[route-map <map:list>]" },
  { form: "redistribute static =[subnets] =[route-map <map:list>]" },
  { form: "redistribute bgp <asn:asn> =[subnets] =[route-map <map:list>]" },
  { form: "passive-interface default", set: passiveDefault, unset: passiveDefault },
  {
    form: "passive-interface <interface:ifname>",
    place: "passive",
    sort: (args) => interfaceOrder(args["interface"]!),
    set: passive,
    unset: passive,
  },
  {
    form: "network <network:ip> <wildcard:wildcard> area =<area:area>",
    place: "network",
    sort: (args) => addressOrder(args["network"]),
    key: (args) => `network ${ipText((ipNumber(args["network"]!)! & ~ipNumber(args["wildcard"]!)!) >>> 0)} ${args["wildcard"]}`,
    set: addNetwork,
  },
  { form: "default-metric =<metric:1-16777214>" },
  { form: "default-information originate =[always] =[metric <metric:0-16777214>] =[metric-type (1|2)] =[route-map <map:list>]" },
  { form: "maximum-paths =<paths:1-64>" },
  { form: "distance =<distance:1-255>" },
];

export const bgpBlock = (root: Block): Block | undefined => [...root.statements.values()].find((one) => one.rule.mode === "bgp")?.child;

const familyOf = (bgp: Block): Block | undefined => bgp.statements.get("address-family ipv4")?.child;

const peerExists = (bgp: Block | undefined, peer: string): boolean =>
  ["remote-as", "peer-group"].some((word) => bgp?.statements.has(`neighbor ${peer} ${word}`));

const isGroup = (bgp: Block, name: string): boolean => {
  const group = bgp.statements.get(`neighbor ${name} peer-group`);
  return group !== undefined && group.args["group"] === undefined;
};

const needsPeer = (run: (act: Act) => void) => (act: Act) => {
  if (peerExists(bgpBlock(act.root), act.args["peer"]!)) run(act);
  else act.refuse("% Specify remote-as or peer-group commands first");
};

/** A new peer is spoken of in the address family, once there is one. */
function join(act: Act): void {
  const known = peerExists(act.block, act.args["peer"]!);
  act.keep();
  const family = familyOf(act.block);
  if (known || !family) return;
  const off = act.block.statements.has("bgp default ipv4-unicast");
  act.also(`${off ? "no " : ""}neighbor ${act.args["peer"]} activate`, family);
}

function setGroup(act: Act): void {
  if (!isGroup(act.block, act.args["group"]!)) act.refuse("% Configure the peer-group first");
  else join(act);
}

function removePeer(act: Act): void {
  const peer = act.args["peer"]!;
  const members = isGroup(act.block, peer) ? [...act.block.statements.values()].filter((one) => one.args["group"] === peer) : [];
  for (const gone of [peer, ...members.map((one) => one.args["peer"]!)]) {
    for (const block of [act.block, ...[...act.block.statements.values()].flatMap((one) => one.child ?? [])]) {
      for (const key of block.statements.keys()) if (key.startsWith(`neighbor ${gone} `)) act.drop(key, block);
    }
  }
}

const peerOrder = (peer: string): (number | string)[] => (ipNumber(peer) === undefined ? [0, peer] : [1, ipNumber(peer)!]);

const peers = (rules: (Partial<Rule> & { form: string })[]): Rule[] =>
  rules.map((rule, index) => ({
    set: needsPeer((act) => act.usual()),
    unset: needsPeer((act) => act.usual()),
    place: "neighbor",
    sort: (args: Args) => [...peerOrder(args["peer"]!), index],
    ...rule,
    form: `neighbor <peer:peer> ${rule.form}`.trim(),
  }));

const processPeers = peers([
  { form: "", onlyNo: true, unset: needsPeer(removePeer) },
  { form: "peer-group", set: join, unset: needsPeer(removePeer) },
  { form: "remote-as =<asn:asn>", set: join, unset: needsPeer(removePeer) },
  { form: "peer-group =<group>", set: setGroup, unset: needsPeer(removePeer) },
  { form: "local-as =<asn:asn> =[no-prepend] =[replace-as]" },
  { form: "description =<description:line>" },
  { form: "shutdown" },
  { form: "password =[(0|7)] =<password>" },
  { form: "ebgp-multihop =[<hops:1-255>]", set: needsPeer((act) => act.keep({ text: `${act.key} ${act.args["hops"] ?? "255"}` })) },
  { form: "disable-connected-check" },
  { form: "update-source =<interface:ifname>" },
  { form: "transport connection-mode =(active|passive)" },
  { form: "timers =<keepalive:0-65535> =<hold:0-65535>" },
  { form: "fall-over bfd" },
]);

const familyPeers = peers([
  { form: "activate", toggle: "both" },
  { form: "weight =<weight:0-65535>" },
  { form: "send-community =[(both|standard|extended)]" },
  { form: "route-reflector-client" },
  { form: "next-hop-self =[all]" },
  { form: "remove-private-as" },
  { form: "default-originate =[route-map <map:list>]" },
  { form: "soft-reconfiguration inbound" },
  { form: "allowas-in =[<times:1-10>]" },
  { form: "prefix-list =<list:list> in" },
  { form: "prefix-list =<list:list> out" },
  { form: "route-map =<map:list> in" },
  { form: "route-map =<map:list> out" },
  { form: "filter-list =<list:1-500> (in|out)" },
  { form: "distribute-list =<list:list> (in|out)" },
  { form: "maximum-prefix =<limit:1-2147483647> =[<threshold:1-100>] =[warning-only]" },
]);

const networks: Rule[] = [
  {
    form: "network <network:ip> =[mask <mask:mask>] =[route-map <map:list>]",
    key: (args) => `network ${args["network"]} ${args["mask"] ?? ""}`,
    place: "network",
    sort: (args) => addressOrder(args["network"], args["mask"]),
  },
  { form: "aggregate-address <network:ip> <mask:mask> =[as-set] =[summary-only]" },
  { form: "redistribute connected =[metric <metric:0-4294967295>] =[route-map <map:list>]" },
  { form: "redistribute static =[metric <metric:0-4294967295>] =[route-map <map:list>]" },
  { form: "redistribute ospf <process:1-65535> =[metric <metric:0-4294967295>] =[match internal external] =[route-map <map:list>]" },
];

const paths: Rule[] = [
  { form: "maximum-paths =<paths:1-32>" },
  { form: "maximum-paths ibgp =<paths:1-32>" },
  { form: "distance bgp =<distances:numbers>" },
  { form: "default-information originate" },
  { form: "auto-summary" },
];

export const familyRules: Rule[] = [...networks, ...familyPeers, ...paths, { form: "exit-address-family", leaves: true }];

/** Without an address family these stand in the process; once there is one they go there. */
const eitherWay = (rule: Rule): Rule => {
  const run = (own: ((act: Act) => void) | undefined) => (act: Act) => {
    const block = familyOf(act.block);
    if (block) act.pass(`${act.negative ? "no " : ""}${act.text}`, block);
    else if (own) own(act);
    else act.usual();
  };
  return { ...rule, set: run(rule.set), unset: run(rule.unset), visible: (statement) => !/^neighbor \S+ activate$/.test(statement.text) };
};

/** The first address family moves what was said in the process into it. */
function openFamily(act: Act): void {
  const first = !act.block.statements.has(act.key);
  const family = act.keep({ text: "address-family ipv4" }).child!;
  if (!first) return;
  const moved = [...act.block.statements.values()].filter((one) => isFamilyLine(one));
  for (const one of moved) {
    act.drop(one.key);
    act.also(one.text, family);
  }
  for (const peer of peerNames(act.block)) {
    if (!family.statements.has(`neighbor ${peer} activate`)) act.also(`neighbor ${peer} activate`, family);
  }
}

const familyForms = new Set([...networks, ...familyPeers, ...paths].map((rule) => rule.form));
const isFamilyLine = (statement: Statement): boolean => familyForms.has(statement.rule.form);
const peerNames = (bgp: Block): Set<string> => new Set([...bgp.statements.values()].flatMap((one) => one.args["peer"] ?? []));

export const bgpRules: Rule[] = [
  { form: "bgp router-id =<id:ip>" },
  { form: "bgp log-neighbor-changes", toggle: "both" },
  { form: "bgp cluster-id =<id:ip>" },
  { form: "bgp deterministic-med" },
  { form: "bgp always-compare-med" },
  { form: "bgp default ipv4-unicast", toggle: "on" },
  { form: "bgp default local-preference =<preference:0-4294967295>" },
  { form: "bgp bestpath as-path multipath-relax" },
  { form: "bgp graceful-restart" },
  { form: "timers bgp =<keepalive:0-65535> =<hold:0-65535>" },
  ...networks.map((rule) => eitherWay(rule)),
  ...inOnePlace([...processPeers, ...familyPeers.map((rule) => eitherWay(rule))]),
  ...paths.map((rule) => eitherWay(rule)),
  { form: "address-family ipv4 [unicast]", key: () => "address-family ipv4", mode: "bgp-ipv4", set: openFamily },
  { form: "address-family ipv6 [unicast]", key: () => "address-family ipv6", mode: "bgp-ipv4" },
];

/** Lines of one peer stay together, those of its families after its own. */
function inOnePlace(rules: Rule[]): Rule[] {
  return rules.map((rule, index) => ({ ...rule, sort: (args) => [...peerOrder(args["peer"]!), index] }));
}

const via = "(<interface:ifname> [<gateway:ip>]|<gateway:ip>)";

export const routeRules: Rule[] = [
  {
    form: `ip route <network:ip> <mask:mask> ${via} =[<distance:1-255>] =[tag <tag:1-4294967295>] =[name <name>] =[permanent]`,
    no: ["ip route <network:ip> <mask:mask>"],
    place: "ip route",
    sort: (args, text) => [...addressOrder(args["network"], args["mask"]), text],
    set: (act) => {
      const { network, mask } = act.args as { network: string; mask: string };
      if ((ipNumber(network)! & ~ipNumber(mask)!) >>> 0 !== 0) act.refuse("%Inconsistent address and mask");
      else act.keep();
    },
    unset: (act) => {
      const mine = [...act.block.statements.values()].filter(
        (one) => one.key === act.key || (one.rule.place === "ip route" && one.key.startsWith(`${act.key} `)),
      );
      if (mine.length === 0) act.refuse("%No matching route to delete");
      for (const one of mine) act.drop(one.key);
    },
  },
];
