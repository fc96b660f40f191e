/** FRR's BGP process: peers and peer groups, and the address families in which they take part. */
import type { Act } from "../config/act.ts";
import type { Around, Rule } from "../config/rules.ts";
import type { Args, Block, Statement } from "../config/tree.ts";
import { maskLength } from "../grammar/values.ts";
import { peerOrder, prefixOrder } from "./types.ts";

const ipv4 = "address-family ipv4 unicast";

export const bgpBlock = (root: Block): Block | undefined =>
  [...root.statements.values()].find((one) => one.rule.mode === "router-bgp")?.child;

const peerExists = (bgp: Block | undefined, peer: string): boolean =>
  ["remote-as", "peer-group", "interface"].some((word) => bgp?.statements.has(`neighbor ${peer} ${word}`));

const isGroup = (bgp: Block, name: string): boolean =>
  bgp.statements.get(`neighbor ${name} peer-group`)?.args["group"] === undefined && bgp.statements.has(`neighbor ${name} peer-group`);

function family(act: Act, bgp: Block): Block {
  act.also(ipv4, bgp);
  return bgp.statements.get(ipv4)!.child!;
}

/** A new peer takes part in IPv4 unless the process says otherwise; the member of a group does what the group does. */
function join(act: Act): void {
  const known = peerExists(act.block, act.args["peer"]!);
  act.keep();
  if (known || act.args["group"] !== undefined) return;
  const off = act.block.statements.has("bgp default ipv4-unicast");
  act.also(`${off ? "no " : ""}neighbor ${act.args["peer"]} activate`, family(act, act.block));
}

function setRemoteAs(act: Act): void {
  const group = act.block.statements.get(`neighbor ${act.args["peer"]} peer-group`)?.args["group"];
  if (group !== undefined && act.block.statements.has(`neighbor ${group} remote-as`)) {
    act.refuse("% Peer-group member cannot override remote-as of peer-group.");
  } else join(act);
}

function setGroup(act: Act): void {
  if (!isGroup(act.block, act.args["group"]!)) return act.refuse("% Configure the peer-group first");
  const known = peerExists(act.block, act.args["peer"]!);
  const hasAs = act.block.statements.has(`neighbor ${act.args["group"]} remote-as`);
  if (known || hasAs) join(act);
}

/** Removes a peer, or a group and its members, with everything said of it. */
function removePeer(act: Act): void {
  const peer = act.args["peer"]!;
  const members = isGroup(act.block, peer) ? membersOf(act.block, peer) : [];
  for (const gone of [peer, ...members]) {
    const mine = `neighbor ${gone} `;
    for (const block of [act.block, ...familiesOf(act.block)]) {
      for (const key of block.statements.keys()) if (key.startsWith(mine)) act.drop(key, block);
    }
  }
}

const membersOf = (bgp: Block, group: string): string[] =>
  [...bgp.statements.values()].filter((one) => one.args["group"] === group).map((one) => one.args["peer"]!);

export const familiesOf = (bgp: Block): Block[] => [...bgp.statements.values()].flatMap((one) => one.child ?? []);

const needsPeer = (run: (act: Act) => void) => (act: Act) => {
  if (peerExists(bgpBlock(act.root), act.args["peer"]!)) run(act);
  else act.refuse("% Specify remote-as or peer-group commands first");
};

/** Groups, then members that have their AS from the group, then the others by address. */
function order(peer: string, { root }: Around): (string | number)[] {
  const bgp = bgpBlock(root);
  const inherits =
    bgp?.statements.get(`neighbor ${peer} peer-group`)?.args["group"] !== undefined && !bgp.statements.has(`neighbor ${peer} remote-as`);
  const [kind, ...rest] = peerOrder(peer);
  return [inherits ? 1 : kind!, ...rest];
}

interface PeerRule extends Partial<Rule> {
  /** Written without `neighbor <peer>`. */
  form: string;
}

/** Rules of peers in the order in which FRR writes the lines of one peer. */
const peers = (rules: PeerRule[]): Rule[] =>
  rules.map((rule, index) => ({
    set: needsPeer((act) => act.usual()),
    unset: needsPeer((act) => act.usual()),
    place: "neighbor",
    sort: (args: Args, _: string, around: Around) => [...order(args["peer"]!, around), index],
    ...rule,
    form: `neighbor <peer:peer> ${rule.form}`.trim(),
  }));

/** Keepalives come at least three to a hold time. */
function keepTimers(act: Act): void {
  const hold = Number(act.args["hold"]);
  const keepalive = Math.min(Number(act.args["keepalive"]), Math.floor(hold / 3));
  if (hold !== 0 && hold < 3) act.refuse("% hold time value must be either 0 or greater than 3");
  else act.keep({ text: `${act.key} ${keepalive} ${hold}` });
}

const seconds = "0-65535";
const processPeers = peers([
  { form: "", onlyNo: true, unset: removePeer },
  {
    form: "peer-group",
    set: join,
    unset: (act) => (isGroup(act.block, act.args["peer"]!) ? removePeer(act) : act.refuse("% Create the peer-group first")),
  },
  { form: "remote-as =(<asn:1-4294967295>|internal|external)", set: setRemoteAs, unset: removeRemoteAs, noTakes: "value" },
  { form: "peer-group =<group:word>", set: setGroup, unset: needsPeer(removePeer) },
  { form: "local-as =<asn:1-4294967295> =[no-prepend] =[replace-as]" },
  { form: "description =<description:line>" },
  { form: "shutdown =[message <message:line>]" },
  { form: "bfd" },
  { form: "password =<password:line>" },
  { form: "passive" },
  { form: "ebgp-multihop =[<hops:1-255>]", set: needsPeer((act) => act.keep({ text: `${act.key} ${act.args["hops"] ?? "255"}` })) },
  { form: "disable-connected-check" },
  { form: "update-source =(<address:ip>|<interface:ifname>)" },
  { form: `advertisement-interval =<seconds:${seconds}>` },
  { form: `timers =<keepalive:${seconds}> =<hold:${seconds}>`, set: needsPeer(keepTimers) },
  { form: "timers connect =<seconds:1-65535>" },
]);

function removeRemoteAs(act: Act): void {
  const peer = act.args["peer"]!;
  if (isGroup(act.block, peer)) act.drop(act.key);
  else removePeer(act);
}

/** A hidden truth of every peer: it shows only where it differs from what the process assumes. */
function activeShows(statement: Statement, { root, block }: Around): boolean {
  const bgp = bgpBlock(root);
  if (bgp?.statements.get(`neighbor ${statement.args["peer"]} peer-group`)?.args["group"] !== undefined) return false;
  const assumed = block.mode === "bgp-ipv4" && !bgp?.statements.has("bgp default ipv4-unicast");
  return statement.text.startsWith("no ") === assumed;
}

const filters = (word: string): PeerRule[] =>
  ["in", "out"].map((direction): PeerRule => ({
    form: `${word} =<list:word> ${direction}`,
    ...(word === "route-map" ? { set: needsPeer(bindMap) } : {}),
  }));

function bindMap(act: Act): void {
  const map = act.args["list"];
  const exists =
    map === undefined || [...act.root.statements.values()].some((one) => one.rule.mode === "route-map" && one.args["name"] === map);
  if (!exists) act.say(`The route-map '${map}' does not exist.`);
  act.keep();
}

const communities =
  (...kinds: string[]) =>
  (act: Act): void => {
    for (const kind of kinds) act.also(`${act.negative ? "no " : ""}neighbor ${act.args["peer"]} send-community${kind}`, act.block);
  };

/** Routes are only reflected to peers of the own AS. */
function reflect(act: Act): void {
  const bgp = bgpBlock(act.root)!;
  const peer = act.args["peer"]!;
  const group = bgp.statements.get(`neighbor ${peer} peer-group`)?.args["group"] ?? peer;
  const remote = (bgp.statements.get(`neighbor ${peer} remote-as`) ?? bgp.statements.get(`neighbor ${group} remote-as`))?.text
    .split(" ")
    .at(-1);
  const own = [...act.root.statements.values()].find((one) => one.child === bgp)?.args["asn"];
  if (remote === undefined || remote === own || remote === "internal") act.keep();
  else act.refuse("% Invalid command. Not an internal neighbor");
}

const familyPeers = peers([
  {
    form: "activate",
    toggle: "both",
    visible: activeShows,
  },
  { form: "addpath-tx-all-paths" },
  { form: "route-reflector-client", set: needsPeer(reflect) },
  { form: "next-hop-self", visible: ({ key }, { block }) => !block.statements.has(`${key} force`) },
  { form: "next-hop-self force" },
  { form: "remove-private-AS" },
  { form: "as-override" },
  { form: "route-server-client" },
  {
    form: "send-community both",
    set: needsPeer(communities("", " extended")),
    unset: needsPeer(communities("", " extended")),
  },
  {
    form: "send-community all",
    set: needsPeer(communities("", " extended", " large")),
    unset: needsPeer(communities("", " extended", " large")),
  },
  { form: "send-community", toggle: "on" },
  { form: "send-community extended", toggle: "on" },
  { form: "send-community large", toggle: "on" },
  { form: "default-originate =[route-map <map:word>]" },
  { form: "soft-reconfiguration inbound" },
  { form: "maximum-prefix =<limit:1-4294967295> =[<threshold:1-100>] =[(warning-only|restart <minutes:1-65535>)]" },
  { form: "allowas-in =[<times:1-10>]", set: needsPeer((act) => act.keep({ text: act.text.replace(/ 3$/, "") })) },
  { form: "weight =<weight:0-65535>" },
  ...filters("distribute-list"),
  ...filters("prefix-list"),
  ...filters("filter-list"),
  ...filters("route-map"),
]);

const networks: Rule[] = [
  {
    form: "network <prefix:prefix> =[route-map <map:word>]",
    place: "network",
    sort: (args) => prefixOrder(args["prefix"]!),
    unset: (act) => {
      if (!act.drop(act.key)) act.refuse("% Can't find static route specified");
    },
  },
  {
    form: "network <address:ip> mask <mask:mask> =[route-map <map:word>]",
    set: (act) => act.pass(withLength(act), act.block),
    unset: (act) => act.pass(`no ${withLength(act)}`, act.block),
  },
  {
    form: "aggregate-address <prefix:prefix> =[as-set] =[summary-only]",
    place: "aggregate",
    sort: (args) => prefixOrder(args["prefix"]!),
    unset: (act) => {
      if (!act.drop(act.key)) act.refuse("% There is no aggregate-address configuration.");
    },
  },
  ...["kernel", "connected", "static", "rip", "ospf", "isis"].map((protocol): Rule => ({
    form: `redistribute ${protocol} =[metric <metric:0-4294967295>] =[route-map <list:word>]`,
    set: bindMap,
  })),
];

function withLength(act: Act): string {
  const { address, mask, map } = act.args;
  return `network ${address}/${maskLength(mask!)}${map === undefined ? "" : ` route-map ${map}`}`;
}

const paths: Rule[] = [
  { form: "maximum-paths =<paths:1-256>" },
  { form: "maximum-paths ibgp =<paths:1-256>" },
  { form: "distance bgp =<distances:numbers>", visible: ({ text }) => !text.endsWith(" 20 200 200") },
];

export const familyRules: Rule[] = [...networks, ...familyPeers, ...paths, { form: "exit-address-family", leaves: true }];

const networks6: Rule = { form: "network <prefix:prefix6> =[route-map <map:word>]", sort: (_, text) => [text] };
export const family6Rules: Rule[] = [networks6, ...familyRules.map((rule) => ({ ...rule }))];

/** At the level of the process the same commands mean IPv4 unicast. */
const intoFamily: Rule[] = [...networks, ...familyPeers, ...paths].map((rule) => {
  const pass = (act: Act): void => act.pass(`${act.negative ? "no " : ""}${act.text}`, family(act, act.block));
  return { form: rule.form, set: pass, unset: pass };
});

function restartGracefully(act: Act): void {
  act.usual();
  act.say("Graceful restart configuration changed, reset all peers to take effect");
}

function removeRouterId(act: Act): void {
  const { id } = act.args;
  if (id !== undefined && act.block.statements.get(act.key)?.args["id"] !== id) act.refuse("% BGP router-id doesn't match");
  else act.drop(act.key);
}

export const bgpRules: Rule[] = [
  { form: "bgp fast-external-failover", toggle: "on" },
  { form: "bgp router-id =<id:ip>", unset: removeRouterId },
  { form: "bgp log-neighbor-changes" },
  { form: "bgp always-compare-med" },
  { form: "bgp ebgp-requires-policy", toggle: "on" },
  { form: "bgp suppress-duplicates", toggle: "on" },
  { form: "bgp default ipv4-unicast", toggle: "on" },
  { form: "bgp default local-preference =<preference:0-4294967295>" },
  { form: "bgp cluster-id =<id:ip>" },
  { form: "bgp deterministic-med" },
  {
    form: "bgp graceful-restart",
    set: restartGracefully,
    unset: restartGracefully,
  },
  { form: "bgp graceful-shutdown" },
  { form: "bgp bestpath as-path multipath-relax" },
  { form: "bgp bestpath compare-routerid" },
  { form: "bgp network import-check", toggle: "on" },
  { form: "timers bgp =<keepalive:0-65535> =<hold:0-65535>", set: keepTimers },
  ...processPeers,
  ...intoFamily,
  { form: ipv4, no: [], mode: "bgp-ipv4" },
  { form: "address-family ipv6 unicast", mode: "bgp-ipv6" },
];
