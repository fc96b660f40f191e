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
  /** The host key that is to be pinned, as it was written; in imports only. */
  hostKey?: string;
  where: { file: string; line: number };
}

/** A device as it goes in and out of an inventory: with its pinned host key. */
export type Exchanged = DeviceSpec & { hostKey?: string };

const hostKeyShapes = /^(?:SHA256:[A-Za-z0-9+/]{43}|(?:ssh|ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/]{40,}={0,2}(?: .*)?)$/;
/** A host key as people have it: its fingerprint, or the public key itself. */
export const hostKeyText = z.string().max(4000).trim().regex(hostKeyShapes, "a fingerprint (SHA256:…) or a public key (ssh-ed25519 AAAA…)");

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

/** As an import may have it: a repository does not pin host keys, for who writes to it need not have compared them. */
const importShape = documentShape.extend({ spec: documentShape.shape.spec.extend({ hostKey: hostKeyText.optional() }) });

/** The devices of one file, and what is wrong with it; one bad document does not hide the others. */
export function parseDeviceDocuments(
  text: string,
  file: string,
  { hostKeys = false } = {},
): { devices: DeviceIntent[]; problems: Fault[] } {
  const devices: DeviceIntent[] = [];
  const problems: Fault[] = [];
  for (const document of readYaml(text, file)) {
    problems.push(...document.faults);
    if (document.value === null || document.value === undefined) continue;
    const read = readDevice(document, file, hostKeys ? importShape : documentShape);
    if ("device" in read) devices.push(read.device);
    else problems.push(...read.problems);
  }
  return { devices, problems };
}

function readDevice(
  document: YamlDocument,
  file: string,
  shape: typeof documentShape | typeof importShape,
): { device: DeviceIntent } | { problems: Fault[] } {
  const parsed = (shape as typeof importShape).safeParse(document.value);
  if (!parsed.success) return { problems: faultsOf(parsed.error, document, file) };
  const { metadata, spec } = parsed.data;
  const { template, hostKey, ...rest } = spec;
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
  return {
    device: {
      spec: { ...rest, ...metadata },
      template: template ?? `templates/${spec.platform}/device.j2`,
      where,
      ...(hostKey === undefined ? {} : { hostKey }),
    },
  };
}

/** Devices as documents, ready to be read again by this and by other readers of YAML. */
export function formatDeviceDocuments(devices: Exchanged[]): string {
  return devices.map(formatDevice).join("---\n");
}

function formatDevice({ name, labels, ...spec }: Exchanged): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  const metadata = { name, ...(sorted.length > 0 ? { labels: Object.fromEntries(sorted) } : {}) };
  const given = Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
  // Written by the rules of YAML 1.1, which put quotes around more than 1.2 needs: `"yes"` is a text to every reader.
  const document = new Document({ apiVersion: "holdfast/v1", kind: "Device", metadata, spec: given }, { version: "1.1" });
  document.directives = undefined;
  return stringify(document, { version: "1.1", lineWidth: 0 });
}
