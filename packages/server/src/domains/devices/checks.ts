/** Is a device as healthy as before? Pure: what was measured before and now, and what a policy asks, give the results of a gate. */
import type { GateResult } from "#core/rollout";
import type { DeviceHealth } from "./platforms/index.ts";

/** What a policy may ask of a device after a change. Percentages 0–100. */
export type HealthCheck =
  | { kind: "device_answers" }
  | { kind: "cpu_below" | "memory_below"; percent: number }
  /** Interfaces that were up are up. */
  | { kind: "interfaces_up" }
  /** At most `tolerance` fewer neighbours than before. */
  | { kind: "ospf_neighbors" | "bgp_neighbors"; tolerance: number }
  | { kind: "ping"; targets: string[]; lossPercent: number };

export interface HealthPolicy {
  checks: HealthCheck[];
  /** How long a change has to hold before it is confirmed. */
  settleMs: number;
  /** How long a device that is not healthy yet gets to become so, after `settleMs`. */
  patienceMs: number;
}

export interface PingResult {
  target: string;
  sent: number;
  received: number;
}

/** One measurement. */
export interface HealthSeen {
  health: DeviceHealth;
  pings: PingResult[];
}

/** What is asked where no policy says otherwise. */
export const defaultPolicy: HealthPolicy = {
  checks: [
    { kind: "device_answers" },
    { kind: "interfaces_up" },
    { kind: "ospf_neighbors", tolerance: 0 },
    { kind: "bgp_neighbors", tolerance: 0 },
    { kind: "cpu_below", percent: 95 },
    { kind: "memory_below", percent: 95 },
  ],
  settleMs: 1000,
  patienceMs: 10_000,
};

/** Targets that a policy wants pinged. */
export function pingTargets(policy: HealthPolicy): string[] {
  return policy.checks.flatMap((check) => (check.kind === "ping" ? check.targets : []));
}

/** `downOnPurpose`: interfaces that the change itself shuts. */
export function compareHealth(policy: HealthPolicy, before: HealthSeen, now: HealthSeen, downOnPurpose: string[]): GateResult[] {
  return policy.checks.flatMap((check) => compareOne(check, before, now, downOnPurpose));
}

/** What a device fails already before a change. Against itself nothing is lost, so that only limits and pings can fail. */
export function notHealthy(policy: HealthPolicy, before: HealthSeen): GateResult[] {
  return compareHealth(policy, before, before, []).filter((result) => !result.ok);
}

function compareOne(check: HealthCheck, before: HealthSeen, now: HealthSeen, downOnPurpose: string[]): GateResult[] {
  switch (check.kind) {
    case "device_answers":
      return [{ check: "answers", ok: true, say: "answers" }];
    case "cpu_below":
      return below("CPU", now.health.cpuPercent, check.percent);
    case "memory_below":
      return below("memory", now.health.memoryPercent, check.percent);
    case "interfaces_up":
      return [interfaces(before.health, now.health, downOnPurpose)];
    case "ospf_neighbors":
      return [neighbors("OSPF neighbours", before.health.ospfFull, now.health.ospfFull, check.tolerance)];
    case "bgp_neighbors":
      return [neighbors("BGP neighbours", before.health.bgpEstablished, now.health.bgpEstablished, check.tolerance)];
    case "ping":
      return check.targets.map((target) => ping(target, check.lossPercent, now.pings));
  }
}

/** A device that does not tell a figure is not failed for it, and the gate says so. */
function below(what: string, percent: number | undefined, limit: number): GateResult[] {
  if (percent === undefined) return [{ check: what, ok: true, say: `${what} is not told by this device` }];
  return [{ check: what, ok: percent < limit, say: `${what} at ${percent} % (limit ${limit} %)` }];
}

function interfaces(before: DeviceHealth, now: DeviceHealth, downOnPurpose: string[]): GateResult {
  const lost = before.interfacesUp.filter((name) => !now.interfacesUp.includes(name) && !downOnPurpose.includes(name));
  const say = lost.length === 0 ? `${now.interfacesUp.length} interfaces up` : `${lost.join(", ")} went down`;
  return { check: "interfaces", ok: lost.length === 0, say };
}

function neighbors(what: string, before: string[], now: string[], tolerance: number): GateResult {
  const lost = before.filter((id) => !now.includes(id));
  const ok = before.length - now.length <= tolerance;
  const said = lost.length === 0 ? "" : `, lost ${lost.join(", ")}`;
  return { check: what, ok, say: `${what}: ${now.length} of ${before.length} as before${said}` };
}

function ping(target: string, lossPercent: number, pings: PingResult[]): GateResult {
  const seen = pings.find((one) => one.target === target);
  const check = `ping ${target}`;
  if (!seen || seen.sent === 0) return { check, ok: false, say: `${target} was not pinged` };
  const loss = (100 * (seen.sent - seen.received)) / seen.sent;
  return { check, ok: loss <= lossPercent, say: `ping ${target}: ${seen.received} of ${seen.sent} answered` };
}
