/** HTTP face of second factors and of people. */
import { contract } from "@holdfast/contract";
import { isProblem } from "@holdfast/kit";
import { implement } from "@orpc/server";
import { callerOf, ifMatchOf, type RequestContext } from "#platform/http/request";
import { ours } from "./authenticate.ts";
import type { Identity } from "./index.ts";
import type { Options } from "./passkeys.ts";
import { fromOf, granterOf, welcome } from "./routes.ts";

/** What WebAuthn's options are on the wire: JSON. */
type Json = Parameters<typeof JSON.stringify>[0];
const onWire = <T extends { options: Options }>(made: T): Omit<T, "options"> & { options: Record<string, Json> } => made;

/** Handlers of `contract.factors`. */
export function createFactorRoutes(identity: Identity) {
  const os = implement(contract.factors).$context<RequestContext>();
  const me = (context: RequestContext) => ours(callerOf(context));
  return os.router({
    secondFactor: os.secondFactor.handler(({ input, context }) => welcome(context, identity.secondFactor(input, fromOf(context)))),
    secondFactorOptions: os.secondFactorOptions.handler(async ({ input }) => onWire(await identity.secondFactorOptions(input.token))),
    passkeyOptions: os.passkeyOptions.handler(async () => onWire(await identity.passkeyOptions())),
    signInByPasskey: os.signInByPasskey.handler(({ input, context }) => welcome(context, identity.signInByPasskey(input, fromOf(context)))),

    stepUp: os.stepUp.handler(({ input, context }) => sayWhen(context, identity.stepUp(me(context), input, context.requestId))),
    stepUpWays: os.stepUpWays.handler(({ context }) => identity.stepUpWays(me(context))),
    stepUpOptions: os.stepUpOptions.handler(async ({ context }) => onWire(await identity.stepUpOptions(me(context)))),
    changePassword: os.changePassword.handler(({ input, context }) =>
      sayWhen(context, identity.changeOwnPassword(me(context), input, context.requestId)),
    ),

    own: os.own.handler(({ context }) => identity.ownFactors(me(context))),
    beginTotp: os.beginTotp.handler(({ context }) => identity.beginOwnTotp(me(context))),
    confirmTotp: os.confirmTotp.handler(({ input, context }) => identity.confirmOwnTotp(me(context), input.code, context.requestId)),
    beginPasskey: os.beginPasskey.handler(async ({ context }) => onWire(await identity.beginPasskey(me(context)))),
    addPasskey: os.addPasskey.handler(({ input, context }) => identity.addPasskey(me(context), input, context.requestId)),
    remove: os.remove.handler(({ input, context }) => identity.removeFactor(me(context), input.id, context.requestId)),
    makeBackupCodes: os.makeBackupCodes.handler(({ context }) => identity.makeOwnBackupCodes(me(context), context.requestId)),
    reset: os.reset.handler(({ input, context }) => identity.resetFactors({ userId: input.id, reason: input.reason }, granterOf(context))),
  });
}

/** Handlers of `contract.people`. */
export function createPeopleRoutes(identity: Identity) {
  const os = implement(contract.people).$context<RequestContext>();
  return os.router({
    get: os.get.handler(({ input }) => identity.showUser(input.id)),
    invite: os.invite.handler(({ input, context }) => identity.invite(input, granterOf(context))),
    inviteAgain: os.inviteAgain.handler(({ input, context }) => identity.inviteAgain(input.id, granterOf(context))),
    acceptInvitation: os.acceptInvitation.handler(({ input, context }) =>
      welcome(context, identity.acceptInvitation(input, fromOf(context))),
    ),
    requestReset: os.requestReset.handler(async ({ input, context }) => {
      await identity.requestReset(input.who, fromOf(context));
      return { say: "If there is such a user with a mail address, a link is on its way." };
    }),
    redeemReset: os.redeemReset.handler(({ input, context }) => identity.redeemReset(input, fromOf(context))),
    forceReset: os.forceReset.handler(({ input, context }) => identity.forceReset(input.id, granterOf(context))),
    forceAllResets: os.forceAllResets.handler(({ input, context }) =>
      identity.forceAllResets({ ...input, exceptId: callerOf(context).userId }, granterOf(context)),
    ),
    changeEmail: os.changeEmail.handler(({ input, context }) =>
      identity.changeEmail({ ...input, etag: ifMatchOf(context) }, granterOf(context)),
    ),
    listKeys: os.listKeys.handler(({ input }) => identity.listKeysOf(input.id)),
    revokeKey: os.revokeKey.handler(({ input, context }) => identity.revokeKeyOf({ userId: input.id, id: input.key }, granterOf(context))),
    inactive: os.inactive.handler(({ input }) => identity.listInactive(input.days)),
    reviewGrants: os.reviewGrants.handler(({ input }) => identity.reviewGrants(input)),
  });
}

/** Tells somebody who tried too often when to come again. */
async function sayWhen<T>(context: RequestContext, act: Promise<T>): Promise<T> {
  try {
    return await act;
  } catch (thrown) {
    if (isProblem(thrown) && typeof thrown.facts["retryAfterS"] === "number")
      context.resHeaders.set("retry-after", String(thrown.facts["retryAfterS"]));
    throw thrown;
  }
}
