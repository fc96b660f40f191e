/** Numbers, times and names as people read them. Pure. */

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** `just now`, `12 s ago`, `4 min ago`, `3 h ago`, `5 d ago`, `2026-03-01`; `in 4 min` for what is ahead. */
export function relative(atMs: number, nowMs: number): string {
  const away = Math.abs(nowMs - atMs);
  if (away < 3000) return "just now";
  if (away > 30 * day) return new Date(atMs).toISOString().slice(0, 10);
  const text = span(away);
  return atMs > nowMs ? `in ${text}` : `${text} ago`;
}

/** The largest unit that fits, in whole numbers: `45 s`, `12 min`, `3 h`, `5 d`. */
export function span(ms: number): string {
  if (ms < minute) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min`;
  if (ms < 2 * day) return `${Math.floor(ms / hour)} h`;
  return `${Math.floor(ms / day)} d`;
}

/** A length of time that is exact to the second: `45 s`, `1 min 30 s`, `2 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return ms === 0 ? "0 s" : `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  return parts
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(" ");
}

/** `0:07`, `2:05`, `1:02:09`: what is left of a countdown. Never below zero. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const h = Math.floor(seconds / 3600);
  return `${h > 0 ? `${h}:${two(Math.floor(seconds / 60) % 60)}` : Math.floor(seconds / 60)}:${two(seconds % 60)}`;
}

/** Both exact times of an instant, for a hover: UTC first. */
export function exact(iso: string): { utc: string; local: string } {
  const at = new Date(iso);
  const utc = `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const local = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  return { utc, local };
}

/** The time of day here: `12:04:09`, or `12:04` to the minute. */
export function timeOfDay(iso: string, to: "minute" | "second" = "second"): string {
  return new Date(iso).toLocaleTimeString("en-GB").slice(0, to === "minute" ? 5 : 8);
}

/** The day here: `2026-11-21`. */
export function dayHere(iso: string): string {
  return new Date(iso).toLocaleDateString("sv-SE");
}

/** A sentence of the server with its instants as the time of day here, as everything around it says time. */
export function timesHere(sentence: string): string {
  return sentence.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (iso) => timeOfDay(iso));
}

const numbers = new Intl.NumberFormat("en", { useGrouping: true });

/** `12 480`: thin spaces between thousands. */
export function count(n: number): string {
  return numbers.format(n).replaceAll(",", "\u2009");
}

/** `1 device`, `24 devices`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function listed(names: string[], most = 3): string {
  if (names.length <= 1) return names.join("");
  const shown = names.slice(0, names.length > most ? most : names.length);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(", ")} and ${rest} more`;
  return `${shown.slice(0, -1).join(", ")} and ${shown.at(-1) ?? ""}`;
}

/** The first characters of a hash or commit. */
export function short(hash: string, characters = 8): string {
  return hash.replace(/^sha256:/, "").slice(0, characters);
}

/** `awaiting_approval` → `awaiting approval`. */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}
