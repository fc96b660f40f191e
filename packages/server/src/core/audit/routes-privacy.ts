/** HTTP face of what is known about people. */
import { contract } from "@holdfast/contract";
import { implement } from "@orpc/server";
import { callerOf, type RequestContext } from "#platform/http/request";
import type { Privacy } from "./privacy.ts";
import { byOf } from "./routes.ts";

/** Handlers of `contract.privacy`. */
export function createPrivacyRoutes(privacy: Privacy) {
  const os = implement(contract.privacy).$context<RequestContext>();
  return os.router({
    me: os.me.handler(({ context }) => privacy.tell(callerOf(context).userId, byOf(context))),
    show: os.show.handler(({ input, context }) => privacy.tell(input.id, byOf(context))),
    erase: os.erase.handler(({ input, context }) => privacy.erase(input, byOf(context))),
  });
}
