/** What `vite.config.ts` makes of the contract for the browser: no schemas. */
declare module "virtual:contract" {
  export {
    contract,
    createClient,
    devicePlatforms,
    findingStates,
    follow,
    outcomes,
    permissions,
    requestIdOf,
    roles,
    rolloutStates,
    severities,
    targetStates,
  } from "@holdfast/contract";
}
