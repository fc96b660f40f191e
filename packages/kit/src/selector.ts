/** Label selectors: `site=lyon,role in (edge,core),!lab,tier!=gold`. All terms must hold. Kubernetes' grammar for labels. */
import { Problem } from "./problem.ts";

export type Labels = Record<string, string>;

/** What of an asset its labels are made of. */
interface Labelled {
  name: string;
  labels: Labels;
  platform?: string | undefined;
  site?: string | null | undefined;
}

/**
 * The labels by which selectors and permissions see an asset: those written on it, and its name, platform and site; a label that is written
 * under one of these three keys counts for nothing. Nowhere else are they put together.
 */
export function labelsOf({ name, labels, platform, site }: Labelled): Labels {
  const { name: _name, platform: _platform, site: _site, ...written } = labels;
  return { ...written, name, ...(platform === undefined ? {} : { platform }), ...(site === undefined || site === null ? {} : { site }) };
}

export type SelectorTerm = { key: string; op: "in" | "notin"; values: string[] } | { key: string; op: "exists" | "absent" };

const keyPattern = /^[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?$/;

/** Parses a selector. @throws Problem `selector_invalid` naming the term at fault. */
export function parseSelector(text: string): SelectorTerm[] {
  const terms = text.match(/[^,(]+(\([^)]*\))?/g) ?? [];
  return terms
    .map((term) => term.trim())
    .filter((term) => term !== "")
    .map(parseTerm);
}

function parseTerm(term: string): SelectorTerm {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(term);
  if (set)
    return { key: checkKey(set[1] ?? "", term), op: set[2] as "in" | "notin", values: (set[3] ?? "").split(",").map((v) => v.trim()) };
  const equal = /^([^=!\s]+)\s*(==|=|!=)\s*([^=\s]*)$/.exec(term);
  if (equal) return { key: checkKey(equal[1] ?? "", term), op: equal[2] === "!=" ? "notin" : "in", values: [equal[3] ?? ""] };
  if (term.startsWith("!")) return { key: checkKey(term.slice(1).trim(), term), op: "absent" };
  return { key: checkKey(term, term), op: "exists" };
}

function checkKey(key: string, term: string): string {
  if (keyPattern.test(key)) return key;
  throw new Problem("selector_invalid", {
    kind: "invalid",
    say: `The selector term "${term}" is not of the form key=value, key!=value, key in (a,b), key or !key.`,
  });
}

/** True when all terms hold for the labels. An empty selector matches everything. */
export function matches(terms: SelectorTerm[], labels: Labels): boolean {
  return terms.every((term) => {
    const value = Object.hasOwn(labels, term.key) ? labels[term.key] : undefined;
    switch (term.op) {
      case "exists":
        return value !== undefined;
      case "absent":
        return value === undefined;
      case "in":
        return value !== undefined && term.values.includes(value);
      case "notin":
        return value === undefined || !term.values.includes(value);
    }
  });
}
