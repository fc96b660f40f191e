/** Access lists, prefix lists and BGP's lists: one line each, numbered by the device when the line is not. */
import type { Act } from "../config/act.ts";
import type { Rule } from "../config/rules.ts";
import type { Args, Statement } from "../config/tree.ts";
import { prefixOf } from "../grammar/values.ts";

interface ListKind {
  /** The words before the name. */
  head: string;
  /** Lists show in the order in which they were first given, or by name. */
  shown: "given" | "name";
  place?: string;
  problem?(args: Args): string | undefined;
  /** The entry as the device writes it. */
  write?(text: string): string;
}

const nameOf = (args: Args): string => args["name"] ?? "";
const placeOf = (kind: ListKind): string => kind.place ?? kind.head;

/** The number is not part of what makes two entries the same. */
const unnumbered = (text: string): string => text.replace(/ seq \d+ /, " ");

function entriesOf(act: Act, kind: ListKind): Statement[] {
  const head = `${kind.head} ${nameOf(act.args)} `;
  return [...act.block.statements.values()].filter((one) => one.text.startsWith(head) && one.rule.place === placeOf(kind));
}

/** A list keeps its place as long as it has an entry. */
const born = (act: Act, kind: ListKind): string => entriesOf(act, kind)[0]?.args["born"] ?? String(act.order);

function add(act: Act, kind: ListKind): void {
  const problem = kind.problem?.(act.args);
  if (problem !== undefined) return act.refuse(problem);
  const wanted = unnumbered(kind.write?.(act.text) ?? act.text);
  const entries = entriesOf(act, kind);
  // What stands there already, under whatever number, is not taken twice.
  if (entries.some((entry) => unnumbered(entry.text) === wanted)) return;
  const last = Math.max(0, ...entries.map((entry) => Number(entry.args["seq"] ?? 0)));
  const seq = act.args["seq"] ?? String(last + 5);
  if (Number(seq) > 4_294_967_295) return act.refuse("% Configuration failed.\n\nError type: validation");
  const head = `${kind.head} ${nameOf(act.args)}`;
  const text = `${head} seq ${seq}${wanted.slice(head.length)}`;
  act.keep({ key: `${head} seq ${seq}`, text, args: { ...act.args, seq, born: born(act, kind) } });
}

function remove(act: Act, kind: ListKind): void {
  const head = `${kind.head} ${nameOf(act.args)}`;
  const wanted = unnumbered(kind.write?.(act.text) ?? act.text);
  for (const entry of entriesOf(act, kind)) {
    const meant =
      act.args["seq"] === undefined ? wanted === head || unnumbered(entry.text) === wanted : entry.args["seq"] === act.args["seq"];
    if (meant) act.drop(entry.key);
  }
}

const sortOf = (kind: ListKind) => (args: Args) => [
  kind.shown === "given" ? Number(args["born"] ?? 0) : nameOf(args),
  Number(args["seq"] ?? -1),
];

const entry = (kind: ListKind, what: string, no: string[] = []): Rule => ({
  form: `${kind.head} <name> [seq <seq:1-4294967295>] (permit|deny) ${what}`,
  no: [`${kind.head} <name>`, ...no],
  place: placeOf(kind),
  sort: sortOf(kind),
  set: (act) => add(act, kind),
  unset: (act) => remove(act, kind),
});

/** A remark or description stands before the entries of its list. */
const note = (kind: ListKind, word: string): Rule => ({
  form: `${kind.head} <name> ${word} =<note:line>`,
  place: placeOf(kind),
  sort: sortOf(kind),
  set: (act) => {
    act.keep({ args: { ...act.args, born: born(act, kind) } });
  },
});

function prefixProblem(args: Args): string | undefined {
  const length = prefixOf(args["prefix"] ?? "")?.length ?? 0;
  const ge = Number(args["ge"] ?? length);
  const le = Number(args["le"] ?? 32);
  if (length <= ge && ge <= le) return undefined;
  const because = `Invalid prefix range for ${args["prefix"]}: Make sure that mask length <= ge <= le`;
  return `% Configuration failed.\n\nError type: validation\nError description: ${because}`;
}

const access: ListKind = { head: "access-list", shown: "given", write: (text) => text.replace(/ (permit|deny) host (\S+)$/, " $1 $2") };
const prefix4: ListKind = { head: "ip prefix-list", shown: "given", problem: prefixProblem };
const prefix6: ListKind = { head: "ipv6 prefix-list", shown: "given" };
const asPath: ListKind = { head: "bgp as-path access-list", shown: "name" };
const community = (kind: string): ListKind => ({ head: `bgp community-list ${kind}`, shown: "name", place: "bgp community-list" });

/** The number says of which kind the list is. */
function numberedCommunity(): Rule {
  const kind: ListKind = { head: "bgp community-list", shown: "name", place: "bgp community-list" };
  const rule = entry(kind, "<communities:regex>");
  return { ...rule, form: rule.form.replace("<name>", "<name:1-500>"), no: ["bgp community-list <name:1-500>"] };
}

const party = (side: string): string => `(any|host <${side}:ip>|<${side}:ip> <${side}Wildcard:wildcard>)`;

export const listRules: Rule[] = [
  note(access, "remark"),
  entry(access, "(<prefix:prefix>|any) [exact-match]"),
  entry(access, "([host] <address:ip>|<address:ip> <wildcard:wildcard>)"),
  entry(access, `ip ${party("from")} ${party("to")}`),
  note(prefix4, "description"),
  entry(prefix4, "(<prefix:prefix> [ge <ge:0-32>] [le <le:0-32>]|any)", ["ip prefix-list <name> seq <seq:1-4294967295>"]),
  note(prefix6, "description"),
  entry(prefix6, "(<prefix:prefix6> [ge <ge:0-128>] [le <le:0-128>]|any)", ["ipv6 prefix-list <name> seq <seq:1-4294967295>"]),
  {
    ...entry(asPath, "<regex:regex>"),
    unset: (act) => {
      if (entriesOf(act, asPath).length === 0) act.refuse(`bgp as-path access-list ${nameOf(act.args)} doesn't exist`);
      else remove(act, asPath);
    },
  },
  numberedCommunity(),
  entry(community("expanded"), "<regex:regex>"),
  entry(community("standard"), "<communities:regex>"),
];
