/** For tests only: random IOS configurations that hang together, as fast-check arbitraries. */
import fc from "fast-check";

const entries = [
  "permit tcp any any eq 22",
  "permit tcp any any eq 443",
  "deny ip 10.0.0.0 0.255.255.255 any",
  "permit udp any any eq 53",
  "permit icmp any any",
  "deny ip any any",
];
const prefixes = ["permit 10.0.0.0/8 le 24", "deny 10.1.0.0/16", "permit 172.16.0.0/12", "deny 0.0.0.0/0 le 32"];

function some<T>(items: T[], maxLength = items.length): fc.Arbitrary<T[]> {
  return fc.subarray(items, { maxLength });
}

function inAnyOrder<T>(items: T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray(items, { minLength: 1 });
}

/** A choice to be made later, when it is known what there is to choose from. */
const choice = fc.option(fc.nat(50), { freq: 2 });

function pick(names: string[], at: number | null): string | undefined {
  return at === null || !names.length ? undefined : names[at % names.length];
}

const iface = fc.record({
  description: fc.option(fc.constantFrom("uplink", "to  the core", "spare")),
  address: fc.option(fc.nat(5)),
  wide: fc.boolean(),
  secondary: fc.option(fc.nat(3)),
  vrf: fc.option(fc.nat(5), { freq: 1 }),
  acl: choice,
  policy: choice,
  mtu: fc.option(fc.constantFrom(1500, 9000)),
  cost: fc.option(fc.constantFrom(10, 20)),
  shutdown: fc.constantFrom("shutdown", "no shutdown", ""),
});

const peer = fc.record({
  as: fc.constantFrom(65001, 65002),
  group: choice,
  description: fc.boolean(),
  password: fc.option(fc.constantFrom("7 0822455D0A16", "hunter2")),
  map: choice,
  way: fc.constantFrom("in", "out"),
  active: fc.boolean(),
});

const clause = fc.record({
  action: fc.constantFrom("permit", "deny"),
  acl: choice,
  list: choice,
  metric: fc.option(fc.constantFrom(5, 10)),
  pair: fc.boolean(),
});

const parts = fc.record({
  hostname: fc.constantFrom("r1", "r2"),
  banner: fc.option(fc.constantFrom("Keep out", "Keep out\n of here ! now\n")),
  vrfs: some(["RED", "BLUE"]),
  vlans: some(["10", "20", "30"]),
  acls: fc.dictionary(fc.constantFrom("EDGE", "MGMT", "CORE"), inAnyOrder(entries), { maxKeys: 3 }),
  numbered: fc.boolean(),
  lists: fc.dictionary(fc.constantFrom("PL1", "PL2"), inAnyOrder(prefixes), { maxKeys: 2 }),
  maps: fc.dictionary(fc.constantFrom("RM1", "RM2", "RM3"), fc.array(clause, { minLength: 1, maxLength: 3 }), { maxKeys: 3 }),
  classes: some(["VOICE", "VIDEO", "BULK"]),
  policies: fc.dictionary(fc.constantFrom("QOS1", "QOS2"), fc.shuffledSubarray(["VOICE", "VIDEO", "BULK"]), { maxKeys: 2 }),
  rate: fc.constantFrom(10, 20),
  interfaces: fc.dictionary(
    fc.constantFrom("GigabitEthernet0/1", "GigabitEthernet0/2", "GigabitEthernet0/3", "Loopback0", "Vlan10"),
    iface,
    { maxKeys: 5 },
  ),
  as: fc.option(fc.constantFrom(65000, 65000, 65010)),
  groups: fc.dictionary(fc.constantFrom("PG1", "PG2"), fc.option(fc.constantFrom(65001, 65002)), { maxKeys: 2 }),
  peers: fc.dictionary(fc.constantFrom("10.0.0.2", "10.0.0.3", "10.0.0.4"), peer, { maxKeys: 3 }),
  networks: fc.dictionary(fc.constantFrom("10.0.0.0 0.0.255.255", "10.1.0.0 0.0.255.255"), fc.constantFrom(0, 1), { maxKeys: 2 }),
  ospf: fc.boolean(),
  routes: fc.dictionary(
    fc.constantFrom("10.9.0.0 255.255.0.0 10.0.0.9", "10.9.0.0 255.255.0.0 10.0.0.8", "0.0.0.0 0.0.0.0 10.0.0.1"),
    fc.constantFrom("", " 200", " 200 name far"),
    {
      maxKeys: 3,
    },
  ),
  users: fc.dictionary(fc.constantFrom("admin", "noc"), fc.constantFrom("secret 9 $9$aaaa", "secret 9 $9$bbbb"), { maxKeys: 2 }),
  loggers: some(["10.0.0.50", "10.0.0.51"]),
  line: fc.record({ acl: choice, timeout: fc.constantFrom("5 0", "9 0"), login: fc.constantFrom("login", "login local") }),
});
type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

function interfaceLines(told: Parts, names: string[], index: number, one: Parts["interfaces"][string]): string[] {
  const acl = pick(Object.keys(told.acls), one.acl);
  const policy = pick(names, one.policy);
  const vrf = pick(told.vrfs, one.vrf);
  const net = one.address === null ? undefined : (one.address + index) % 6;
  return [
    ...(one.description === null ? [] : [`description ${one.description}`]),
    ...(vrf === undefined ? [] : [`vrf forwarding ${vrf}`]),
    ...(net === undefined ? ["no ip address"] : [`ip address 10.${net}.${index}.1 255.255.${one.wide ? "255.0" : "255.128"}`]),
    ...(net !== undefined && one.secondary !== null ? [`ip address 10.${10 + one.secondary}.${index}.1 255.255.255.0 secondary`] : []),
    ...(acl === undefined ? [] : [`ip access-group ${acl} in`]),
    ...(policy === undefined ? [] : [`service-policy output ${policy}`]),
    ...(one.mtu === null ? [] : [`mtu ${one.mtu}`]),
    ...(one.cost === null ? [] : [`ip ospf cost ${one.cost}`]),
    ...(one.shutdown === "" ? [] : [one.shutdown]),
  ];
}

function bgpLines(told: Parts): string[] {
  const groups = Object.entries(told.groups);
  const maps = Object.keys(told.maps);
  const family: string[] = [];
  const lines = groups.flatMap(([name, as]) => [
    `neighbor ${name} peer-group`,
    ...(as === null ? [] : [`neighbor ${name} remote-as ${as}`]),
  ]);
  for (const [name, one] of Object.entries(told.peers)) {
    const group = pick(Object.keys(told.groups), one.group);
    if (group === undefined || told.groups[group] === null) lines.push(`neighbor ${name} remote-as ${one.as}`);
    if (group !== undefined) lines.push(`neighbor ${name} peer-group ${group}`);
    if (one.description) lines.push(`neighbor ${name} description peer ${name}`);
    if (one.password !== null) lines.push(`neighbor ${name} password ${one.password}`);
    if (one.active) family.push(`neighbor ${name} activate`);
    const map = pick(maps, one.map);
    if (map !== undefined) family.push(`neighbor ${name} route-map ${map} ${one.way}`);
  }
  return [...lines, ...(family.length ? ["address-family ipv4", ...family.map((line) => ` ${line}`), "exit-address-family"] : [])];
}

function mapClauses(told: Parts): [string, string[]][] {
  const [acls, lists] = [Object.keys(told.acls), Object.keys(told.lists)];
  return Object.entries(told.maps).flatMap(([name, clauses]) =>
    clauses.map((one, at): [string, string[]] => {
      const acl = pick(acls, one.acl);
      const list = pick(lists, one.list);
      const match =
        list !== undefined
          ? [`match ip address prefix-list ${one.pair ? lists.join(" ") : list}`]
          : acl === undefined
            ? []
            : [`match ip address ${acl}`];
      return [`route-map ${name} ${one.action} ${(at + 1) * 10}`, [...match, ...(one.metric === null ? [] : [`set metric ${one.metric}`])]];
    }),
  );
}

/** Sections as header and lines; lines of the top level as headers without lines. */
function sectionsOf(told: Parts): [string, string[]][] {
  const policies = Object.entries(told.policies).filter(([, used]) => used.every((name) => told.classes.includes(name)));
  const acls = Object.entries(told.acls);
  const vty = pick(Object.keys(told.acls), told.line.acl);
  return [
    [`hostname ${told.hostname}`, []],
    ...(told.banner === null ? [] : [[`banner motd ^C${told.banner}^C`, []] as [string, string[]]]),
    ...told.vrfs.map((name): [string, string[]] => [`vrf definition ${name}`, [`rd 65000:${name.length}`]]),
    ...told.vlans.map((id): [string, string[]] => [`vlan ${id}`, [`name V${id}`]]),
    ...acls.map(([name, lines]): [string, string[]] => [
      `ip access-list extended ${name}`,
      lines.map((line, at) => (told.numbered ? `${(at + 1) * 10} ${line}` : line)),
    ]),
    ...Object.entries(told.lists).flatMap(([name, rules]) =>
      rules.map((rule, at): [string, string[]] => [`ip prefix-list ${name} seq ${(at + 1) * 5} ${rule}`, []]),
    ),
    ...mapClauses(told),
    ...told.classes.map((name): [string, string[]] => [`class-map match-any ${name}`, [`match dscp ${name.length}`]]),
    ...policies.map(([name, used]): [string, string[]] => [
      `policy-map ${name}`,
      [...used, "class-default"].flatMap((one) => [`class ${one}`, ` bandwidth percent ${told.rate}`]),
    ]),
    ...Object.entries(told.interfaces).map(([name, one], at): [string, string[]] => [
      `interface ${name}`,
      interfaceLines(
        told,
        policies.map(([policy]) => policy),
        at,
        one,
      ),
    ]),
    ...(told.as === null ? [] : [[`router bgp ${told.as}`, bgpLines(told)] as [string, string[]]]),
    ...(told.ospf
      ? [["router ospf 1", Object.entries(told.networks).map(([network, area]) => `network ${network} area ${area}`)] as [string, string[]]]
      : []),
    ...Object.entries(told.routes).map(([route, rest]): [string, string[]] => [`ip route ${route}${rest}`, []]),
    ...Object.entries(told.users).map(([name, secret]): [string, string[]] => [`username ${name} ${secret}`, []]),
    ...told.loggers.map((host): [string, string[]] => [`logging host ${host}`, []]),
    ["line vty 0 4", [`exec-timeout ${told.line.timeout}`, told.line.login, ...(vty === undefined ? [] : [`access-class ${vty} in`])]],
  ];
}

/** A whole configuration, its sections in any order. */
export const iosConfig: fc.Arbitrary<string> = parts
  .chain((told) => {
    const sections = sectionsOf(told);
    return fc.shuffledSubarray(sections, { minLength: sections.length, maxLength: sections.length });
  })
  .map((sections) => `${sections.map(([header, lines]) => [header, ...lines.map((line) => ` ${line}`)].join("\n")).join("\n!\n")}\n`);

/** The same configuration as another hand would write it: comments, blanks, line ends, noise, shuffled interfaces. */
export function otherHand(text: string): string {
  const banner = text.includes("banner ");
  const lines = text.split("\n").map((line) => (banner ? line : `${line}  `));
  const body = lines.join(banner ? "\n" : "\r\n");
  return `Building configuration...\n\nCurrent configuration : ${text.length} bytes\n!\n! Last configuration change at 10:00:00\nversion 15.2\n${body}\nend\n`;
}
