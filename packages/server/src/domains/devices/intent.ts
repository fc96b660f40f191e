/**
 * A revision's files → what the operator wants: devices, the data and template of each, policies, and everything that is wrong,
 * with its file and line. Pure. The layout is in docs/repository-layout.md.
 */
import { isProblem, matches, type Labels } from "@holdfast/kit";
import type { HealthPolicy } from "./checks.ts";
import { parseDeviceDocuments, type DeviceIntent } from "./intent-inventory.ts";
import { parsePolicies, type Policies } from "./intent-policies.ts";
import { readYaml, type Fault } from "./intent-yaml.ts";
import { renderTemplate, type TemplateData, type TemplateLoader } from "./templates/index.ts";

export { formatDeviceDocuments, parseDeviceDocuments } from "./intent-inventory.ts";
export type { DeviceIntent } from "./intent-inventory.ts";
export type { Fault } from "./intent-yaml.ts";

/** The files that count. */
export const intentGlobs = [
  "inventory/**/*.yaml",
  "inventory/**/*.yml",
  "templates/**/*.j2",
  "data/**/*.yaml",
  "data/**/*.yml",
  "policies/**/*.yaml",
  "policies/**/*.yml",
] as const;

type Data = Record<string, TemplateData>;

export interface Intent {
  devices: DeviceIntent[];
  policies: Policies;
  problems: Fault[];
  templates: ReadonlyMap<string, string>;
  /** One for all renders of a revision, so that each template is parsed once. */
  loader: TemplateLoader;
  /** Data files by path, read. */
  data: ReadonlyMap<string, Data>;
}

export interface Rendered {
  text: string;
  /** Where each line comes from. */
  sources: { line: number; template: string; templateLine: number; data: string[] }[];
}

export function readIntent(files: ReadonlyMap<string, string>): Intent {
  const intent = {
    devices: [] as DeviceIntent[],
    policies: { health: [], strategies: [] } as Policies,
    problems: [] as Fault[],
    templates: new Map<string, string>(),
    data: new Map<string, Data>(),
  };
  for (const [path, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) readFile(path, text, intent);
  return { ...intent, loader: loaderOf(intent.templates), devices: withoutDoubles(intent.devices, intent.problems) };
}

function readFile(
  path: string,
  text: string,
  into: { devices: DeviceIntent[]; policies: Policies; problems: Fault[]; templates: Map<string, string>; data: Map<string, Data> },
): void {
  if (path.startsWith("inventory/")) {
    const { devices, problems } = parseDeviceDocuments(text, path);
    into.devices.push(...devices);
    into.problems.push(...problems);
  } else if (path.startsWith("policies/")) {
    const { policies, problems } = parsePolicies(text, path);
    into.policies.health.push(...policies.health);
    into.policies.strategies.push(...policies.strategies);
    into.problems.push(...problems);
  } else if (path.startsWith("data/")) {
    const { data, problems } = readData(path, text);
    into.problems.push(...problems);
    if (data) into.data.set(path.replace(/\.yml$/, ".yaml"), data);
  } else if (path.startsWith("templates/")) into.templates.set(path, text);
}

function readData(path: string, text: string): { data?: Data; problems: Fault[] } {
  const { documents, faults } = readYaml(text, path);
  if (faults.length > 0) return { problems: faults };
  if (documents.length > 1) return { problems: [{ at: `${path}:1`, code: "intent_data", say: "A data file holds one document." }] };
  const value = documents[0]?.value ?? {};
  if (typeof value === "object" && !Array.isArray(value)) return { data: value as Data, problems: [] };
  return { problems: [{ at: `${path}:1`, code: "intent_data", say: "A data file holds a mapping: names and their values." }] };
}

/** A template is named by its path, or by its path below `templates/`. */
function loaderOf(templates: ReadonlyMap<string, string>): TemplateLoader {
  return {
    load: (name) => {
      const file = [name, `templates/${name}`].find((path) => templates.has(path));
      return file === undefined ? undefined : { file, text: templates.get(file) ?? "" };
    },
  };
}

/** The first of two devices with one name counts; the second is a problem. */
function withoutDoubles(devices: DeviceIntent[], problems: Fault[]): DeviceIntent[] {
  const first = new Map<string, DeviceIntent>();
  for (const device of devices) {
    const earlier = first.get(device.spec.name);
    if (earlier === undefined) first.set(device.spec.name, device);
    else {
      const say = `${device.spec.name} stands at ${earlier.where.file}:${earlier.where.line} already.`;
      problems.push({ at: `${device.where.file}:${device.where.line}`, code: "intent_double", say });
    }
  }
  return [...first.values()];
}

/** The intended configuration of a device. */
export function renderDevice(intent: Intent, name: string): Rendered | { problem: Fault } {
  const device = intent.devices.find((one) => one.spec.name === name);
  if (!device) return { problem: { at: "inventory", code: "intent_device_missing", say: `${name} is not in this revision's inventory.` } };
  const at = `${device.where.file}:${device.where.line}`;
  if (!intent.templates.has(device.template)) {
    return {
      problem: { at, code: "intent_template_missing", say: `${name} wants ${device.template}, which this revision does not have.` },
    };
  }
  try {
    const { text, lines } = renderTemplate({
      loader: intent.loader,
      entry: device.template,
      data: variablesOf(intent, device),
    });
    return {
      text,
      sources: lines.map((line, index) => ({
        line: index + 1,
        template: line.template,
        templateLine: line.templateLine,
        data: [...line.data],
      })),
    };
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    const { template, line } = thrown.facts;
    return {
      problem: {
        at: typeof template === "string" && typeof line === "number" ? `${template}:${line}` : at,
        code: thrown.code,
        say: thrown.message,
      },
    };
  }
}

/** What a template sees: all merged data at the top, `device`, and `site`. */
function variablesOf(intent: Intent, device: DeviceIntent): Data {
  const { spec } = device;
  const layers = [
    "data/global.yaml",
    ...(spec.site === undefined ? [] : [`data/sites/${spec.site}.yaml`]),
    `data/devices/${spec.name}.yaml`,
  ];
  const merged = layers.reduce<Data>((sum, path) => mergeData(sum, intent.data.get(path) ?? {}), {});
  const own = Object.fromEntries(Object.entries(spec).filter(([key, value]) => value !== undefined && key !== "credential")) as Data;
  return {
    ...merged,
    device: mergeData(isMapping(merged["device"]) ? merged["device"] : {}, own),
    site: merged["site"] ?? spec.site ?? null,
  };
}

/** Mappings are merged at any depth; lists and values replace. */
export function mergeData(base: Data, over: Data): Data {
  const merged: Data = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isMapping(below) && isMapping(value) ? mergeData(below, value) : value;
  }
  return merged;
}

function isMapping(value: TemplateData | undefined): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function labelsOf({ spec }: DeviceIntent): Labels {
  return { ...spec.labels, platform: spec.platform, ...(spec.site === undefined ? {} : { site: spec.site }) };
}

/** The last health policy whose selector picks the device. */
export function healthPolicyOf(intent: Intent, name: string): HealthPolicy | undefined {
  const device = intent.devices.find((one) => one.spec.name === name);
  return device && intent.policies.health.findLast((one) => matches(one.selector, labelsOf(device)))?.policy;
}
