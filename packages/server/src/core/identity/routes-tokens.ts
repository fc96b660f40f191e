/** HTTP face of sessions and tokens. */
import { contract } from "@holdfast/contract";
import { implement } from "@orpc/server";
import { callerOf, type RequestContext } from "#platform/http/request";
import type { Identity } from "./index.ts";
import { granterOf } from "./routes.ts";

/** Handlers of `contract.sessions`. */
export function createSessionRoutes(identity: Identity) {
  const os = implement(contract.sessions).$context<RequestContext>();
  return os.router({
    list: os.list.handler(({ context }) => identity.listSessions(callerOf(context))),
    revoke: os.revoke.handler(({ input, context }) => identity.revokeSession(input.id, callerOf(context), context.requestId)),
    revokeOthers: os.revokeOthers.handler(async ({ context }) => ({
      ended: await identity.revokeOtherSessions(callerOf(context), context.requestId),
    })),
    listOf: os.listOf.handler(({ input }) => identity.listSessionsOf(input.id)),
    revokeOf: os.revokeOf.handler(async ({ input, context }) => {
      await identity.revokeSessionsOf({ userId: input.id, session: input.session }, granterOf(context));
    }),
    revokeAllOf: os.revokeAllOf.handler(async ({ input, context }) => ({
      ended: await identity.revokeSessionsOf({ userId: input.id }, granterOf(context)),
    })),
  });
}

/** Handlers of `contract.tokens`. */
export function createTokenRoutes(identity: Identity) {
  const os = implement(contract.tokens).$context<RequestContext>();
  return os.router({
    revokeAll: os.revokeAll.handler(({ input, context }) => identity.revokeAllTokens(input, granterOf(context))),
  });
}
