/** What `vite.config.ts` makes of the contract for the browser: no schemas. */
declare module "virtual:contract" {
  export {
    contract,
    createClient,
    findingStates,
    follow,
    outcomes,
    permissions,
    platforms,
    requestIdOf,
    roles,
    rolloutStates,
    severities,
    targetStates,
  } from "@holdfast/contract";
}
