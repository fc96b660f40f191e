/** FRR's commands of the outermost mode. */
import type { Act } from "../config/act.ts";
import { together, type Rule } from "../config/rules.ts";
import { newestPasswordHash } from "../crypt.ts";
import type { Block } from "../config/tree.ts";
import { listRules } from "./lists.ts";
import { naturally, prefixOrder } from "./types.ts";

/** `password 8 …` only shows when passwords are kept encrypted; the host never shows the clear one again. */
function keepPassword(act: Act): void {
  const encrypted = act.root.statements.has("service password-encryption");
  const { clear } = act.args;
  act.keep(encrypted && clear !== undefined ? { text: `${act.key} 8 ${newestPasswordHash(clear)}` } : {});
}

function encryptPasswords(act: Act): void {
  act.keep();
  for (const one of act.root.statements.values()) {
    const { clear } = one.args;
    if (clear !== undefined && one.text === `${one.key} ${clear}`) one.text = `${one.key} 8 ${newestPasswordHash(clear)}`;
  }
}

const header: Rule[] = [
  // The version line is the device's own: it is accepted, and what is shown stays what the device is.
  { form: "frr version <version>", set: (act) => act.stay(), unset: (act) => act.misread() },
  { form: "frr defaults (traditional|datacenter)", set: (act) => act.stay(), unset: (act) => act.misread() },
  { form: "banner motd (default|line <text:line>|file <file>)", no: ["banner motd"], set: () => {}, unset: () => {} },
  ...together("system", [
    { form: "hostname =<name:hostname>" },
    { form: "log file =<file:word> =[<level:word>]" },
    { form: "log stdout =[<level:word>]" },
    { form: "log syslog =[<level:word>]" },
    { form: "log facility =<facility:word>" },
    { form: "log record-priority" },
    { form: "log timestamp precision =<digits:0-6>" },
    { form: "service advanced-vty" },
    { form: "service password-encryption", set: encryptPasswords },
    { form: "ip forwarding", toggle: "on" },
    { form: "ipv6 forwarding", toggle: "on" },
    { form: "log commands" },
    { form: "domainname =<name:hostname>" },
    { form: "service integrated-vtysh-config", toggle: "both" },
  ]),
  { form: "debug ospf (event|ism|nsm|lsa|packet|zebra)", group: () => "debug", sort: (_, text) => [text] },
  { form: "debug bgp (neighbor-events|keepalives|zebra|nht)", group: () => "debug", sort: (_, text) => [text] },
  ...together("password", [
    { form: "password =(8 <hash>|<clear>)", set: keepPassword },
    { form: "enable password =(8 <hash>|<clear>)", set: keepPassword },
  ]),
];

/** A route goes by its gateway; distance and tag are what it has. */
const via = "(<gateway:ip> [<interface:ifname>]|<blackhole:ifname>)";

function removeRoute(act: Act): void {
  if (!act.drop(act.key)) act.refuse("% Refusing to remove a non-existent route");
}

const isBlackhole = (gateway: string | undefined): boolean => /^(Null0|blackhole|reject)$/.test(gateway ?? "");

function addRoute(act: Act): void {
  const others = [...act.block.statements.values()].filter((one) => one.args["prefix"] === act.args["prefix"] && one.key !== act.key);
  const mixed = others.some((one) => isBlackhole(one.args["blackhole"]) !== isBlackhole(act.args["blackhole"]));
  if (mixed) act.refuse(`${validation}\nError description: Route cannot have blackhole and non-blackhole nexthops simultaneously`);
  else act.keep();
}

const routes: Rule[] = [
  {
    form: `ip route <prefix:prefix> ${via} =[tag <tag:1-4294967295>] =[<distance:1-255>]`,
    place: "ip route",
    sort: (args, text) => [...prefixOrder(args["prefix"]!), text],
    set: addRoute,
    unset: removeRoute,
  },
  {
    form: "ip route <network:ip> <mask:mask> (<gateway:ip> [<interface:ifname>]|<blackhole:ifname>) =[<distance:1-255>]",
    place: "ip route",
    set: (act) => act.pass(asPrefix(act.text), act.block),
    unset: (act) => act.pass(`no ${asPrefix(act.text)}`, act.block),
  },
  {
    form: "ipv6 route <prefix:prefix6> (<gateway:ip6> [<interface:ifname>]|<blackhole:ifname>) =[<distance:1-255>]",
    place: "ip route",
    sort: (_, text) => [Number.MAX_SAFE_INTEGER, text],
    unset: removeRoute,
  },
];

function asPrefix(text: string): string {
  const [ip, route, network = "", mask = "", ...rest] = text.split(" ");
  const bits = mask.split(".").map((part) => Number(part).toString(2).padStart(8, "0"));
  return [ip, route, `${network}/${bits.join("").replaceAll("0", "").length}`, ...rest].join(" ");
}

const validation = "% Configuration failed.\n\nError type: validation";

/** What only one routing daemon speaks of comes after what the host itself knows. */
const isOnlyOspf = (block: Block | undefined): boolean => [...(block?.statements.values() ?? [])].every((one) => / ospf /.test(one.text));

const blocks: Rule[] = [
  {
    form: "interface <interface:ifname>",
    mode: "interface",
    place: "interface",
    group: (args) => `interface ${args["interface"]}`,
    sort: (args, text, { block }) => [isOnlyOspf(block.statements.get(text)?.child) ? 1 : 0, ...naturally(args["interface"]!)],
    unset: (act) => {
      if (act.hardware.has(act.args["interface"]!)) act.refuse(`${validation}\nError description: only inactive interfaces can be deleted`);
      else act.drop(act.key);
    },
  },
  { form: "router bgp [<asn:1-4294967295>]", no: ["router bgp"], mode: "router-bgp", set: startBgp, unset: stopBgp },
  { form: "router ospf", mode: "router-ospf" },
];

function startBgp(act: Act): void {
  const running = [...act.block.statements.values()].find((one) => one.rule.mode === "router-bgp");
  if (running && act.args["asn"] === undefined) act.enter([{ mode: "router-bgp", key: running.key }]);
  else if (act.args["asn"] === undefined) act.refuse("% No BGP process is configured");
  else if (running && running.key !== act.key) act.refuse(`BGP is already running; AS is ${running.args["asn"]}`);
  else act.keep();
}

function stopBgp(act: Act): void {
  const running = [...act.block.statements.values()].find((one) => one.rule.mode === "router-bgp");
  if (!running && act.args["asn"] === undefined) act.refuse("% No BGP process is configured");
  else if (!running || (act.args["asn"] !== undefined && running.args["asn"] !== act.args["asn"])) act.refuse("% Can't find BGP instance");
  else act.drop(running.key);
}

const last: Rule[] = [
  {
    form: "route-map <name> (permit|deny) <seq:1-65535>",
    no: ["route-map <name>"],
    mode: "route-map",
    key: (args) => `route-map ${args["name"]} ${args["seq"]}`,
    place: "route-map",
    group: (args) => `route-map ${args["name"]} ${args["seq"]}`,
    sort: (args) => [Number(args["born"] ?? 0), Number(args["seq"])],
    set: (act) => {
      act.keep({ args: { ...act.args, born: entriesOf(act)[0]?.args["born"] ?? String(act.order) } });
    },
    unset: (act) => {
      for (const entry of entriesOf(act)) {
        if (act.args["seq"] === undefined || entry.args["seq"] === act.args["seq"]) act.drop(entry.key);
      }
    },
  },
  { form: "line vty", mode: "line-vty", unset: (act) => act.stay() },
];

const entriesOf = (act: Act) =>
  [...act.block.statements.values()].filter((one) => one.rule.mode === "route-map" && one.args["name"] === act.args["name"]);

export const globalRules: Rule[] = [...header, ...routes, ...blocks, ...listRules, ...last];

const alphabetical = (form: string, more: Partial<Rule> = {}): Rule => ({ form, place: "lines", sort: (_, text) => [text], ...more });

/** FRR shows the lines of a route map and of an interface by the alphabet. */
export const routeMapRules: Rule[] = [
  "match ip address prefix-list =<list:word>",
  "match ip address prefix-len =<length:0-32>",
  "match ip address =<list:word>",
  "match ip next-hop prefix-list =<list:word>",
  "match ipv6 address prefix-list =<list:word>",
  "match as-path =<list:word>",
  "match community =<list:word> =[exact-match]",
  "match interface =<interface:ifname>",
  "match local-preference =<preference:0-4294967295>",
  "match metric =<metric:0-4294967295>",
  "match origin =(igp|egp|incomplete)",
  "match peer =<peer:word>",
  "match source-protocol =<protocol:word>",
  "match tag =<tag:1-4294967295>",
  "set comm-list =<list:word> =delete",
  "set community =<communities:line>",
  "set ip next-hop =(<hop:ip>|peer-address|unchanged)",
  "set local-preference =<preference:metric>",
  "set metric =<metric:metric>",
  "set origin =(igp|egp|incomplete)",
  "set tag =<tag:1-4294967295>",
  "set weight =<weight:0-4294967295>",
  "continue <seq:1-65535>",
]
  .map((form) => alphabetical(form))
  .map((rule) => (rule.form.startsWith("continue") ? { ...rule, set: onMatchGoto } : rule))
  .concat([
    alphabetical("description =<description:line>", { noTakes: "no value" }),
    alphabetical("call =<map:word>", { set: call }),
    alphabetical("set as-path prepend =<path:numbers>", { noTakes: "no value" }),
    alphabetical("on-match =(next|goto <seq:1-65535>)", { key: () => "on-match", set: onMatch }),
  ]);

/** A map does not call itself. */
function call(act: Act): void {
  const entry = [...act.root.statements.values()].find((one) => one.child === act.block);
  if (entry?.args["name"] === act.args["map"]) act.refuse(validation);
  else act.keep();
}

/** Going on after a match makes no sense where the entry denies. */
function onMatch(act: Act): void {
  const entry = [...act.root.statements.values()].find((one) => one.child === act.block);
  if (entry?.text.includes(" deny ")) act.refuse(validation);
  else act.keep();
}

function onMatchGoto(act: Act): void {
  act.pass(`on-match goto ${act.args["seq"]}`, act.block);
}

export const vtyRules: Rule[] = [
  alphabetical("access-class =<list:word>"),
  alphabetical("exec-timeout =<minutes:0-35791> =[<seconds:0-2147483>]", { visible: ({ text }) => !/^exec-timeout 10( 0)?$/.test(text) }),
];
