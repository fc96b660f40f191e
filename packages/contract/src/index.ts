/** What crosses the wire between Holdfast's processes. One file per server module; `createClient` speaks it. */
export * from "./audit.ts";
export * from "./client.ts";
export * from "./contract.ts";
export * from "./devices.ts";
export * from "./findings.ts";
export * from "./follow.ts";
export * from "./identity.ts";
export * from "./pki.ts";
export * from "./repositories.ts";
export * from "./roles.ts";
export * from "./rollouts.ts";
export * from "./route.ts";
export * from "./routes-of.ts";
export * from "./secrets.ts";
export * from "./sessions.ts";
export * from "./tokens.ts";
export * from "./system.ts";
