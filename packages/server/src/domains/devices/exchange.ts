/** Import and export of the inventory, YAML or CSV. An import takes all rows or none, and names the row and column at fault. */
import { deviceSpec, type DeviceSpec } from "@holdfast/contract";
import { isProblem, sayError } from "@holdfast/kit";
import { CsvError, parse as parseCsv } from "csv-parse/sync";
import { formatDeviceDocuments, parseDeviceDocuments } from "./intent.ts";

export interface ExchangeError {
  /** `row 7, column port` or `line 12`. */
  at: string;
  say: string;
}

export interface ReadDevices {
  devices: { spec: DeviceSpec; at: string }[];
  errors: ExchangeError[];
}

const columns = ["name", "platform", "address", "port", "site", "labels", "redundancyGroup", "credential", "bastion", "driftMode"] as const;

export function readDevices(format: "yaml" | "csv", content: string): ReadDevices {
  const read = format === "csv" ? readCsv(content) : readYaml(content);
  return { devices: read.devices, errors: [...read.errors, ...duplicates(read.devices)] };
}

function readYaml(content: string): ReadDevices {
  const { devices, problems } = parseDeviceDocuments(content, "import");
  return {
    devices: devices.map((device) => ({ spec: device.spec, at: `line ${device.where.line}` })),
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

function readRow(row: Record<string, string>, number: number, into: ReadDevices): void {
  const given = Object.fromEntries(
    columns.flatMap((column) => (row[column] === undefined || row[column] === "" ? [] : [[column, row[column]]])),
  );
  try {
    const parsed = deviceSpec.safeParse({
      ...given,
      ...(given["port"] === undefined ? {} : { port: Number(given["port"]) }),
      labels: readLabels(given["labels"] ?? ""),
    });
    if (parsed.success) into.devices.push({ spec: parsed.data, at: `row ${number}` });
    else
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

function duplicates(devices: ReadDevices["devices"]): ExchangeError[] {
  const first = new Map<string, string>();
  return devices.flatMap(({ spec, at }) => {
    const earlier = first.get(spec.name);
    first.set(spec.name, earlier ?? at);
    return earlier === undefined ? [] : [{ at, say: `${spec.name} stands at ${earlier} already.` }];
  });
}

export function writeDevices(format: "yaml" | "csv", devices: DeviceSpec[]): string {
  return format === "yaml" ? formatDeviceDocuments(devices) : writeCsv(devices);
}

function writeCsv(devices: DeviceSpec[]): string {
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
