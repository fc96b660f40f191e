/** HTTP face of identity providers. */
import { contract } from "@holdfast/contract";
import { isProblem } from "@holdfast/kit";
import { implement } from "@orpc/server";
import { callerOf, ifMatchOf, type RequestContext } from "#platform/http/request";
import type { PlainRoute } from "#platform/http/plain-routes";
import { ours } from "./authenticate.ts";
import type { Started } from "./provider-flow.ts";
import type { Identity } from "./index.ts";
import { fromOf, granterOf, leaveBrowser, welcome } from "./routes.ts";

/** Keeps what was begun at a provider. */
const begunCookie = "holdfast_provider";
/** Takes up what a SAML provider's form brought. */
export const arrivalCookie = "holdfast_arrival";

/** Handlers of `contract.federation`. */
export function createFederationRoutes(identity: Identity) {
  const os = implement(contract.federation).$context<RequestContext>();
  return os.router({
    doors: os.doors.handler(() => identity.listDoors()),
    start: os.start.handler(async ({ input, context }) => go(context, await identity.startAtProvider(input.id))),
    finish: os.finish.handler(({ input, context }) =>
      welcome(context, identity.finishAtProvider(cameBack(context, input), fromOf(context))),
    ),
    signIn: os.signIn.handler(({ input, context }) => welcome(context, identity.signInAtDirectory(input, fromOf(context)))),

    startStepUp: os.startStepUp.handler(async ({ context }) => go(context, await identity.startStepUp(ours(callerOf(context))))),
    finishStepUp: os.finishStepUp.handler(({ input, context }) =>
      identity.finishStepUp(cameBack(context, input), ours(callerOf(context)), context.requestId),
    ),
    signOut: os.signOut.handler(async ({ context }) => {
      const answer = await identity.signOutEverywhere(ours(callerOf(context)), fromOf(context));
      leaveBrowser(context);
      return answer;
    }),

    identities: os.identities.handler(({ context }) => identity.listIdentities(callerOf(context).userId)),
    startLink: os.startLink.handler(async ({ input, context }) =>
      go(context, await identity.startAtProvider(input.id, ours(callerOf(context)))),
    ),
    finishLink: os.finishLink.handler(({ input, context }) =>
      identity.finishLink(cameBack(context, input), ours(callerOf(context)), context.requestId),
    ),
    linkByPassword: os.linkByPassword.handler(({ input, context }) =>
      identity.linkAtDirectory(input, ours(callerOf(context)), fromOf(context)),
    ),

    leave: os.leave.handler(({ input, context }) => identity.unlinkSelf(input.provider, ours(callerOf(context)), context.requestId)),

    list: os.list.handler(() => identity.listProviders()),
    create: os.create.handler(({ input, context }) => identity.createProvider(input, granterOf(context))),
    update: os.update.handler(({ input, context }) => identity.updateProvider({ ...input, etag: ifMatchOf(context) }, granterOf(context))),
    remove: os.remove.handler(({ input, context }) => identity.removeProvider({ ...input, etag: ifMatchOf(context) }, granterOf(context))),
    readMetadata: os.readMetadata.handler(({ input, context }) => identity.readProviderMetadata(input, granterOf(context))),
    renewKey: os.renewKey.handler(({ input, context }) =>
      identity.renewProviderKey({ ...input, etag: ifMatchOf(context) }, granterOf(context)),
    ),
    identitiesOf: os.identitiesOf.handler(({ input }) => identity.listIdentities(input.id)),
    link: os.link.handler(({ input, context }) => identity.linkUser(input, granterOf(context))),
    unlink: os.unlink.handler(({ input, context }) => identity.unlinkUser(input, granterOf(context))),
  });
}

/** OpenID Connect Back-Channel Logout 1.0, section 2.5: the provider calls it, and the token proves that it is the provider. */
export function createLogoutRoute(identity: Identity): PlainRoute {
  const headers = { "cache-control": "no-store" };
  return {
    method: "POST",
    path: "/oauth/backchannel-logout",
    async answer({ form, remoteAddress, userAgent, requestId }) {
      try {
        await identity.endFromProvider(form.get("logout_token") ?? "", { address: remoteAddress, userAgent, requestId });
        return { status: 200, headers, body: {} };
      } catch (thrown) {
        if (!isProblem(thrown) || thrown.code !== "identity_provider_refused") throw thrown;
        return { status: 400, headers, body: { error: "invalid_request", error_description: "The logout token does not count." } };
      }
    },
  };
}

function go(context: RequestContext, { url, kept, maxAgeS }: Started): { url: string } {
  context.setCookie(begunCookie, kept, { maxAgeS });
  context.resHeaders.set("cache-control", "no-store");
  return { url };
}

/** It counts once, whatever becomes of it. */
function cameBack(context: RequestContext, input: { provider: string; query: string }) {
  for (const name of [begunCookie, arrivalCookie]) context.setCookie(name, "", { maxAgeS: 0 });
  return { ...input, kept: context.cookies[begunCookie], arrival: context.cookies[arrivalCookie] };
}
