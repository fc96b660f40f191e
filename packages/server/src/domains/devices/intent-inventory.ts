/** Device documents: what a repository's `inventory/` and an import hold. Pure. */
import { deviceSpec, type DeviceSpec } from "@holdfast/contract";
import { Document, stringify } from "yaml";
import { z } from "zod";
import { readYaml, type Fault, type YamlDocument } from "./intent-yaml.ts";
import { faultsOf } from "./intent-faults.ts";

export interface DeviceIntent {
  spec: DeviceSpec;
  /** Path of the template that makes its configuration. */
  template: string;
  where: { file: string; line: number };
}

const documentShape = z.strictObject({
  apiVersion: z.literal("holdfast/v1"),
  kind: z.literal("Device"),
  metadata: z.strictObject({ name: deviceSpec.shape.name, labels: deviceSpec.shape.labels }),
  spec: z.strictObject({
    ...deviceSpec.omit({ name: true, labels: true }).shape,
    template: z
      .string()
      .max(255)
      .regex(/^templates\/(?!.*\.\.).+\.j2$/, "a path such as templates/frr/edge.j2")
      .optional(),
  }),
});

/** The devices of one file, and what is wrong with it; one bad document does not hide the others. */
export function parseDeviceDocuments(text: string, file: string): { devices: DeviceIntent[]; problems: Fault[] } {
  const devices: DeviceIntent[] = [];
  const problems: Fault[] = [];
  for (const document of readYaml(text, file)) {
    problems.push(...document.faults);
    if (document.value === null || document.value === undefined) continue;
    const read = readDevice(document, file);
    if ("device" in read) devices.push(read.device);
    else problems.push(...read.problems);
  }
  return { devices, problems };
}

function readDevice(document: YamlDocument, file: string): { device: DeviceIntent } | { problems: Fault[] } {
  const parsed = documentShape.safeParse(document.value);
  if (!parsed.success) return { problems: faultsOf(parsed.error, document, file) };
  const { metadata, spec } = parsed.data;
  const { template, ...rest } = spec;
  const where = { file, line: document.lineOf(["metadata", "name"]) };
  if (spec.bastion === metadata.name)
    return {
      problems: [
        {
          at: `${file}:${document.lineOf(["spec", "bastion"])}`,
          code: "intent_document",
          say: "spec.bastion: a device cannot be its own bastion",
        },
      ],
    };
  return { device: { spec: { ...rest, ...metadata }, template: template ?? `templates/${spec.platform}/device.j2`, where } };
}

/** Devices as documents, ready to be read again by this and by other readers of YAML. */
export function formatDeviceDocuments(devices: DeviceSpec[]): string {
  return devices.map(formatDevice).join("---\n");
}

function formatDevice({ name, labels, ...spec }: DeviceSpec): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  const metadata = { name, ...(sorted.length > 0 ? { labels: Object.fromEntries(sorted) } : {}) };
  const given = Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
  // Written by the rules of YAML 1.1, which put quotes around more than 1.2 needs: `"yes"` is a text to every reader.
  const document = new Document({ apiVersion: "holdfast/v1", kind: "Device", metadata, spec: given }, { version: "1.1" });
  document.directives = undefined;
  return stringify(document, { version: "1.1", lineWidth: 0 });
}
