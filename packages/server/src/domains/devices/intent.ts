/**
 * A revision's files → what the operator wants: devices, the data and template of each, policies, and everything that is wrong,
 * with its file and line. Pure. The layout is in docs/repository-layout.md.
 */
import { isProblem, labelsOf, matches } from "@holdfast/kit";
import type { HealthPolicy } from "./checks.ts";
import { ruinOf } from "./config/index.ts";
import { isMapping, layersOf, mergeData, readDataFile, unreadFaults, type DataFile } from "./intent-data.ts";
import { parseDeviceDocuments, type DeviceIntent } from "./intent-inventory.ts";
import { parsePolicies, type Policies } from "./intent-policies.ts";
import type { Fault } from "./intent-yaml.ts";
import { checkTemplate, renderTemplate, type TemplateData, type TemplateLoader } from "./templates/index.ts";
import type { YamlMapping, YamlValue } from "./yaml-values.ts";

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

export interface Intent {
  /** By name. */
  devices: DeviceIntent[];
  policies: Policies;
  /** All that is wrong, by place. What is said here of a data file or a template keeps the devices that need it from being rendered. */
  problems: Fault[];
  templates: ReadonlyMap<string, string>;
  /** One for all renders of a revision, so that each template is parsed once. */
  loader: TemplateLoader;
  /** Data files by path, read. */
  data: ReadonlyMap<string, DataFile>;
  /** Devices by name. */
  named: ReadonlyMap<string, DeviceIntent>;
}

export interface Rendered {
  text: string;
  /** Where each line comes from. */
  sources: { line: number; template: string; templateLine: number; data: string[] }[];
}

interface Draft {
  devices: DeviceIntent[];
  policies: Policies;
  problems: Fault[];
  templates: Map<string, string>;
  data: Map<string, DataFile>;
}

export function readIntent(files: ReadonlyMap<string, string>): Intent {
  const draft: Draft = { devices: [], policies: { health: [], strategies: [] }, problems: [], templates: new Map(), data: new Map() };
  for (const [path, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) readFile(path, text, draft);
  const named = singles(draft.devices, draft.problems);
  const devices = [...named.values()].sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
  draft.problems.push(
    ...doubledPolicies(draft.policies),
    ...unreadFaults(
      draft.data.values(),
      draft.devices.map(({ spec }) => spec),
    ),
  );
  draft.problems.push(...devices.flatMap((device) => templateFaults(device, draft.templates)));
  return { ...draft, devices, named, loader: loaderOf(draft.templates), problems: draft.problems.sort(byPlace) };
}

function readFile(path: string, text: string, into: Draft): void {
  const [, folder, suffix] = /^(inventory|templates|data|policies)\/.+(\.yaml|\.yml|\.j2)$/.exec(path) ?? [];
  if (folder === "templates" && suffix === ".j2") {
    into.templates.set(path, text);
    into.problems.push(...formFaults(path, text));
  } else if (suffix === ".j2" || suffix === undefined) return;
  else if (folder === "inventory") collect(parseDeviceDocuments(text, path), into);
  else if (folder === "policies") collectPolicies(parsePolicies(text, path), into);
  else if (folder === "data") collectData(readDataFile(text, path), into);
}

/** Under the name with `.yaml`, whichever it has. */
function collectData(read: DataFile, { data, problems }: Draft): void {
  const name = read.path.replace(/\.yml$/, ".yaml");
  const other = data.get(name);
  problems.push(...read.faults);
  if (!other) return void data.set(name, read);
  const fault = { at: `${read.path}:1`, code: "intent_double", say: `${other.path} is there too; keep one of them.` };
  problems.push(fault);
  data.set(name, { ...other, faults: [...other.faults, fault] });
}

function collect({ devices, problems }: { devices: DeviceIntent[]; problems: Fault[] }, into: Draft): void {
  into.devices.push(...devices);
  into.problems.push(...problems);
}

function collectPolicies({ policies, problems }: { policies: Policies; problems: Fault[] }, into: Draft): void {
  into.policies.health.push(...policies.health);
  into.policies.strategies.push(...policies.strategies);
  into.problems.push(...problems);
}

/** What is wrong with a template before it meets any data. */
function formFaults(path: string, text: string): Fault[] {
  try {
    checkTemplate(path, text);
    return [];
  } catch (thrown) {
    return [faultOf(thrown, `${path}:1`)];
  }
}

function faultOf(thrown: unknown, elsewhere: string): Fault {
  if (!isProblem(thrown)) throw thrown;
  const { template, line } = thrown.facts;
  const at = typeof template === "string" && typeof line === "number" ? `${template}:${line}` : elsewhere;
  return { at, code: thrown.code, say: thrown.message };
}

/** Two devices of one name: nobody can know which is meant, so neither counts. */
function singles(devices: readonly DeviceIntent[], problems: Fault[]): Map<string, DeviceIntent> {
  const byName = Map.groupBy(devices, ({ spec }) => spec.name);
  for (const [name, same] of byName) {
    if (same.length === 1) continue;
    for (const { where } of same) {
      const others = same.filter((one) => one.where !== where).map((one) => `${one.where.file}:${one.where.line}`);
      problems.push({
        at: `${where.file}:${where.line}`,
        code: "intent_double",
        say: `${name} stands at ${others.join(", ")} too; none of them counts.`,
      });
    }
  }
  return new Map([...byName].flatMap(([name, same]) => (same.length === 1 && same[0] ? [[name, same[0]] as const] : [])));
}

function doubledPolicies({ health, strategies }: Policies): Fault[] {
  return [health, strategies].flatMap((policies) => {
    const first = new Map<string, { file: string; line: number }>();
    return policies.flatMap(({ name, where }) => {
      const earlier = first.get(name);
      first.set(name, earlier ?? where);
      const say = earlier && `The policy ${name} stands at ${earlier.file}:${earlier.line} already.`;
      return say === undefined ? [] : [{ at: `${where.file}:${where.line}`, code: "intent_double", say }];
    });
  });
}

/** A template that a document names must be there; the usual one is missed only by who renders. */
function templateFaults({ spec, template, where }: DeviceIntent, templates: ReadonlyMap<string, string>): Fault[] {
  if (templates.has(template) || template === `templates/${spec.platform}/device.j2`) return [];
  return [
    {
      at: `${where.file}:${where.line}`,
      code: "intent_template_missing",
      say: `${spec.name} wants ${template}, which this revision does not have.`,
    },
  ];
}

function byPlace(a: Fault, b: Fault): number {
  const [fileA = "", lineA = "0"] = a.at.split(/:(?=\d+$)/);
  const [fileB = "", lineB = "0"] = b.at.split(/:(?=\d+$)/);
  return fileA === fileB ? Number(lineA) - Number(lineB) : fileA < fileB ? -1 : 1;
}

/** A template is named by its path, or by its path below `templates/`. */
function loaderOf(templates: ReadonlyMap<string, string>): TemplateLoader {
  return {
    load: (name) => {
      const file = [`templates/${name}`, name].find((path) => templates.has(path));
      return file === undefined ? undefined : { file, text: templates.get(file) ?? "" };
    },
  };
}

/** The intended configuration of a device. */
export function renderDevice(intent: Intent, name: string): Rendered | { problem: Fault } {
  const device = intent.named.get(name);
  if (!device) return { problem: { at: "inventory", code: "intent_device_missing", say: `${name} is not in this revision's inventory.` } };
  const at = `${device.where.file}:${device.where.line}`;
  if (!intent.templates.has(device.template))
    return {
      problem: { at, code: "intent_template_missing", say: `${name} wants ${device.template}, which this revision does not have.` },
    };
  const { platform } = device.spec;
  if (platform === "jump_host")
    return { problem: { at, code: "devices_jump_host", say: `${name} is a jump host; it has no configuration.` } };
  const broken = layersOf(device.spec).flatMap((path) => intent.data.get(path)?.faults ?? [])[0];
  if (broken)
    return { problem: { ...broken, say: `${name} needs ${broken.at.replace(/:\d+$/, "")}, which cannot be read: ${broken.say}` } };
  try {
    const { text, lines } = renderTemplate({ loader: intent.loader, entry: device.template, data: variablesOf(intent, device) });
    const ruin = ruinOf(text, platform);
    if (ruin) {
      const source = lines[(ruin.lines[0] ?? 0) - 1];
      const where = source ? `${source.template}:${source.templateLine}` : at;
      return { problem: { at: where, code: "intent_config_ruinous", say: `${name} cannot be given what this renders: ${ruin.say}` } };
    }
    return { text, sources: lines.map((source, index) => ({ line: index + 1, ...source })) };
  } catch (thrown) {
    return { problem: faultOf(thrown, at) };
  }
}

/** What a template sees: all merged data at the top, `device`, and `site`. */
function variablesOf(intent: Intent, { spec }: DeviceIntent): Record<string, TemplateData> {
  const merged = layersOf(spec).reduce((sum, path) => mergeData(sum, intent.data.get(path)?.value ?? new Map()), new Map() as YamlMapping);
  const given = merged.get("device");
  const known = Object.entries(spec).flatMap(([key, value]) =>
    value === undefined || key === "credential" ? [] : [[key, value] as const],
  );
  const own = new Map<YamlValue, YamlValue>(known);
  const device = mergeData(isMapping(given) ? given : new Map(), own);
  const site = spec.site === undefined || merged.has("site") ? {} : { site: spec.site };
  return { ...site, ...(Object.fromEntries(merged as ReadonlyMap<string, YamlValue>) as Record<string, TemplateData>), device };
}

/** The last health policy whose selector picks the device. */
export function healthPolicyOf(intent: Intent, name: string): HealthPolicy | undefined {
  const device = intent.named.get(name);
  return device && intent.policies.health.findLast((one) => matches(one.selector, labelsOf(device.spec)))?.policy;
}
