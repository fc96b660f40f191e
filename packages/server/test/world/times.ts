/** How devices write times and lengths of time. */

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const two = (value: number): string => String(value).padStart(2, "0");

/** `08:12:01` */
export function clockText(ms: number): string {
  const date = new Date(ms);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** `08:12:01 UTC Mon Jan 5 2026` */
export function longTime(ms: number): string {
  const date = new Date(ms);
  return `${clockText(ms)} UTC ${days[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${date.getUTCDate()} ${date.getUTCFullYear()}`;
}

/** `Jan  5 08:12:01.402`, as in a log line. */
export function logTime(ms: number): string {
  const date = new Date(ms);
  const millis = String(date.getUTCMilliseconds()).padStart(3, "0");
  return `${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${clockText(ms)}.${millis}`;
}

/** `Jan--5-08-12-01.402`, as in the name of an archived file. */
export const fileTime = (ms: number): string => logTime(ms).replace(/[ :]/g, "-");

/** `00:04:10`, `1d03h`, `5w2d`: how long a neighbour has been up. */
export function upText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 86_400) return clockText(seconds * 1000);
  const hours = Math.floor(seconds / 3600);
  if (hours < 24 * 7) return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
  return `${Math.floor(hours / 168)}w${Math.floor(hours / 24) % 7}d`;
}

/** `5 weeks, 6 days, 4 hours, 12 minutes` */
export function longUptime(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const parts: [number, string][] = [
    [Math.floor(minutes / 10_080), "week"],
    [Math.floor(minutes / 1440) % 7, "day"],
    [Math.floor(minutes / 60) % 24, "hour"],
    [minutes % 60, "minute"],
  ];
  const said = parts
    .filter(([count], index) => count > 0 || index === 3)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`);
  return said.join(", ");
}
