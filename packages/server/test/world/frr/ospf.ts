/** FRR's OSPF process. */
import type { Act } from "../config/act.ts";
import type { Rule } from "../config/rules.ts";
import { everyStatement } from "../config/tree.ts";
import { prefixOrder } from "./types.ts";

const protocols = ["kernel", "connected", "static", "rip", "isis", "bgp"];

function addNetwork(act: Act): void {
  const inArea = [...everyStatement(act.root)].some((one) => one.rule.form.startsWith("ip ospf area"));
  const kept = act.block.statements.get(act.key);
  if (inArea) act.refuse("Please remove all ip ospf area x.x.x.x commands first.");
  else if (kept && kept.args["area"] !== act.args["area"]) act.refuse("There is already same network statement.");
  else act.keep();
}

function removeNetwork(act: Act): void {
  const kept = act.block.statements.get(act.key);
  if (kept?.args["area"] !== act.args["area"] || !act.drop(act.key)) act.refuse("Can't find specified network area configuration.");
}

/** The deprecated form is turned into the interface's own. */
function passive(act: Act): void {
  const name = act.args["interface"]!;
  const form = act.negative ? "no ip ospf passive" : "ip ospf passive";
  act.say(`This command is deprecated, because it is not VRF-aware.\nPlease, use "${form}" on an interface instead.`);
  act.also(`interface ${name}`, act.root);
  const block = act.root.statements.get(`interface ${name}`)!.child!;
  act.also(form, block);
}

/** `no` of the longer form leaves the shorter. */
function lessOrNone(act: Act, more: string): void {
  if (act.text.endsWith(more) && act.block.statements.has(act.key)) act.keep({ text: act.key });
  else act.drop(act.key);
}

/** Type 2 goes without saying. */
function keepWithoutDefaultType(act: Act): void {
  act.keep({ text: act.text.replace(" metric-type 2", "") });
}

function removeRouterId(act: Act): void {
  const { id } = act.args;
  if (id !== undefined && act.block.statements.get(act.key)?.args["id"] !== id) act.refuse("% OSPF router-id doesn't match");
  else act.drop(act.key);
}

const areaOrder = (area: string): number => (area.includes(".") ? prefixOrder(area)[0]! : Number(area));

const area = (form: string, index: number): Rule => ({
  form: `area <area:area> ${form}`,
  place: "area",
  sort: (args, text) => [areaOrder(args["area"]!), index, text],
});

export const ospfRules: Rule[] = [
  { form: "ospf router-id =<id:ip>", unset: removeRouterId },
  { form: "router-id <id:ip>", set: (act) => act.also(`ospf ${act.text}`, act.block) },
  { form: "log-adjacency-changes =[detail]", unset: (act) => lessOrNone(act, " detail") },
  { form: "compatible rfc1583" },
  {
    form: "auto-cost reference-bandwidth =<megabits:1-4294967>",
    visible: ({ args }) => args["megabits"] !== "100000",
    unset: (act) => {
      // A warning that looks like an error: the command is done.
      const text = "% OSPF: Reference bandwidth is changed.\n        Please ensure reference bandwidth is consistent across all routers";
      if (act.drop(act.key)) act.say(text);
    },
  },
  { form: "timers throttle spf =<delay:0-600000> =<hold:0-600000> =<most:0-600000>" },
  { form: "maximum-paths =<paths:1-256>", noTakes: "no value", visible: ({ args }) => args["paths"] !== "256" },
  { form: "max-metric router-lsa (administrative|on-startup =<seconds:5-86400>|on-shutdown =<seconds:5-100>)" },
  { form: "passive-interface default" },
  { form: "passive-interface <interface:ifname>", set: passive, unset: passive },
  ...protocols.map((protocol): Rule => ({
    form: `redistribute ${protocol} =[metric <metric:0-16777214>] =[metric-type (1|2)] =[route-map <map:word>]`,
    set: keepWithoutDefaultType,
  })),
  {
    form: "network <prefix:prefix> area =<area:area>",
    place: "network",
    sort: (args) => prefixOrder(args["prefix"]!),
    set: addNetwork,
    unset: removeNetwork,
  },
  area("authentication =[message-digest]", 0),
  { ...area("stub =[no-summary]", 1), unset: (act) => lessOrNone(act, " no-summary") },
  { ...area("nssa =[no-summary]", 2), set: (act) => act.keep({ text: act.text.replace(/nssa$/, "nssa ") }) && undefined },
  area("default-cost =<cost:0-16777215>", 3),
  {
    ...area("range <prefix:prefix> =[(not-advertise|[advertise] cost <cost:0-16777215>|advertise|substitute <other:prefix>)]", 4),
    // Advertised is what it is unless told.
    set: (act) => void act.keep({ text: act.text.replace(/ advertise\b/, "") }),
  },
  area("filter-list prefix =<list:word> (in|out)", 5),
  { form: "neighbor <neighbor:ip>" },
  { form: "default-metric =<metric:0-16777214>" },
  ...protocols.map((protocol): Rule => ({ form: `distribute-list =<list:word> out ${protocol}`, noTakes: "value" })),
  {
    form: "default-information originate =[always] =[metric <metric:0-16777214>] =[metric-type (1|2)] =[route-map <map:word>]",
    set: keepWithoutDefaultType,
  },
  { form: "distance =<distance:1-255>", visible: ({ args }) => args["distance"] !== "110" },
  { form: "capability opaque" },
];
