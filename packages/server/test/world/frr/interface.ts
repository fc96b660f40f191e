/** What FRR knows of an interface. */
import type { Act } from "../config/act.ts";
import type { Rule } from "../config/rules.ts";
import type { Block, Statement } from "../config/tree.ts";

const line = (form: string, more: Partial<Rule> = {}): Rule => ({
  form,
  place: "lines",
  sort: (_, text) => [text],
  ...more,
});

/** Shows a setting only when it differs from what the daemon assumes. */
const unless = (text: string) => (statement: Statement) => statement.text !== text;

const ospfOf = (root: Block): Block | undefined => root.statements.get("router ospf")?.child;

function joinArea(act: Act): void {
  const networks = [...(ospfOf(act.root)?.statements.values() ?? [])].some((one) => one.rule.form.startsWith("network "));
  const area = act.block.statements.get(act.key)?.args["area"];
  if (area !== undefined && area !== act.args["area"]) act.refuse("Must remove previous area config before changing ospf area ");
  else if (networks) act.refuse("Please remove all network commands first.");
  else act.keep();
}

function leaveArea(act: Act): void {
  if (!act.drop(act.key)) act.refuse("Can't find specified interface area configuration.");
}

function setNetworkType(act: Act): void {
  const loopback = act.root.statements.get("interface lo")?.child === act.block;
  if (loopback) act.refuse("This is a loopback interface. Can't set network type.");
  else act.keep();
}

/** Passive, not passive, or as the process says; typing one over the other only leaves it to the process. */
function turnPassive(act: Act): void {
  const text = act.negative ? `no ${act.text}` : act.text;
  const kept = act.block.statements.get(act.key);
  if (kept && kept.text !== text) act.drop(act.key);
  else act.keep({ text });
}

function removeKey(act: Act): void {
  if (!act.drop(act.key)) act.refuse(`OSPF: Key ${act.args["key"]} does not exist`);
}

export const interfaceRules: Rule[] = [
  line("description =<description:line>", { noTakes: "no value" }),
  line("bandwidth =<megabits:1-100000>"),
  line("ip address <address:host-prefix>", { unset: removeAddress }),
  line("ipv6 address <address:prefix6>", { unset: removeAddress }),
  line("ip ospf area =<area:area>", { set: joinArea, unset: leaveArea }),
  line("ip ospf authentication =[message-digest]"),
  line("ip ospf bfd"),
  line("ip ospf cost =<cost:1-65535>"),
  line("ip ospf dead-interval =<seconds:1-65535>"),
  line("ip ospf hello-interval =<seconds:1-65535>", { visible: unless("ip ospf hello-interval 10") }),
  line("ip ospf message-digest-key <key:1-255> =md5 =<secret:word>", { unset: removeKey }),
  line("ip ospf mtu-ignore"),
  line("ip ospf network =(broadcast|non-broadcast|point-to-multipoint|point-to-point)", {
    set: setNetworkType,
    visible: unless("ip ospf network broadcast"),
  }),
  line("ip ospf passive", { set: turnPassive, unset: turnPassive }),
  line("ip ospf priority =<priority:0-255>", { visible: unless("ip ospf priority 1") }),
  line("ip ospf retransmit-interval =<seconds:3-65535>", { visible: unless("ip ospf retransmit-interval 5") }),
  line("link-detect", { toggle: "on" }),
  line("multicast"),
  line("shutdown"),
];

function removeAddress(act: Act): void {
  if (!act.drop(act.key)) act.refuse("% Can't find address");
}
