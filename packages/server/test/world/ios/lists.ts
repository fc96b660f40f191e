/** Access lists, prefix lists and route maps of IOS. */
import type { Act } from "../config/act.ts";
import type { Rule } from "../config/rules.ts";
import type { Args, Block, Statement } from "../config/tree.ts";
import { prefixOf } from "../grammar/values.ts";

const entries = (block: Block): Statement[] => [...block.statements.values()];

/** `10 permit …` less its number: what makes two entries the same. */
const unnumbered = (text: string): string => text.replace(/^\d+ /, "");

function addAce(act: Act): void {
  const all = entries(act.block);
  const wanted = unnumbered(act.text);
  const same = all.find((one) => unnumbered(one.text) === wanted);
  if (act.args["seq"] === undefined && same) return;
  const seq = act.args["seq"] ?? String(Math.max(0, ...all.map((one) => Number(one.args["seq"]))) + 10);
  if (Number(seq) > 2_147_483_647) return act.refuse("% Sequence number is beyond the allowed range\n% Failed to add ace");
  const taken = act.block.statements.get(seq);
  if (taken && unnumbered(taken.text) !== wanted) act.refuse("% Duplicate sequence number\n% Failed to add ace");
  else act.keep({ key: seq, text: `${seq} ${wanted}`, args: { ...act.args, seq } });
}

function dropAce(act: Act): void {
  const wanted = unnumbered(act.text);
  for (const one of entries(act.block)) {
    if (one.args["seq"] === act.args["seq"] || (act.args["seq"] === undefined && unnumbered(one.text) === wanted)) act.drop(one.key);
  }
}

const ace = (form: string): Rule => ({
  form: `[<seq:1-2147483647>] ${form}`,
  no: ["<seq:1-2147483647>"],
  place: "ace",
  sort: (args) => [Number(args["seq"])],
  set: addAce,
  unset: dropAce,
});

const party = (side: string): string => `(any|host <${side}:ip>|<${side}:ip> <${side}Wildcard:wildcard>)`;
const ports = (side: string): string => `[(eq|gt|lt|neq) <${side}Port>|range <${side}Port> <${side}LastPort>]`;

export const standardRules: Rule[] = [
  ace(`(permit|deny) (any|host <from:ip>|<from:ip> [<fromWildcard:wildcard>]) [log]`),
  ace("remark <remark:line>"),
];

export const extendedRules: Rule[] = [
  ace(`(permit|deny) (ip|icmp|ospf|gre|esp|<protocol:0-255>) ${party("from")} ${party("to")} [<icmp:word>] [log]`),
  ace(`(permit|deny) (tcp|udp) ${party("from")} ${ports("from")} ${party("to")} ${ports("to")} [established] [log]`),
  ace("remark <remark:line>"),
];

/** `no access-list 10 permit …` removes the whole list, whatever the rest of the line says. */
const numbered = (range: string, what: string): Rule => ({
  form: `access-list <list:${range}> ${what}`,
  no: [`access-list <list:${range}>`],
  place: "access-list",
  group: (args) => `access-list ${args["list"]}`,
  sort: (args) => [Number(args["list"])],
  unset: (act) => {
    for (const one of entries(act.block)) if (one.rule.place === "access-list" && one.args["list"] === act.args["list"]) act.drop(one.key);
  },
});

const named = (kind: string): Rule => ({
  form: `ip access-list ${kind} <list:list>`,
  mode: `acl-${kind}`,
  place: "ip access-list",
  sort: (args, text) => [text.split(" ")[2] === "standard" ? 0 : 1, args["list"]!],
});

function prefixProblem(args: Args): string | undefined {
  const length = prefixOf(args["prefix"]!)!.length;
  const [ge, le] = [args["ge"], args["le"]].map((text) => (text === undefined ? undefined : Number(text)));
  const wrong = (ge !== undefined && ge <= length) || (le !== undefined && (le <= length || le < (ge ?? 0)));
  return wrong ? "% Invalid prefix range for " + args["prefix"] + ", make sure: len < ge-value <= le-value" : undefined;
}

const prefixHead = (act: Act): string => `ip prefix-list ${act.args["list"]}`;
const inList = (act: Act): Statement[] =>
  entries(act.block).filter((one) => one.rule.place === "prefix-list" && one.args["list"] === act.args["list"]);
const words = (text: string): string => text.replace(/ seq \d+ /, " ");

function addPrefix(act: Act): void {
  const problem = prefixProblem(act.args);
  if (problem !== undefined) return act.refuse(problem);
  const all = inList(act);
  const wanted = words(act.text);
  if (act.args["seq"] === undefined && all.some((one) => words(one.text) === wanted)) return;
  const last = Math.max(0, ...all.map((one) => Number(one.args["seq"] ?? 0)));
  const seq = act.args["seq"] ?? String(Math.floor(last / 5) * 5 + 5);
  if (Number(seq) > 4_294_967_294) return act.refuse("%Sequence number is beyond the allowed range");
  const key = `${prefixHead(act)} seq ${seq}`;
  const text = `${key}${wanted.slice(prefixHead(act).length)}`;
  const taken = act.block.statements.get(key);
  if (taken && taken.text !== text) act.refuse(`%Insertion failed - prefix-list entry exists: ${taken.text}`);
  else act.keep({ key, text, args: { ...act.args, seq } });
}

function dropPrefix(act: Act): void {
  const all = inList(act);
  const { seq } = act.args;
  const whole = act.text === prefixHead(act);
  const gone = all.filter((one) => whole || (seq === undefined ? words(one.text) === words(act.text) : one.args["seq"] === seq));
  if (gone.length === 0)
    act.refuse(all.length === 0 ? `%Can't find prefix-list ${act.args["list"]}` : "%Can't find the specified prefix-list entry");
  for (const one of gone) act.drop(one.key);
}

const prefixList: Rule[] = [
  {
    form: "ip prefix-list <list:list> description =<description:line>",
    place: "prefix-list",
    group: byList,
    sort: (args) => [args["list"]!, -1],
  },
  {
    form: "ip prefix-list <list:list> [seq <seq:1-4294967294>] (permit|deny) <prefix:prefix> [ge <ge:1-32>] [le <le:1-32>]",
    no: ["ip prefix-list <list:list>", "ip prefix-list <list:list> seq <seq:1-4294967294>"],
    place: "prefix-list",
    group: byList,
    sort: (args) => [args["list"]!, Number(args["seq"])],
    set: addPrefix,
    unset: dropPrefix,
  },
];

function byList(args: Args): string {
  return `list ${args["list"]}`;
}

const mapEntries = (act: Act): Statement[] =>
  entries(act.block).filter((one) => one.rule.mode === "route-map" && one.args["map"] === act.args["map"]);

const routeMap: Rule = {
  form: "route-map <map:list> [(permit|deny)] [<seq:0-65535>]",
  mode: "route-map",
  place: "route-map",
  key: (args) => `route-map ${args["map"]} ${args["seq"] ?? "10"}`,
  group: (args) => `route-map ${args["map"]} ${args["seq"] ?? "10"}`,
  sort: (args) => [args["map"]!, Number(args["seq"] ?? 10)],
  set: (act) => {
    const seq = act.args["seq"] ?? "10";
    const kind = act.text.split(" ")[2] === "deny" ? "deny" : "permit";
    act.keep({ text: `route-map ${act.args["map"]} ${kind} ${seq} `, args: { ...act.args, seq } });
  },
  unset: (act) => {
    const { seq } = act.args;
    const gone = mapEntries(act).filter((one) => seq === undefined || one.args["seq"] === seq);
    if (gone.length === 0) act.refuse(`%Could not find route-map entry ${act.args["map"]}`);
    for (const one of gone) act.drop(one.key);
  },
};

/** What is matched adds up: a second list joins the first, and `no` takes one of them away. */
const matching = (head: string): Rule => ({
  form: `match ${head} =<values:line>`,
  key: () => `match ${head}`,
  set: (act) => gather(act, (old, given) => [...old, ...given.filter((one) => !old.includes(one))]),
  unset: (act) =>
    act.args["values"] === undefined ? void act.drop(act.key) : gather(act, (old, given) => old.filter((one) => !given.includes(one))),
});

function gather(act: Act, join: (old: string[], given: string[]) => string[]): void {
  const old = (act.block.statements.get(act.key)?.args["values"] ?? "").split(" ").filter((one) => one !== "");
  const values = join(old, act.args["values"]!.split(/\s+/)).join(" ");
  if (values === "") act.drop(act.key);
  else act.keep({ text: `${act.key} ${values}`, args: { values } });
}

export const routeMapRules: Rule[] = [
  { form: "description =<description:line>" },
  matching("as-path"),
  matching("community"),
  { ...matching("ip address"), form: "match ip address =<values:line>" },
  { ...matching("ip address prefix-list"), form: "match ip address prefix-list =<values:line>" },
  matching("ip next-hop prefix-list"),
  matching("interface"),
  matching("metric"),
  matching("tag"),
  { form: "continue =[<seq:1-65535>]" },
  { form: "set as-path prepend =<path:numbers>" },
  { form: "set metric =<metric:word>" },
  { form: "set ip next-hop =(<hop:ip>|self|peer-address)" },
  { form: "set local-preference =<preference:0-4294967295>" },
  { form: "set weight =<weight:0-65535>" },
  { form: "set origin =(igp|incomplete)" },
  { form: "set community =<communities:line>" },
  { form: "set tag =<tag:0-4294967295>" },
];

export const listRules: Rule[] = [
  named("standard"),
  named("extended"),
  {
    form: "ip as-path access-list <list:1-500> (permit|deny) <regex:line>",
    no: ["ip as-path access-list <list:1-500>"],
    sort: (args) => [Number(args["list"])],
    unset: dropWhole("as-path"),
  },
  {
    form: "ip community-list (standard|expanded) <list:list> (permit|deny) <communities:line>",
    no: ["ip community-list (standard|expanded) <list:list>"],
    sort: (args) => [args["list"]!],
    unset: dropWhole("community-list"),
  },
  ...prefixList,
  numbered("1-99", "(permit|deny) (any|host <from:ip>|<from:ip> [<fromWildcard:wildcard>]) [log]"),
  numbered("1-199", "remark <remark:line>"),
  numbered("100-199", `(permit|deny) (ip|tcp|udp|icmp) ${party("from")} ${party("to")} [(eq|gt|lt) <port>] [log]`),
  routeMap,
];

/** Without an entry the whole list goes, with one only that entry. */
function dropWhole(word: string): (act: Act) => void {
  return (act) => {
    for (const one of entries(act.block)) {
      const mine = one.text.includes(` ${word} `) || one.text.includes(`${word} `);
      if (mine && one.args["list"] === act.args["list"] && (one.text === act.text || !/ (permit|deny) /.test(act.text))) act.drop(one.key);
    }
  };
}
