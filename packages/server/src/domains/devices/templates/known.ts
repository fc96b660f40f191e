/** What Jinja or Ansible have and Holdfast does not, so that a refusal can say why and what to write instead. */
import type { Cursor } from "./cursor.ts";
import type { Place } from "./fault.ts";

const html = "it makes HTML, not configurations";
const chance = "the same intent must always render the same";
const unsupportedFilters: Record<string, string> = {
  e: html,
  escape: html,
  forceescape: html,
  safe: html,
  striptags: html,
  urlize: html,
  xmlattr: html,
  urlencode: html,
  random: chance,
  shuffle: chance,
  pprint: "use tojson",
  attr: "write value.name or value['name']",
  filesizeformat: "write the number with its unit",
  wordwrap: "break the lines in the data",
};

const unsupportedTags: Record<string, string> = {
  autoescape: html,
  trans: "configurations are not translated",
  do: "write {% set _ = … %}",
  break: "filter the items: {% for item in items if … %}",
  continue: "filter the items: {% for item in items if … %}",
  debug: "print the value with tojson",
};

export function unknownFilter(name: string, known: readonly string[]): { say: string; mend: string } {
  return unknown("filter", name, Object.hasOwn(unsupportedFilters, name) ? (unsupportedFilters[name] ?? "") : nearest(name, known));
}

export function unknownTest(name: string, known: readonly string[]): { say: string; mend: string } {
  return unknown("test", name, name === "escaped" ? html : nearest(name, known));
}

function unknown(what: string, name: string, hint: string): { say: string; mend: string } {
  const mend = hint === "" || hint.endsWith("?") ? hint : `${hint.charAt(0).toUpperCase()}${hint.slice(1)}.`;
  return { say: `the ${what} ${name} is not supported`, mend };
}

export function refuseTag(name: string, cursor: Cursor, opener: { name: string; place: Place } | undefined): never {
  if (Object.hasOwn(unsupportedTags, name))
    cursor.fail(`the tag ${name} is not supported`, { mend: `Instead: ${unsupportedTags[name] ?? ""}.` });
  if (!/^(end|el)/.test(name)) cursor.fail(`the tag ${name} is not known`);
  const open = opener ? `; the {% ${opener.name} %} of line ${String(opener.place.line)} is still open` : "";
  return cursor.fail(`{% ${name} %} closes nothing here${open}`);
}

/** "Did you mean …" for names one or two letters off. */
export function nearest(name: string, known: readonly string[]): string {
  const near = known.find((one) => Math.abs(one.length - name.length) <= 2 && distance(name, one) <= (name.length > 4 ? 2 : 1));
  return near === undefined ? "" : `Did you mean ${near}?`;
}

/** Edits from one word to the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
