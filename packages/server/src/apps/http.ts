/** The API's router: each module's part, and the live stream. `compose.ts` hands them in. */
import type { Contract } from "@holdfast/contract";
import type { Router } from "@orpc/server";
import type { RequestContext } from "#platform/http";
import { createLiveRoute, type LiveSource, type OpenSight } from "#platform/live";

type Routes<Part extends keyof Contract> = Router<Contract[Part], RequestContext>;

/** What each module's `routes.ts` makes; `overview` answers `contract.system.overview`. */
export interface ModuleRoutes {
  identity: Routes<"identity">;
  factors: Routes<"factors">;
  people: Routes<"people">;
  federation: Routes<"federation">;
  roles: Routes<"roles">;
  sessions: Routes<"sessions">;
  serviceAccounts: Routes<"serviceAccounts">;
  tokens: Routes<"tokens">;
  audit: Routes<"audit">;
  privacy: Routes<"privacy">;
  secrets: Routes<"secrets">;
  pki: Routes<"pki">;
  findings: Routes<"findings">;
  plans: Routes<"plans">;
  rollouts: Routes<"rollouts">;
  repositories: Routes<"repositories">;
  devices: Routes<"devices">;
  credentials: Routes<"credentials">;
  overview: Routes<"system">["overview"];
}

/** The router of the whole contract; the compiler sees to it that no route is missing. */
export function assembleRouter(
  { overview, ...modules }: ModuleRoutes,
  live: LiveSource & { openSight: OpenSight },
): Router<Contract, RequestContext> {
  return { ...modules, system: { overview, events: createLiveRoute(live) } };
}
