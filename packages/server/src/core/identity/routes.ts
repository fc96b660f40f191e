/** HTTP face of identity. */
import { contract } from "@holdfast/contract";
import { isProblem } from "@holdfast/kit";
import { implement } from "@orpc/server";
import { callerOf, ifMatchOf, type RequestContext } from "#platform/http/request";
import { sessionCookie } from "./authenticate.ts";
import type { Identity } from "./index.ts";
import type { Granter } from "./roles.ts";
import type { Challenged, SignInAnswer } from "./challenges.ts";
import type { From } from "./sessions.ts";
import type { Me } from "./view.ts";

/** Handlers of `contract.identity`. */
export function createIdentityRoutes(identity: Identity) {
  const os = implement(contract.identity).$context<RequestContext>();
  return os.router({
    setupState: os.setupState.handler(async () => ({ needed: await identity.setupNeeded() })),
    setup: os.setup.handler(({ input, context }) => welcome(context, identity.redeemSetup(input, fromOf(context)))),
    signIn: os.signIn.handler(({ input, context }) => welcome(context, identity.signIn(input, fromOf(context)))),
    redeemLink: os.redeemLink.handler(({ input, context }) => welcome(context, identity.redeemLink(input.token, fromOf(context)))),
    signOut: os.signOut.handler(async ({ context }) => {
      await identity.signOut(callerOf(context), context.requestId);
      leaveBrowser(context);
    }),
    me: os.me.handler(({ context }) => identity.me(callerOf(context))),

    listUsers: os.listUsers.handler(({ input }) => identity.listUsers(input)),
    createUser: os.createUser.handler(({ input, context }) => identity.createUser(input, granterOf(context))),
    updateUser: os.updateUser.handler(({ input, context }) =>
      identity.updateUser({ ...input, etag: ifMatchOf(context) }, granterOf(context)),
    ),

    listKeys: os.listKeys.handler(({ context }) => identity.listKeys(callerOf(context))),
    createKey: os.createKey.handler(({ input, context }) => identity.createKey(input, callerOf(context), context.requestId)),
    revokeKey: os.revokeKey.handler(({ input, context }) => identity.revokeKey(input.id, callerOf(context), context.requestId)),
  });
}

/** Handlers of `contract.roles`. */
export function createRoleRoutes(identity: Identity) {
  const os = implement(contract.roles).$context<RequestContext>();
  return os.router({
    list: os.list.handler(() => identity.listRoles()),
    create: os.create.handler(({ input, context }) => identity.createRole(input, granterOf(context))),
    update: os.update.handler(({ input, context }) => identity.updateRole({ ...input, etag: ifMatchOf(context) }, granterOf(context))),
    setPermissions: os.setPermissions.handler(({ input, context }) =>
      identity.updateRole({ ...input, etag: ifMatchOf(context) }, granterOf(context)),
    ),
    remove: os.remove.handler(({ input, context }) => identity.removeRole({ ...input, etag: ifMatchOf(context) }, granterOf(context))),
    preview: os.preview.handler(({ input }) => identity.previewGrants(input.grants, input.labels)),
  });
}

/** Of a session only who it is goes into the body. */
type Shown<A> = A extends Challenged ? Challenged : Me;

/** Sets the cookie of a session just opened; says when to come again to somebody who tried too often. */
export async function welcome<A extends SignInAnswer>(context: RequestContext, opening: Promise<A>): Promise<Shown<A>> {
  try {
    const answer: SignInAnswer = await opening;
    if ("challenge" in answer) return answer as Shown<A>;
    context.setCookie(sessionCookie, answer.token, { maxAgeS: answer.maxAgeS });
    return answer.me as Shown<A>;
  } catch (thrown) {
    if (isProblem(thrown) && typeof thrown.facts["retryAfterS"] === "number")
      context.resHeaders.set("retry-after", String(thrown.facts["retryAfterS"]));
    throw thrown;
  }
}

/** Takes the session from the browser, and what it may have kept of our answers. */
export function leaveBrowser(context: RequestContext): void {
  context.setCookie(sessionCookie, "", { maxAgeS: 0 });
  context.resHeaders.set("clear-site-data", '"cache"');
}

/** From where the caller comes. */
export function fromOf({ remoteAddress, userAgent, requestId }: RequestContext): From {
  return { address: remoteAddress, userAgent, requestId };
}

/** The caller as one who gives and takes rights. */
export function granterOf(context: RequestContext): Granter {
  const { actor, access } = callerOf(context);
  return { actor, access, requestId: context.requestId };
}
