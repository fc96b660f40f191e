/** IOS commands of the outermost mode that are not about routing. */
import type { Act } from "../config/act.ts";
import type { Rule } from "../config/rules.ts";
import { everyStatement } from "../config/tree.ts";
import { hideType7, scryptSecret } from "../crypt.ts";
import { interfaceOrder, isPhysical } from "./types.ts";

/** Secrets are hashed as they come in; a hash is taken as it is. */
function keepSecret(act: Act): void {
  const { clear, hash } = act.args;
  act.keep({ text: hash === undefined ? `${act.key} 9 ${scryptSecret(clear!)}` : act.text });
}

const encrypts = (act: Act): boolean => act.root.statements.has("service password-encryption");

function keepPassword(act: Act): void {
  const { clear } = act.args;
  if (clear === undefined) act.keep();
  else act.keep({ text: encrypts(act) ? `${act.key} 7 ${hideType7(clear)}` : `${act.key} ${clear}` });
}

/** From then on clear passwords are shown as type 7; turning it off leaves them as they are. */
function encryptPasswords(act: Act): void {
  act.keep();
  for (const one of everyStatement(act.root)) {
    const clear = one.args["clear"];
    if (clear !== undefined && one.text.endsWith(`password ${clear}`)) one.text = one.text.replace(/ \S+$/, ` 7 ${hideType7(clear)}`);
  }
}

/** Parts given later join those given before. */
function keepUser(act: Act): void {
  const before = act.block.statements.get(act.key)?.args ?? {};
  const given = act.args;
  const args = { ...before, ...given };
  if (given["clear"] !== undefined) args["credential"] = `secret 9 ${scryptSecret(given["clear"])}`;
  else if (given["hash"] !== undefined) args["credential"] = `secret ${given["kind"] ?? hashKind(given["hash"])} ${given["hash"]}`;
  const privilege = args["privilege"] === undefined || args["privilege"] === "1" ? "" : ` privilege ${args["privilege"]}`;
  const credential = args["credential"] === undefined ? "" : ` ${args["credential"]}`;
  act.keep({ text: `${act.key}${privilege}${credential}`, args });
}

const hashKind = (hash: string): string => (hash.startsWith("$1$") ? "5" : "9");

function removeUser(act: Act): void {
  if (!act.block.statements.has(act.key)) return;
  const question = "This operation will remove all username related configurations with same name.Do you want to continue? [confirm]";
  if (act.confirm(question)) act.drop(act.key);
}

/** Statements of rules that follow each other stand together. */
const the = (group: string) => () => group;

const secretForm = "(0 <clear>|(5|8|9) <hash>|<clear>)";

const system: Rule[] = [
  // The version line is the device's own: it is accepted, and what is shown stays what the device is.
  { form: "version <version>", set: (act) => act.stay() },
  {
    form: "service timestamps (debug|log) =(datetime|uptime) =[msec] =[localtime] =[show-timezone] =[year]",
    sort: (_, text) => [text],
    group: the("service"),
  },
  { form: "service password-encryption", group: the("service"), set: encryptPasswords },
  { form: "service (tcp-keepalives-in|tcp-keepalives-out|sequence-numbers|nagle)", group: the("service") },
  { form: "service (pad|dhcp|config)", toggle: "on", group: the("service") },
  { form: "hostname =<name:hostname>" },
  { form: "boot-start-marker" },
  { form: "boot-end-marker" },
  { form: "logging buffered =[<size:4096-2147483647>] =[<level:word>]", group: the("logging buffered") },
  { form: "logging console =[<level:word>]", toggle: "on", group: the("logging buffered") },
  { form: "enable secret =" + secretForm, set: keepSecret, group: the("enable") },
  { form: "enable password =(7 <hash>|0 <clear>|<clear>)", set: keepPassword, group: the("enable") },
  { form: "aaa new-model", toggle: "both", group: the("aaa") },
  { form: "aaa (authentication|authorization|accounting) <kind> <list> =<methods:line>", group: the("aaa") },
  { form: "clock timezone =<zone> =<hours:word> =[<minutes:0-59>]", group: the("clock") },
  { form: "clock summer-time =<rule:line>", group: the("clock") },
  { form: "ip cef", visible: () => false },
  { form: "ip name-server <server:ip>", group: the("domain") },
  { form: "ip domain lookup", toggle: "on", group: the("domain") },
  {
    form: "ip domain-lookup",
    set: (act) => act.also("ip domain lookup", act.block),
    unset: (act) => act.also("no ip domain lookup", act.block),
  },
  { form: "ip domain name =<domain>", group: the("domain") },
  {
    form: "ip domain-name =<domain>",
    set: (act) => act.also(`ip domain name ${act.args["domain"]}`, act.block),
    unset: (act) => act.also("no ip domain name", act.block),
  },
  { form: "login on-success log", group: the("login") },
  { form: "login on-failure log", group: the("login") },
  { form: "vtp mode =(transparent|server|client|off)" },
  { form: "spanning-tree mode =(pvst|rapid-pvst|mst)" },
  {
    form: "username <user> =[privilege <privilege:0-15>] =[secret (0 <clear>|<kind:5-9> <hash>|<clear>)]",
    place: "username",
    set: keepUser,
    unset: removeUser,
  },
  { form: "archive", mode: "archive" },
  {
    form: "vlan <vlans:vlans>",
    mode: "vlan",
    sort: (args) => [Number(args["vlans"])],
    group: (args) => `vlan ${args["vlans"]}`,
    set: (act) => eachVlan(act, (vlan) => void act.keep({ key: `vlan ${vlan}`, text: `vlan ${vlan}`, args: { vlans: vlan } })),
    unset: (act) => eachVlan(act, (vlan) => void act.drop(`vlan ${vlan}`)),
  },
];

/** `10,20-22`: several at once are made, one is entered. */
function eachVlan(act: Act, run: (vlan: string) => void): void {
  const parts = act.args["vlans"]!.split(",");
  const all = parts.flatMap((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
  if (all.some((vlan) => vlan < 1 || vlan > 4094)) return act.refuse("Command rejected: Bad VLAN list");
  for (const vlan of all) run(String(vlan));
  if (all.length > 1) act.stay();
}

function openInterface(act: Act): void {
  const name = act.args["interface"]!;
  const [parent = name] = name.split(".");
  if (isPhysical(parent) && !act.hardware.has(parent)) act.misread();
  else act.keep();
}

function removeInterface(act: Act): void {
  const name = act.args["interface"]!;
  if (act.defaulted) return resetInterface(act);
  if (isPhysical(name)) return act.refuse("% Removal of physical interfaces is not permitted");
  if (name.includes(".")) act.say("% Not all config may be removed and may reappear after reactivating the sub-interface");
  act.drop(act.key);
}

function resetInterface(act: Act): void {
  const block = act.block.statements.get(act.key)?.child;
  if (!block) return;
  for (const key of block.statements.keys()) act.drop(key, block);
  act.also("no ip address", block);
  act.say(`Interface ${act.args["interface"]} set to default configuration`);
}

const interfaces: Rule = {
  form: "interface <interface:ifname>",
  mode: "interface",
  place: "interface",
  group: (args) => `interface ${args["interface"]}`,
  sort: (args) => interfaceOrder(args["interface"]!),
  starts: ["no ip address"],
  set: openInterface,
  unset: removeInterface,
};

const services: Rule[] = [
  { form: "ip forward-protocol nd", group: the("http") },
  { form: "ip http server", toggle: "both", group: the("http") },
  { form: "ip http secure-server", toggle: "both", group: the("http") },
  { form: "ip ssh version =<version:1-2>", group: the("ssh") },
  { form: "ip ssh time-out =<seconds:1-120>", group: the("ssh") },
  { form: "ip ssh authentication-retries =<times:0-5>", group: the("ssh") },
  { form: "ip scp server enable", group: the("ssh") },
  { form: "ip ssh pubkey-chain", mode: "pubkey-chain", group: the("ssh") },
];

const logging: Rule[] = [
  { form: "logging trap =<level:word>", group: the("logging") },
  { form: "logging facility =<facility:word>", group: the("logging") },
  { form: "logging source-interface =<interface:ifname>", group: the("logging") },
  { form: "logging host <host:ip> =[transport udp port <port:1-65535>]", group: the("logging"), sort: (args) => [args["host"]!] },
  {
    form: "logging <host:ip>",
    set: (act) => act.also(`logging host ${act.args["host"]}`, act.block),
    unset: (act) => act.also(`no logging host ${act.args["host"]}`, act.block),
  },
  { form: "lldp run", group: the("discovery") },
  { form: "cdp run", toggle: "on", group: the("discovery") },
];

const snmp: Rule[] = [
  { form: "snmp-server community <community> =(RO|RW) =[<list:list>]", group: the("snmp") },
  { form: "snmp-server trap-source =<interface:ifname>", group: the("snmp") },
  { form: "snmp-server location =<location:line>", group: the("snmp") },
  { form: "snmp-server contact =<contact:line>", group: the("snmp") },
  { form: "snmp-server enable traps <trap:line>", no: ["snmp-server enable traps"], group: the("snmp") },
  { form: "snmp-server host <host:ip> =[version (1|2c|3)] =<community>", group: the("snmp") },
  { form: "snmp-server ifindex persist", group: the("snmp") },
];

const ends: Rule[] = [
  { form: "banner (motd|login|exec) =<banner:line>", collects: true, sort: (_, text) => [text.slice(0, 12)], group: the("banner") },
  { form: "alias exec <alias> =<command:line>", group: the("alias") },
  {
    form: "line (con|aux) <first:0-0>",
    mode: "line",
    place: "line",
    sort: (_, text) => [text.startsWith("line con") ? 0 : 1],
    unset: () => {},
    group: () => "line",
  },
  {
    form: "line vty <first:0-97> [<last:0-97>]",
    mode: "line",
    place: "line",
    group: () => "line",
    starts: ["login"],
    sort: (args) => [2, Number(args["first"])],
    unset: (act) => (act.args["first"] === "0" ? act.refuse("% Can't delete last 5 VTY lines") : void act.drop(act.key)),
  },
  { form: "ntp authentication-key <key:1-65535> =md5 =<secret> =[7]", group: the("ntp") },
  { form: "ntp authenticate", group: the("ntp") },
  { form: "ntp trusted-key <key:1-65535>", group: the("ntp") },
  { form: "ntp source =<interface:ifname>", group: the("ntp") },
  {
    form: "ntp server <server> =[key <key:1-65535>] =[prefer] =[source <interface:ifname>]",
    group: the("ntp"),
    sort: (args) => [args["server"]!],
  },
];

export const beforeRouting: Rule[] = [...system, interfaces];
export const afterRouting: Rule[] = services;
export const afterLists: Rule[] = [...logging, ...snmp, ...ends];

export const archiveRules: Rule[] = [
  { form: "log config", mode: "archive-log" },
  { form: "path =<path>" },
  { form: "maximum =<files:1-14>", visible: ({ text }) => text !== "maximum 10" },
  { form: "write-memory" },
  { form: "time-period =<minutes:1-525600>" },
];

export const archiveLogRules: Rule[] = [
  { form: "logging enable" },
  { form: "logging size =<entries:1-1000>" },
  { form: "notify syslog =[contenttype plaintext]" },
  { form: "hidekeys" },
];

export const pubkeyChainRules: Rule[] = [{ form: "username <user>", mode: "pubkey-user" }];

/** Nothing but RSA, and two keys of a user at most. */
export const pubkeyUserRules: Rule[] = [
  {
    form: "key-hash ssh-rsa <hash> =[<comment:line>]",
    noTakes: "no value",
    set: (act) => {
      if (act.block.statements.has(act.key) || act.block.statements.size < 2) act.keep();
      else act.refuse("%SSH: Max number of keys reached for this user");
    },
  },
];

export const vlanRules: Rule[] = [
  { form: "name =<name>" },
  { form: "state =(active|suspend)", visible: ({ text }) => text !== "state active" },
  { form: "shutdown" },
];

export const lineRules: Rule[] = [
  { form: "session-timeout =<minutes:0-35791>" },
  { form: "access-class =<list:list> (in|out)" },
  { form: "exec-timeout =<minutes:0-35791> =[<seconds:0-2147483>]", visible: ({ text }) => !/^exec-timeout 10( 0)?$/.test(text) },
  { form: "privilege level =<level:0-15>" },
  { form: "password =(7 <hash>|0 <clear>|<clear>)", set: keepPassword },
  { form: "logging synchronous" },
  { form: "login =[(local|authentication <list>)]", toggle: "both" },
  { form: "length =<lines:0-512>" },
  { form: "width =<columns:0-512>" },
  { form: "history size =<lines:0-256>" },
  { form: "stopbits =(1|2)" },
  { form: "transport preferred =(none|ssh|telnet)" },
  { form: "transport input =(ssh|telnet|all|none|telnet ssh)" },
  { form: "transport output =(ssh|telnet|all|none)" },
];
