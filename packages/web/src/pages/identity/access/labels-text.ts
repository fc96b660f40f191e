/** Labels as one line of text, e.g. `site=lyon, role=core`. Pure. */

/** Undefined where a part is not of the form key=value; none for an empty text. */
export function readLabels(text: string): Record<string, string> | undefined {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const pairs = parts.map((part) => /^([^=\s]+)\s*=\s*(\S+)$/.exec(part));
  if (pairs.some((pair) => pair === null)) return undefined;
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", pair?.[2] ?? ""]));
}
