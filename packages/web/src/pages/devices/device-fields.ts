/** A device as the fields of a form, and back. Pure. */
import type { DeviceSpec } from "@holdfast/contract";

export interface DeviceFields {
  name: string;
  platform: DeviceSpec["platform"];
  address: string;
  port: number | string;
  site: string;
  /** `key=value, key=value`. */
  labels: string;
  redundancyGroup: string;
  credential: string;
  bastion: string;
  driftMode: DeviceSpec["driftMode"];
}

export const blankDevice: DeviceFields = {
  name: "",
  platform: "ios",
  address: "",
  port: 22,
  site: "",
  labels: "",
  redundancyGroup: "",
  credential: "",
  bastion: "",
  driftMode: "alert",
};

export function formOf(device: DeviceSpec): DeviceFields {
  return {
    name: device.name,
    platform: device.platform,
    address: device.address,
    port: device.port,
    site: device.site ?? "",
    labels: Object.entries(device.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(", "),
    redundancyGroup: device.redundancyGroup ?? "",
    credential: device.credential ?? "",
    bastion: device.bastion ?? "",
    driftMode: device.driftMode,
  };
}

export function specOf(fields: DeviceFields): DeviceSpec {
  const some = <K extends "site" | "redundancyGroup" | "credential" | "bastion">(key: K): { [k in K]?: string } =>
    (fields[key].trim() === "" ? {} : { [key]: fields[key].trim() }) as { [k in K]?: string };
  return {
    name: fields.name.trim(),
    platform: fields.platform,
    address: fields.address.trim(),
    port: Number(fields.port),
    labels: readLabels(fields.labels).labels,
    driftMode: fields.driftMode,
    ...some("site"),
    ...some("redundancyGroup"),
    ...some("credential"),
    ...some("bastion"),
  };
}

/** `role=core, env=prod` → labels; `wrong` is the first part that is not key=value. */
export function readLabels(text: string): { labels: Record<string, string>; wrong?: string } {
  const labels: Record<string, string> = {};
  for (const part of text.split(",").map((piece) => piece.trim())) {
    if (part === "") continue;
    const match = /^([^=\s]+)\s*=\s*(.*)$/.exec(part);
    if (match === null) return { labels, wrong: part };
    labels[match[1] ?? ""] = match[2] ?? "";
  }
  return { labels };
}

export function labelsProblem(text: string): { labels?: string } {
  const { wrong } = readLabels(text);
  return wrong === undefined ? {} : { labels: `“${wrong}” is not key=value` };
}

/** What a form says of a field that must not be empty, in place of what a schema says. */
export function missing(fields: DeviceFields): Partial<Record<keyof DeviceFields, string>> {
  return {
    ...(fields.name.trim() === "" && { name: "Give it a name: letters, digits, . _ - (63 at most)" }),
    ...(fields.address.trim() === "" && { address: "Where it answers: an IP address or a DNS name" }),
  };
}
