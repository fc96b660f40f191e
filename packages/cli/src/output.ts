/** What a command prints: a table for people, JSON or YAML for programs. Results go to stdout, everything else to stderr. */
import { stringify } from "yaml";
import { around } from "./outside.ts";

export const formats = ["table", "json", "yaml"] as const;
export type Format = (typeof formats)[number];

export interface Column<T> {
  title: string;
  of: (row: T) => string | number | undefined;
  /** Numbers stand right. */
  right?: boolean;
}

/** Where output goes; tests hand in their own. */
export interface Screen {
  out(text: string): void;
  /** Text of a device or a file: on a terminal it cannot move the cursor, in a pipe it stays as it is. */
  outText(text: string): void;
  err(text: string): void;
  /** Columns when stderr is a terminal; undefined otherwise. */
  width: number | undefined;
  colour: boolean;
}

export const terminal: Screen = {
  out: (text) => void around().stdout.write(text),
  outText: (text) => void around().stdout.write(around().stdout.isTTY === true ? printable(text.replaceAll("\r\n", "\n")) : text),
  err: (text) => void around().stderr.write(text),
  get width() {
    return around().stderr.isTTY === true ? around().stderr.columns : undefined;
  },
  get colour() {
    return around().stderr.isTTY === true && around().env["NO_COLOR"] === undefined;
  },
};

export function printList<T>(screen: Screen, format: Format, list: { rows: T[]; columns: Column<T>[]; empty: string }): void {
  if (format !== "table") return printValue(screen, format, list.rows);
  if (list.rows.length === 0) return screen.err(`${list.empty}\n`);
  return screen.out(table(list.rows, list.columns));
}

/** One value; as a table, its members one to a line. */
export function printValue(screen: Screen, format: Format, value: unknown): void {
  if (format === "json") return screen.out(`${JSON.stringify(value, undefined, 2)}\n`);
  if (format === "yaml") return screen.out(stringify(value));
  const entries = Object.entries(value as Record<string, unknown>).filter(([, item]) => item !== undefined);
  const width = Math.max(0, ...entries.map(([key]) => key.length));
  return screen.out(entries.map(([key, item]) => `${key.padEnd(width)}  ${cell(item)}\n`).join(""));
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return inCell(`${value as string | number | boolean}`);
  const [items, pairs] = [Array.isArray(value) ? value : undefined, Object.entries(value)];
  if (items?.every((item) => typeof item === "string")) return inCell(items.join(", "));
  if (!items && pairs.every(([, item]) => typeof item === "string"))
    return inCell(pairs.map(([key, item]) => `${key}=${item as string}`).join(", "));
  return inCell(JSON.stringify(value));
}

export function table<T>(rows: T[], columns: Column<T>[]): string {
  const cells = rows.map((row) => columns.map((column) => inCell(String(column.of(row) ?? ""))));
  const widths = columns.map((column, i) => Math.max(column.title.length, ...cells.map((line) => line[i]?.length ?? 0)));
  const line = (texts: string[]): string =>
    texts
      .map((text, i) => (columns[i]?.right ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return `${[line(columns.map((column) => column.title.toUpperCase())), ...cells.map(line)].join("\n")}\n`;
}

/** Text from outside cannot move the cursor, change colours, or turn the direction of reading. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is taken out
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "�");
}

/** One line, whatever it was. */
function inCell(text: string): string {
  return printable(text.trim().replaceAll(/\s*[\r\n]+\s*/g, " "));
}

const colours = { red: 31, green: 32, yellow: 33, blue: 34, grey: 90 } as const;

export function paint(screen: Screen, colour: keyof typeof colours, text: string): string {
  return screen.colour ? `\u001b[${colours[colour]}m${text}\u001b[0m` : text;
}

/** How long ago, in the largest unit that fits. */
export function ago(iso: string | undefined, nowMs: number = Date.now()): string {
  if (iso === undefined) return "never";
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(iso)) / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 129_600 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} d ago`;
}
