/** What IOS knows of an interface. */
import type { Act } from "../config/act.ts";
import type { Around, Rule } from "../config/rules.ts";
import type { Block, Statement } from "../config/tree.ts";
import { ipNumber, ipText, maskLength, maskNumber } from "../grammar/values.ts";

interface Network {
  first: number;
  last: number;
  name: string;
}

function networkOf(address: string, mask: string, name: string): Network {
  const bits = ipNumber(mask)!;
  const first = (ipNumber(address)! & bits) >>> 0;
  return { first, last: (first | (~bits >>> 0)) >>> 0, name };
}

/** Networks that other interfaces have. */
function otherNetworks(act: Act): Network[] {
  return [...act.root.statements.values()].flatMap((one) => {
    if (one.rule.mode !== "interface" || one.child === act.block) return [];
    const addresses = [...one.child!.statements.values()].filter(
      (line) => line.args["address"] !== undefined && line.args["mask"] !== undefined,
    );
    return addresses.map((line) => networkOf(line.args["address"]!, line.args["mask"]!, one.args["interface"]!));
  });
}

function addressProblem(act: Act): string | undefined {
  const { address, mask } = act.args as { address: string; mask: string };
  const length = maskLength(mask)!;
  const host = (ipNumber(address)! & ~maskNumber(length)) >>> 0;
  const edge = length < 31 && (host === 0 || host === ~maskNumber(length) >>> 0);
  if (edge) return `Bad mask /${length} for address ${address}`;
  const own = networkOf(address, mask, "");
  const clash = otherNetworks(act).find((other) => own.first <= other.last && other.first <= own.last);
  return clash && `% ${ipText(own.first)} overlaps with ${clash.name}`;
}

function setAddress(act: Act): void {
  const problem = addressProblem(act);
  if (problem !== undefined) return act.refuse(problem);
  const secondary = act.text.endsWith(" secondary");
  act.keep(secondary ? { key: `ip address ${act.args["address"]}` } : { key: "ip address" });
}

function removeAddress(act: Act): void {
  const { address } = act.args;
  const primary = act.block.statements.get("ip address");
  const seconds = [...act.block.statements.keys()].filter((key) => key.startsWith("ip address "));
  if (address !== undefined && act.drop(`ip address ${address}`)) return;
  if (address !== undefined && primary?.args["address"] !== address) return act.refuse("% Invalid address");
  if (address !== undefined && seconds.length > 0) return act.refuse("Must delete secondary before deleting primary");
  for (const key of seconds) act.drop(key);
  act.keep({ key: "ip address", text: "no ip address", args: {} });
}

/** A port that only switches has no word about addresses, and one with a second address is not said to have none. */
const routed = ({ text }: Statement, { block }: Around): boolean =>
  !isSwitched(block) && (text !== "no ip address" || ![...block.statements.keys()].some((key) => key.startsWith("ip address ")));

const isSwitched = (block: Block): boolean =>
  [...block.statements.keys()].some((key) => key === "switchport" || key.startsWith("switchport "));

const address: Rule[] = [
  {
    form: "ip address <address:ip> <mask:mask> secondary",
    place: "address",
    sort: (_, text) => [text.endsWith("secondary") ? 0 : 1],
    set: setAddress,
    unset: removeAddress,
  },
  {
    form: "ip address <address:ip> <mask:mask>",
    no: ["ip address"],
    place: "address",
    sort: () => [1],
    visible: routed,
    set: setAddress,
    unset: removeAddress,
  },
  { form: "ip address dhcp", place: "address", key: () => "ip address", visible: routed, unset: removeAddress },
];

const ospf: Rule[] = [
  { form: "ip ospf authentication =[(message-digest|null)]" },
  { form: "ip ospf message-digest-key <key:1-255> =md5 =[(0|7)] =<secret>" },
  { form: "ip ospf network =(broadcast|non-broadcast|point-to-multipoint|point-to-point)" },
  { form: "ip ospf dead-interval =<seconds:1-65535>" },
  { form: "ip ospf hello-interval =<seconds:1-65535>", visible: ({ text }) => text !== "ip ospf hello-interval 10" },
  { form: "ip ospf retransmit-interval =<seconds:1-65535>" },
  { form: "ip ospf priority =<priority:0-255>", visible: ({ text }) => text !== "ip ospf priority 1" },
  { form: "ip ospf mtu-ignore" },
  { form: "ip ospf <process:1-65535> area =<area:area>", key: () => "ip ospf area" },
  { form: "ip ospf cost =<cost:1-65535>" },
];

const switching: Rule[] = [
  { form: "switchport" },
  { form: "switchport access vlan =<vlan:1-4094>" },
  { form: "switchport trunk native vlan =<vlan:1-4094>" },
  { form: "switchport trunk allowed vlan =<vlans:vlans>" },
  { form: "switchport trunk encapsulation =dot1q" },
  { form: "switchport mode =(access|trunk)" },
  { form: "switchport nonegotiate" },
];

export const interfaceRules: Rule[] = [
  { form: "description =<description:line>" },
  ...switching,
  { form: "encapsulation dot1Q =<vlan:1-4094> =[native]" },
  { form: "mtu =<bytes:64-18000>" },
  { form: "bandwidth =<kilobits:1-100000000>" },
  { form: "delay =<tens:1-16777215>" },
  ...address,
  { form: "ip mtu =<bytes:68-18000>" },
  { form: "ip redirects", toggle: "on" },
  { form: "ip unreachables", toggle: "on" },
  { form: "ip proxy-arp", toggle: "on" },
  { form: "ip helper-address <helper:ip>" },
  { form: "ip access-group =<list:list> (in|out)" },
  { form: "ip nat (inside|outside)" },
  { form: "ip tcp adjust-mss =<bytes:500-1460>" },
  ...ospf,
  { form: "ipv6 address <address:prefix6>" },
  { form: "ipv6 enable" },
  { form: "load-interval =<seconds:30-600>" },
  { form: "carrier-delay =[msec] =<delay:0-60000>" },
  { form: "tunnel source =<source:word>" },
  { form: "tunnel destination =<destination:ip>" },
  { form: "channel-group =<group:1-64> =mode =(active|passive|on)" },
  { form: "spanning-tree portfast =[trunk]" },
  { form: "cdp enable", toggle: "on" },
  { form: "lldp transmit", toggle: "on" },
  { form: "lldp receive", toggle: "on" },
  { form: "keepalive", toggle: "on" },
  { form: "shutdown" },
  { form: "speed =(10|100|1000|auto)", visible: ({ text }) => text !== "speed auto" },
  { form: "duplex =(full|half|auto)", visible: ({ text }) => text !== "duplex auto" },
  { form: "negotiation auto" },
  { form: "mop enabled", toggle: "on" },
  { form: "service-policy (input|output) =<policy>" },
];
