/** The part of a URL after `?`, as plain texts: what a route knows of it, the rest is dropped. Pure. */

/** Reads the named texts of a search; empty ones count as absent. */
export function texts<const K extends string>(...names: K[]): (search: Record<string, unknown>) => { [name in K]?: string | undefined } {
  return (search) => {
    const known: { [name in K]?: string | undefined } = {};
    for (const name of names) {
      const value = search[name];
      if (typeof value === "string" && value !== "") known[name] = value;
      else if (typeof value === "number" || typeof value === "boolean") known[name] = String(value);
    }
    return known;
  };
}

/** One of some words; undefined for anything else, so that a mistyped URL shows everything rather than failing. */
export function oneOf<const W extends string>(words: readonly W[], value: string | undefined): W | undefined {
  return words.find((word) => word === value);
}
