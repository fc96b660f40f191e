/** Options after fixed words in the order in which FRR prints them: `metric 5 metric-type 1 route-map X`. */
export function sortOptions(text: string, fixed: number, flags: string[]): string {
  const words = text.split(" ");
  const options = new Map<string, string>();
  for (let at = fixed; at < words.length; at++) {
    const word = words[at] ?? "";
    if (flags.includes(word)) options.set(word, word);
    else options.set(word, `${word} ${words[++at] ?? ""}`);
  }
  const order = [...flags, "metric", "metric-type", "route-map"];
  const known = order.filter((word) => options.has(word));
  if (known.length !== options.size) return text;
  return [...words.slice(0, fixed), ...known.map((word) => options.get(word) ?? "")].join(" ");
}
