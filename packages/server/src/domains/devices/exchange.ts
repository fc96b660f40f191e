/** Import and export of the inventory, YAML or CSV. An import takes all rows or none, and names the row and column at fault. */
import { createHash } from "node:crypto";
import { deviceSpec, type DeviceSpec } from "@holdfast/contract";
import { isProblem, sayError } from "@holdfast/kit";
import { CsvError, parse as parseCsv } from "csv-parse/sync";
import { formatDeviceDocuments, hostKeyText, parseDeviceDocuments, type Exchanged } from "./intent-inventory.ts";

export interface ExchangeError {
  /** `row 7, column port` or `line 12`. */
  at: string;
  say: string;
}

export interface ReadDevices {
  /** `hostKey`: the fingerprint that is to be pinned, when one was given. */
  devices: { spec: DeviceSpec; hostKey?: string; at: string }[];
  errors: ExchangeError[];
}

const columns = [
  "name",
  "platform",
  "address",
  "port",
  "site",
  "labels",
  "redundancyGroup",
  "credential",
  "bastion",
  "driftMode",
  "hostKey",
] as const;

export function readDevices(format: "yaml" | "csv", content: string): ReadDevices {
  const read = format === "csv" ? readCsv(content) : readYaml(content);
  const known = read.devices.map((device) => ({ device, hostKey: fingerprintIn(device.hostKey) }));
  const devices = known.map(({ device: { spec, at }, hostKey }) => (hostKey === undefined ? { spec, at } : { spec, at, hostKey }));
  const torn = known.filter(({ device, hostKey }) => device.hostKey !== undefined && hostKey === undefined);
  const errors = torn.map(({ device: { spec, at } }) => ({
    at,
    say: `The host key of ${spec.name} is no public key of the kind that it names.`,
  }));
  return { devices, errors: [...read.errors, ...errors, ...duplicates(devices)] };
}

function fingerprintIn(text: string | undefined): string | undefined {
  if (text === undefined || text.startsWith("SHA256:")) return text;
  const [kind = "", blob = ""] = text.split(" ");
  const key = Buffer.from(blob, "base64");
  // The blob names its own kind (RFC 4253, 6.6).
  const named = key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");
  return named === kind ? `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}` : undefined;
}

function readYaml(content: string): ReadDevices {
  const { devices, problems } = parseDeviceDocuments(content, "import", { hostKeys: true });
  return {
    devices: devices.map(({ spec, hostKey, where }) => ({ spec, at: `line ${where.line}`, ...(hostKey === undefined ? {} : { hostKey }) })),
    errors: problems.map((problem) => ({ at: problem.at.replace(/^import:/, "line "), say: problem.say })),
  };
}

/** Row 1 is the header. Labels are written `key=value;key=value`. */
function readCsv(content: string): ReadDevices {
  let rows: Record<string, string>[];
  try {
    rows = parseCsv(content, { columns: true, bom: true, trim: true, skip_empty_lines: true });
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown;
    return {
      devices: [],
      errors: [{ at: typeof thrown["lines"] === "number" ? `line ${thrown["lines"]}` : "the file", say: thrown.message }],
    };
  }
  const strange = Object.keys(rows[0] ?? {}).filter((name) => !columns.some((column) => column === name));
  const known = `columns are ${columns.join(", ")}`;
  const errors: ExchangeError[] = strange.map((name) => ({ at: `row 1, column ${name}`, say: `There is no column ${name}; ${known}.` }));
  const devices: ReadDevices["devices"] = [];
  rows.forEach((row, index) => readRow(row, index + 2, { devices, errors }));
  if (rows.length === 0) errors.push({ at: "row 1", say: `There are no devices; the first row names the columns, ${known}.` });
  return { devices, errors };
}

const exchangedRow = deviceSpec.extend({ hostKey: hostKeyText.optional() });

function readRow(row: Record<string, string>, number: number, into: ReadDevices): void {
  const given = Object.fromEntries(
    columns.flatMap((column) => (row[column] === undefined || row[column] === "" ? [] : [[column, row[column]]])),
  );
  try {
    const parsed = exchangedRow.safeParse({
      ...given,
      ...(given["port"] === undefined ? {} : { port: Number(given["port"]) }),
      labels: readLabels(given["labels"] ?? ""),
    });
    if (parsed.success) {
      const { hostKey: key, ...spec } = parsed.data;
      into.devices.push({ spec, at: `row ${number}`, ...(key === undefined ? {} : { hostKey: key }) });
    } else
      into.errors.push(
        ...parsed.error.issues.map(({ path, message }) => {
          const column = String(path[0] ?? "");
          return { at: `row ${number}, column ${column}`, say: column in given || path.length > 1 ? message : "must be given" };
        }),
      );
  } catch (thrown) {
    if (!isProblem(thrown) && !(thrown instanceof RangeError)) throw thrown;
    into.errors.push({ at: `row ${number}, column labels`, say: sayError(thrown) });
  }
}

function readLabels(text: string): Record<string, string> {
  const pairs = text
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new RangeError(`"${pair}" is not of the form key=value`);
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}

/** Those that others jump through come first: a device is added after its bastion. */
export function bastionsFirst<T extends { spec: DeviceSpec }>(devices: T[]): T[] {
  const byName = new Map(devices.map((device) => [device.spec.name, device]));
  const sorted = new Set<T>();
  const add = (device: T, waiting: T[]): void => {
    const bastion = byName.get(device.spec.bastion ?? "");
    if (bastion && !waiting.includes(bastion)) add(bastion, [...waiting, device]);
    sorted.add(device);
  };
  for (const device of devices) add(device, [device]);
  return [...sorted];
}

function duplicates(devices: ReadDevices["devices"]): ExchangeError[] {
  const first = new Map<string, string>();
  return devices.flatMap(({ spec, at }) => {
    const earlier = first.get(spec.name);
    first.set(spec.name, earlier ?? at);
    return earlier === undefined ? [] : [{ at, say: `${spec.name} stands at ${earlier} already.` }];
  });
}

export function writeDevices(format: "yaml" | "csv", devices: Exchanged[]): string {
  return format === "yaml" ? formatDeviceDocuments(devices) : writeCsv(devices);
}

function writeCsv(devices: Exchanged[]): string {
  const rows = devices.map((device) =>
    columns.map((column) => cell(column === "labels" ? labelsCell(device.labels) : String(device[column] ?? ""))),
  );
  return `${[columns.join(","), ...rows.map((row) => row.join(","))].join("\n")}\n`;
}

function labelsCell(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(";");
}

/** Quoted where CSV needs it (RFC 4180); a leading = + - @ gets a quote mark, so that no spreadsheet runs it. */
function cell(text: string): string {
  const safe = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
