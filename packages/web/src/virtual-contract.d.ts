/** What `vite.config.ts` makes of the contract for the browser: no schemas. */
declare module "virtual:contract" {
  export {
    auditActionOf,
    auditSeverities,
    auditTypes,
    builtInRoles,
    contract,
    createClient,
    devicePlatforms,
    findingStates,
    follow,
    outcomes,
    permissions,
    requestIdOf,
    rolloutStates,
    severities,
    targetStates,
  } from "@holdfast/contract";
}
