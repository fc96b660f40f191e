/** What a change of a device's configuration carries. */
import { platform as platformName } from "@holdfast/contract";
import { z } from "zod";
import type { HealthPolicy } from "./checks.ts";

export const configKind = "devices.config";

export const healthShape = z.object({
  cpuPercent: z.number().optional(),
  memoryPercent: z.number().optional(),
  uptimeS: z.number().optional(),
  interfacesUp: z.array(z.string()),
  interfacesDown: z.array(z.string()),
  ospfFull: z.array(z.string()),
  bgpEstablished: z.array(z.string()),
});
const policy = z.object({
  checks: z.array(z.custom<HealthPolicy["checks"][number]>((value) => typeof value === "object" && value !== null && "kind" in value)),
  settleMs: z.number(),
  patienceMs: z.number(),
});
const source = z.object({ line: z.number(), template: z.string(), templateLine: z.number(), data: z.array(z.string()) });
export const configPayload = z.object({
  platform: platformName,
  /** What was running when this was planned, in full. */
  base: z.string(),
  /** What is to run. */
  intended: z.string(),
  /** `whole` for the way back to what a device had; left out of an intent's change, whose intended configuration may be silent on some lines. */
  sense: z.enum(["intent", "whole"]).optional(),
  health: policy,
  downOnPurpose: z.array(z.string()),
  sources: z.array(source).optional(),
});
/** What a configuration change carries; sealed while it is kept. */
export type ConfigPayload = z.infer<typeof configPayload>;
