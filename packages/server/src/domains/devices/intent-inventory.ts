/** Device documents: what a repository's `inventory/` and an import hold. Pure. */
import { deviceSpec, type DeviceSpec } from "@holdfast/contract";
import { Document, stringify } from "yaml";
import { z } from "zod";
import { readYaml, type Fault, type YamlDocument } from "./intent-yaml.ts";

export interface DeviceIntent {
  spec: DeviceSpec;
  /** Path of the template that makes its configuration. */
  template: string;
  where: { file: string; line: number };
}

const name = deviceSpec.shape.name;
const documentShape = z.strictObject({
  apiVersion: z.literal("holdfast/v1"),
  kind: z.literal("Device"),
  metadata: z.strictObject({ name, labels: deviceSpec.shape.labels }),
  spec: z.strictObject({ ...deviceSpec.omit({ name: true, labels: true }).shape, template: z.string().max(255).optional() }),
});

/** The devices of one file, and what is wrong with it; one bad document does not hide the others. */
export function parseDeviceDocuments(text: string, file: string): { devices: DeviceIntent[]; problems: Fault[] } {
  const { documents, faults } = readYaml(text, file);
  const devices: DeviceIntent[] = [];
  const problems = [...faults];
  for (const document of documents) {
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
  return {
    device: {
      spec: deviceSpec.parse({ ...rest, ...metadata }),
      template: template ?? `templates/${spec.platform}/device.j2`,
      where: { file, line: document.lineOf(["metadata", "name"]) },
    },
  };
}

/** A shape's complaints as places of the file. */
export function faultsOf(error: z.ZodError, document: YamlDocument, file: string): Fault[] {
  return error.issues.map((issue) => {
    const keys = issue.code === "unrecognized_keys" ? issue.keys : [];
    const path = [...issue.path, ...keys.slice(0, 1)];
    const member = path.length === 0 ? "the document" : path.map(String).join(".");
    return {
      at: `${file}:${document.lineOf(path)}`,
      code: "intent_document",
      say: `${member}: ${keys.length > 0 ? "there is no such member" : issue.message}`,
    };
  });
}

/** Devices as documents, ready to be read again. */
export function formatDeviceDocuments(devices: DeviceSpec[]): string {
  const documents = devices.map(({ name: deviceName, labels, ...spec }) => {
    const metadata = { name: deviceName, ...(Object.keys(labels).length > 0 ? { labels } : {}) };
    return stringify(new Document({ apiVersion: "holdfast/v1", kind: "Device", metadata, spec }));
  });
  return documents.join("---\n");
}
