/** From what runs and what is intended to the change between them. Pure. */
import type { PlatformName } from "@holdfast/contract";
import type { Change, Target } from "#core/rollout";
import type { HealthPolicy } from "./checks.ts";
import { diffConfigs, parseConfig, type Sense } from "./config/index.ts";
import { configKind, type ConfigPayload } from "./payload.ts";

export interface PlanInput {
  target: Target;
  platform: PlatformName;
  /** In full, as the device gave it. */
  running: string;
  intended: string;
  /** `whole` when `intended` is what the device once had; `intent` unless told. */
  sense?: Sense;
  health: HealthPolicy;
  sources?: { line: number; template: string; templateLine: number; data: string[] }[];
  /** The hash of a configuration (versions.ts). */
  hash: (text: string) => string;
}

/** The change that brings a device to its intended configuration; undefined when it has it. */
export function changeOf(input: PlanInput): Change<ConfigPayload> | undefined {
  const { target, platform, running, intended, health, sources, sense, hash } = input;
  const diff = diffConfigs(running, intended, platform, sense);
  if (diff.empty) return undefined;
  const downOnPurpose = shutInterfaces(intended, platform).filter((name) => !shutInterfaces(running, platform).includes(name));
  return {
    kind: configKind,
    target,
    summary: diff.summary,
    diff: diff.lines,
    added: diff.added,
    removed: diff.removed,
    baseHash: hash(running),
    payload: { platform, base: running, intended, health, downOnPurpose, ...(sources ? { sources } : {}), ...(sense ? { sense } : {}) },
  };
}

/** Interfaces that a configuration shuts, or does not have any more. */
function shutInterfaces(text: string, platform: PlatformName): string[] {
  return parseConfig(text, platform).children.flatMap((node) => {
    const name = /^interface\s+(\S+)/.exec(node.text)?.[1];
    return name !== undefined && node.children.some((child) => child.text.trim() === "shutdown") ? [name] : [];
  });
}
