/** What crosses the wire between Holdfast's processes. One file per server module. */
import { auditContract } from "./audit.ts";
import { devicesContract } from "./devices.ts";
import { findingsContract } from "./findings.ts";
import { identityContract } from "./identity.ts";
import { repositoriesContract } from "./repositories.ts";
import { plansContract, rolloutsContract } from "./rollouts.ts";
import { secretsContract } from "./secrets.ts";
import { systemContract } from "./system.ts";

export * from "./audit.ts";
export * from "./devices.ts";
export * from "./findings.ts";
export * from "./identity.ts";
export * from "./repositories.ts";
export * from "./rollouts.ts";
export * from "./route.ts";
export * from "./secrets.ts";
export * from "./system.ts";

/** The whole API under /api/v1. */
export const contract = {
  identity: identityContract,
  audit: auditContract,
  secrets: secretsContract,
  findings: findingsContract,
  plans: plansContract,
  rollouts: rolloutsContract,
  repositories: repositoriesContract,
  devices: devicesContract,
  system: systemContract,
};
export type Contract = typeof contract;
