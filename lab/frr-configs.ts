/** Random FRR configurations of the kind that people write: spelling, order and defaults vary, what they mean is valid. */

/** A small seeded generator (mulberry32); the same seed gives the same configurations. */
export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
  upTo(count: number): number {
    return Math.floor(this.next() * count);
  }
  odds(chance: number): boolean {
    return this.next() < chance;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.upTo(items.length)]!;
  }
  some<T>(items: readonly T[], chance: number): T[] {
    return items.filter(() => this.odds(chance));
  }
  shuffle<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, at: this.next() }))
      .sort((one, other) => one.at - other.at)
      .map(({ item }) => item);
  }
}

const interfaces = ["eth0", "eth1", "eth2", "eth3", "lo"];
const unnumbered = ["eth1", "eth2"];
const prefixLists = ["PL1", "PL2", "PL3"];
const accessLists = ["AC1", "AC2", "10", "101"];
const routeMaps = ["RM1", "RM2", "RM3"];
const asPaths = ["AS1", "AS2"];
const communityLists = ["CL1", "CL2"];

/** What may be referred to. */
interface Names {
  prefixLists: string[];
  accessLists: string[];
  routeMaps: string[];
  asPaths: string[];
  communityLists: string[];
}

function block(header: string, lines: string[], exit = "exit"): string[] {
  return [header, ...lines.map((line) => ` ${line}`), exit, "!"];
}

function maybe(dice: Dice, chance: number, line: () => string): string[] {
  return dice.odds(chance) ? [line()] : [];
}

function interfaceBlock(dice: Dice, name: string, ospfHere: boolean): string[] {
  const index = interfaces.indexOf(name);
  const lines = [
    ...maybe(dice, 0.5, () => `description ${dice.pick(["uplink", "to the core", "spare port", "customer 7"])}`),
    // Not /30 where a neighbour may be unnumbered: FRR 8.4 takes the far address for the peer's, forgets it when the address
    // changes, and bgpd reads freed memory after the neighbour is gone (a crash of FRR, whoever types the commands).
    ...dice.some([1, 2, 3], 0.4).map((host) => `ip address 10.${index}.0.${host}/${unnumbered.includes(name) ? 24 : dice.pick([24, 30])}`),
    ...maybe(dice, 0.3, () => `ipv6 address 2001:${dice.pick(["DB8", "db8"])}:${index}::${dice.upTo(3) + 1}/64`),
    ...maybe(dice, 0.1, () => dice.pick(["shutdown", "no shutdown"])),
    ...maybe(dice, 0.15, () => `bandwidth ${dice.pick([1000, 10_000])}`),
    ...maybe(dice, 0.4, () => `ip ospf cost ${dice.pick([10, 20, 100])}`),
    ...maybe(dice, 0.3, () => `ip ospf hello-interval ${dice.pick([1, 5, 10])}`),
    ...maybe(dice, 0.3, () => `ip ospf dead-interval ${dice.pick([4, 20, 40])}`),
    ...(name === "lo" ? [] : maybe(dice, 0.2, () => `ip ospf network ${dice.pick(["point-to-point", "broadcast"])}`)),
    ...maybe(dice, 0.2, () => `ip ospf priority ${dice.pick([0, 1, 7])}`),
    ...maybe(dice, 0.2, () => "ip ospf authentication message-digest"),
    ...maybe(dice, 0.2, () => `ip ospf message-digest-key 1 md5 ${dice.pick(["s3cret", "other"])}`),
    ...maybe(dice, 0.1, () => "ip ospf bfd"),
    ...maybe(dice, 0.3, () => dice.pick(["ip ospf passive", "no ip ospf passive"])),
    ...(ospfHere ? maybe(dice, 0.7, () => `ip ospf area ${dice.pick(["0", "0.0.0.0", "1", "2"])}`) : []),
  ];
  return block(`interface ${name}`, dice.shuffle(lines));
}

function staticRoutes(dice: Dice): string[] {
  const prefixes = ["10.50.0.0/16", "10.51.0.0/16", "10.52.3.4/24", "0.0.0.0/0", "192.168.0.0/16"];
  return dice.some(prefixes, 0.5).flatMap((prefix) => {
    if (dice.odds(0.15)) return [`ip route ${prefix} ${dice.pick(["Null0", "null0", "blackhole", "reject"])}`];
    const hops = dice.some(["10.0.0.9", "10.1.0.9", "10.2.0.9 eth2", "eth3"], 0.5);
    const tag = dice.odds(0.3) ? ` tag ${dice.pick([5, 6])}` : "";
    const distance = dice.odds(0.3) ? ` ${dice.pick([30, 200])}` : "";
    return hops.map((hop) => `ip route ${prefix} ${hop}${dice.odds(0.5) ? distance + tag : tag + distance}`);
  });
}

/** Routes of IPv6 and of a VRF, in either spelling. */
function otherRoutes(dice: Dice): string[] {
  const vrf = dice.some(["10.70.0.0/16 10.9.9.1", "10.71.0.0/16 Null0"], 0.3);
  return [
    ...dice
      .some(["2001:DB8:50::/48 2001:db8::9", "2001:db8:51::/48 fe80::9 eth0", "2001:db8:52::/48 Null0"], 0.3)
      .map((route) => `ipv6 route ${route}`),
    ...(dice.odds(0.5)
      ? vrf.map((route) => `ip route ${route} vrf RED`)
      : vrf.length
        ? block(
            "vrf RED",
            vrf.map((route) => `ip route ${route}`),
            "exit-vrf",
          )
        : []),
  ];
}

/** A numbered list, with or without its numbers written. */
function numbered(dice: Dice, start: string, rules: string[]): string[] {
  const chosen = dice.shuffle(dice.some(rules, 0.5));
  const written = dice.odds(0.6);
  let seq = 0;
  return (chosen.length ? chosen : rules.slice(0, 1)).map((rule) => {
    seq += dice.pick([5, 5, 5, 10, 3]);
    return written ? `${start} seq ${seq} ${rule}` : `${start} ${rule}`;
  });
}

function lists(dice: Dice, names: Names): string[] {
  const prefixRules = [
    "permit 10.0.0.0/8 le 24",
    "deny 10.1.2.3/16",
    "permit 172.16.0.0/12 ge 16 le 24",
    "permit any",
    "deny 192.168.0.0/16 le 32",
  ];
  const zebraRules = ["permit 10.0.0.0/8", "deny 10.1.0.0/16", "permit 192.168.0.0/16 exact-match", "permit any"];
  const numberRules = ["permit 10.0.0.0 0.0.0.255", "deny 10.1.0.0 0.0.255.255", "permit any"];
  const extendedRules = ["permit ip 10.0.0.0 0.0.0.255 any", "deny ip any 10.3.0.0 0.0.255.255", "permit ip any any"];
  return [
    ...names.prefixLists.flatMap((name) => numbered(dice, `ip prefix-list ${name}`, prefixRules)),
    ...names.accessLists.flatMap((name) =>
      numbered(dice, `access-list ${name}`, name === "10" ? numberRules : name === "101" ? extendedRules : zebraRules),
    ),
    ...(dice.odds(0.3) ? numbered(dice, "ipv6 prefix-list PL6", ["permit 2001:DB8::/32 le 64", "deny 2001:db8:1::/48", "permit any"]) : []),
    ...names.accessLists.flatMap((name) => maybe(dice, 0.2, () => `access-list ${name} remark ${dice.pick(["who may", "look here"])}`)),
    ...names.asPaths.flatMap((name) => numbered(dice, `bgp as-path access-list ${name}`, ["permit ^65001_", "deny _65009$", "permit .*"])),
    ...names.communityLists.flatMap((name) => {
      const standard = dice.odds(0.7);
      const rules = standard ? ["permit 65000:1 65000:2", "deny 65000:3", "permit no-export"] : ["permit 65000:.*", "deny 65001:.*"];
      return numbered(dice, `bgp community-list ${standard ? "standard" : "expanded"} ${name}`, rules);
    }),
  ];
}

function routeMap(dice: Dice, name: string, names: Names): string[] {
  const others = names.routeMaps.filter((other) => other > name);
  return dice.some([10, 20, 30], 0.45).flatMap((seq) => {
    const action = dice.pick(["permit", "permit", "deny"]);
    const lines = [
      ...maybe(dice, 0.3, () => `description ${dice.pick(["first", "second one"])}`),
      ...(names.prefixLists.length ? maybe(dice, 0.4, () => `match ip address prefix-list ${dice.pick(names.prefixLists)}`) : []),
      ...(names.accessLists.length ? maybe(dice, 0.3, () => `match ip address ${dice.pick(names.accessLists)}`) : []),
      ...(names.asPaths.length ? maybe(dice, 0.3, () => `match as-path ${dice.pick(names.asPaths)}`) : []),
      ...(names.communityLists.length
        ? maybe(dice, 0.3, () => `match community ${dice.pick(names.communityLists)}${dice.odds(0.3) ? " exact-match" : ""}`)
        : []),
      ...maybe(dice, 0.2, () => `match tag ${dice.pick([5, 6])}`),
      ...maybe(dice, 0.3, () => `set metric ${dice.pick([10, 20])}`),
      ...maybe(dice, 0.3, () => `set local-preference ${dice.pick([100, 200])}`),
      ...maybe(dice, 0.3, () => `set community ${dice.pick(["65000:5 65000:1", "65000:1 no-export", "65000:7 additive", "none"])}`),
      ...maybe(dice, 0.2, () => `set as-path prepend ${dice.pick(["65000", "65000 65000"])}`),
      ...maybe(dice, 0.2, () => `set ip next-hop ${dice.pick(["10.0.0.5", "peer-address"])}`),
      ...(action === "permit" ? maybe(dice, 0.3, () => dice.pick(["on-match next", `on-match goto ${seq + 10}`])) : []),
      ...(others.length ? maybe(dice, 0.2, () => `call ${dice.pick(others)}`) : []),
    ];
    return block(`route-map ${name} ${action} ${seq}`, dice.shuffle(lines));
  });
}

function ospf(dice: Dice, byNetwork: boolean, names: Names): string[] {
  const networks = byNetwork ? dice.some(["10.0.0.0/16", "10.1.0.0/16", "10.2.1.7/24", "192.168.0.0/16"], 0.6) : [];
  const policy = (): string => (names.routeMaps.length && dice.odds(0.4) ? ` route-map ${dice.pick(names.routeMaps)}` : "");
  const metric = (): string => (dice.odds(0.4) ? ` metric ${dice.pick([10, 20])}` : "");
  return block(
    "router ospf",
    dice.shuffle([
      ...maybe(dice, 0.4, () => "passive-interface default"),
      ...maybe(dice, 0.7, () => `ospf router-id 1.1.1.${dice.upTo(3) + 1}`),
      ...networks.map((network) => `network ${network} area ${dice.pick(["0", "0.0.0.0", "1", "2"])}`),
      ...maybe(dice, 0.3, () => `redistribute connected${policy()}`),
      ...maybe(dice, 0.4, () => `redistribute static${dice.odds(0.5) ? metric() + policy() : policy() + metric()}`),
      ...maybe(dice, 0.3, () => `default-information originate${dice.pick(["", " always", " metric 5 always"])}`),
      ...maybe(dice, 0.3, () => `log-adjacency-changes${dice.pick(["", " detail"])}`),
      ...maybe(dice, 0.2, () => "timers throttle spf 10 100 5000"),
      ...maybe(dice, 0.3, () => `auto-cost reference-bandwidth ${dice.pick([1000, 10_000])}`),

      ...maybe(dice, 0.2, () => `maximum-paths ${dice.pick([2, 4])}`),
      ...maybe(dice, 0.2, () => `distance ${dice.pick([100, 120])}`),
      ...maybe(dice, 0.3, () => `area 1 ${dice.pick(["stub", "stub no-summary", "nssa"])}`),
      ...maybe(dice, 0.2, () => `area 2 range 10.2.0.0/16${dice.pick(["", " not-advertise", " cost 5"])}`),
      ...maybe(dice, 0.2, () => `area 0 authentication${dice.pick(["", " message-digest"])}`),
      ...(names.accessLists.includes("AC1") ? maybe(dice, 0.2, () => "distribute-list AC1 out static") : []),
    ]),
  );
}

interface Peer {
  name: string;
  lines: string[];
  family: string[];
  plain: boolean;
}

function attributes(dice: Dice, name: string): string[] {
  return dice.shuffle([
    ...maybe(dice, 0.3, () => `neighbor ${name} description ${dice.pick(["transit", "peer of ours"])}`),
    ...maybe(dice, 0.2, () => `neighbor ${name} password ${dice.pick(["s3cret", "n3w"])}`),
    ...maybe(dice, 0.2, () => `neighbor ${name} timers ${dice.pick(["3 9", "10 30"])}`),
    ...maybe(dice, 0.15, () => `neighbor ${name} timers connect ${dice.pick([5, 10])}`),
    ...maybe(dice, 0.2, () => `neighbor ${name} bfd`),
    ...maybe(dice, 0.1, () => `neighbor ${name} shutdown`),
    ...maybe(dice, 0.1, () => `neighbor ${name} passive`),
    ...(name.startsWith("eth") ? [] : maybe(dice, 0.1, () => `neighbor ${name} update-source ${dice.pick(["lo", "eth0"])}`)),
    ...maybe(dice, 0.1, () => `neighbor ${name} advertisement-interval ${dice.pick([5, 10])}`),
  ]);
}

function policies(dice: Dice, name: string, names: Names): string[] {
  const way = (): string => dice.pick(["in", "out"]);
  return dice.shuffle([
    ...(names.routeMaps.length ? maybe(dice, 0.4, () => `neighbor ${name} route-map ${dice.pick(names.routeMaps)} ${way()}`) : []),
    ...(names.prefixLists.length ? maybe(dice, 0.3, () => `neighbor ${name} prefix-list ${dice.pick(names.prefixLists)} ${way()}`) : []),
    ...(names.asPaths.length ? maybe(dice, 0.2, () => `neighbor ${name} filter-list ${dice.pick(names.asPaths)} ${way()}`) : []),
    ...maybe(dice, 0.2, () => `neighbor ${name} next-hop-self${dice.pick(["", " force"])}`),
    ...maybe(dice, 0.2, () => `neighbor ${name} soft-reconfiguration inbound`),
    ...maybe(dice, 0.2, () => `neighbor ${name} maximum-prefix ${dice.pick(["100", "100 75", "200 80 warning-only"])}`),
    ...maybe(dice, 0.1, () => `neighbor ${name} allowas-in${dice.pick(["", " 3", " 5"])}`),
    ...maybe(dice, 0.1, () => `neighbor ${name} default-originate`),
    ...maybe(dice, 0.1, () => `neighbor ${name} weight ${dice.pick([10, 20])}`),
    ...maybe(dice, 0.1, () =>
      dice.pick([`neighbor ${name} send-community`, `no neighbor ${name} send-community`, `no neighbor ${name} send-community all`]),
    ),
  ]);
}

function peers(dice: Dice, names: Names): Peer[] {
  const made: Peer[] = [];
  const groupAs = new Map<string, boolean>();
  for (const name of dice.some(["PG1", "PG2"], 0.6)) {
    const hasAs = dice.odds(0.6);
    groupAs.set(name, hasAs);
    const lines = [
      `neighbor ${name} peer-group`,
      ...(hasAs ? [`neighbor ${name} remote-as ${dice.pick(["65001", "65002", "external"])}`] : []),
      ...attributes(dice, name),
    ];
    made.push({ name, lines, family: policies(dice, name, names), plain: true });
  }
  const groupNames = [...groupAs.keys()];
  for (const name of dice.some(["10.0.0.21", "10.0.0.22", "10.1.0.23", "2001:DB8::24"], 0.5)) {
    const group = groupNames.length && dice.odds(0.5) ? dice.pick(groupNames) : undefined;
    const own = group === undefined || !groupAs.get(group) ? [`neighbor ${name} remote-as ${dice.pick(["65001", "65002"])}`] : [];
    const lines = [...own, ...(group === undefined ? [] : [`neighbor ${name} peer-group ${group}`]), ...attributes(dice, name)];
    made.push({ name, lines, family: group === undefined ? policies(dice, name, names) : [], plain: group === undefined });
  }
  for (const name of dice.some(unnumbered, 0.4)) {
    const usable = groupNames.filter((group) => groupAs.get(group));
    const group = usable.length && dice.odds(0.4) ? dice.pick(usable) : undefined;
    const only = dice.odds(0.3) ? " v6only" : "";
    const start =
      group === undefined
        ? `neighbor ${name} interface${only} remote-as ${dice.pick(["external", "65001"])}`
        : `neighbor ${name} interface${only} peer-group ${group}`;
    made.push({ name, lines: [start, ...attributes(dice, name)], family: [], plain: group === undefined });
  }
  return made;
}

function bgp(dice: Dice, names: Names): string[] {
  const chosen = peers(dice, names);
  const byHand = dice.odds(0.4);
  const redistribute = (): string =>
    `redistribute static${dice.odds(0.5) ? " metric 5" : ""}${names.routeMaps.length && dice.odds(0.5) ? ` route-map ${dice.pick(names.routeMaps)}` : ""}`;
  const activation = chosen.flatMap(({ name, plain }) => {
    if (!plain && dice.odds(0.7)) return [];
    return byHand
      ? maybe(dice, 0.7, () => `neighbor ${name} activate`)
      : maybe(dice, 0.2, () => `${dice.odds(0.5) ? "no " : ""}neighbor ${name} activate`);
  });
  const family4 = [
    ...dice.some(["network 10.60.0.0/16", "network 10.61.2.3/16", "network 10.62.0.0/24"], 0.5),
    ...maybe(dice, 0.4, redistribute),
    ...maybe(dice, 0.3, () => "redistribute connected"),
    ...maybe(dice, 0.2, () => `aggregate-address 10.60.0.0/14${dice.pick(["", " summary-only"])}`),
    ...maybe(dice, 0.3, () => `maximum-paths ${dice.pick([2, 4])}`),
    ...activation,
    ...chosen.flatMap(({ family }) => family),
  ];
  const family6 = [
    ...maybe(dice, 0.4, () => "network 2001:DB8:60::/48"),
    ...chosen.flatMap(({ name }) => maybe(dice, 0.3, () => `neighbor ${name} activate`)),
  ];
  const inner = [
    ...dice.shuffle([
      ...maybe(dice, 0.7, () => `bgp router-id 1.1.1.${dice.upTo(3) + 1}`),
      ...(byHand ? ["no bgp default ipv4-unicast"] : []),
      ...maybe(dice, 0.6, () => "no bgp ebgp-requires-policy"),
      ...maybe(dice, 0.4, () => "bgp log-neighbor-changes"),
      ...maybe(dice, 0.3, () => "bgp bestpath as-path multipath-relax"),
      ...maybe(dice, 0.3, () => `timers bgp ${dice.pick(["3 9", "60 180"])}`),
    ]),
    ...chosen.flatMap(({ lines }) => lines),
    ...chosen
      .filter(({ lines }) => lines[0]?.endsWith(" peer-group") && / remote-as /.test(lines[1] ?? ""))
      .flatMap(({ name }) => maybe(dice, 0.3, () => `bgp listen range 10.${dice.pick([1, 2])}.0.0/16 peer-group ${name}`))
      .slice(0, 1),
    ...(family4.length ? ["address-family ipv4 unicast", ...family4.map((line) => ` ${line}`), "exit-address-family"] : []),
    ...(family6.length ? ["address-family ipv6 unicast", ...family6.map((line) => ` ${line}`), "exit-address-family"] : []),
  ];
  const instance = dice.pick(["65000", "65000", "65000", "65010"]);
  const red = [
    "neighbor 10.9.9.9 remote-as 65100",
    ...maybe(dice, 0.5, () => "bgp router-id 2.2.2.2"),
    "address-family ipv4 unicast",
    " redistribute static",
    "exit-address-family",
  ];
  return [...block(`router bgp ${instance}`, inner), ...(dice.odds(0.2) ? block(`router bgp ${instance} vrf RED`, red) : [])];
}

/** One whole configuration. */
export function randomConfig(dice: Dice): string {
  const names: Names = {
    prefixLists: dice.some(prefixLists, 0.5),
    accessLists: dice.some(accessLists, 0.5),
    routeMaps: [],
    asPaths: dice.some(asPaths, 0.5),
    communityLists: dice.some(communityLists, 0.5),
  };
  const wanted = dice.some(routeMaps, 0.5);
  const maps: string[] = [];
  for (const name of [...wanted].reverse()) {
    const lines = routeMap(dice, name, names);
    if (!lines.length) continue;
    names.routeMaps.push(name);
    maps.push(...lines);
  }
  const hasOspf = dice.odds(0.7);
  const byNetwork = dice.odds(0.5);
  const parts = dice.shuffle([
    dice.some(interfaces, 0.45).flatMap((name) => interfaceBlock(dice, name, hasOspf && !byNetwork)),
    staticRoutes(dice),
    otherRoutes(dice),
    lists(dice, names),
    maps,
    hasOspf ? ospf(dice, byNetwork, names) : [],
    dice.odds(0.7) ? bgp(dice, names) : [],
  ]);
  return `! written by hand\n${parts.flat().join("\n")}\n`;
}
