/** HTTP face of sessions and tokens. */
import { contract } from "@holdfast/contract";
import { implement } from "@orpc/server";
import { callerOf, type RequestContext } from "#platform/http/request";
import type { Identity } from "./index.ts";
import { sessionCookie } from "./authenticate.ts";
import { fromOf, granterOf } from "./routes.ts";

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
    showDevice: os.showDevice.handler(({ input, context }) => identity.showDeviceLogin(input.userCode, callerOf(context))),
    approveDevice: os.approveDevice.handler(({ input, context }) =>
      identity.answerDeviceLogin({ ...input, approve: true }, callerOf(context), fromOf(context)),
    ),
    denyDevice: os.denyDevice.handler(({ input, context }) =>
      identity.answerDeviceLogin({ ...input, approve: false }, callerOf(context), fromOf(context)),
    ),
    trade: os.trade.handler(async ({ context }) => {
      const pair = await identity.tradeSession(callerOf(context), fromOf(context));
      context.setCookie(sessionCookie, "", { maxAgeS: 0 });
      return secret(context, pair);
    }),
    refresh: os.refresh.handler(async ({ input, context }) =>
      secret(context, await identity.refreshTokens(input.refreshToken, fromOf(context))),
    ),
    revoke: os.revoke.handler(({ input, context }) => identity.revokeTokens(input.refreshToken, fromOf(context))),
    signingKeys: os.signingKeys.handler(() => identity.signingKeys()),
    rotateSigningKey: os.rotateSigningKey.handler(({ context }) => identity.rotateSigningKey(granterOf(context))),
    revokeAll: os.revokeAll.handler(({ input, context }) => identity.revokeAllTokens(input, granterOf(context))),
  });
}

/** Handlers of `contract.serviceAccounts`. */
export function createServiceAccountRoutes(identity: Identity) {
  const os = implement(contract.serviceAccounts).$context<RequestContext>();
  return os.router({
    create: os.create.handler(({ input, context }) => identity.createServiceAccount(input, granterOf(context))),
    listSecrets: os.listSecrets.handler(({ input }) => identity.listClientSecrets(input.id)),
    createSecret: os.createSecret.handler(async ({ input, context }) =>
      secret(context, await identity.createClientSecret({ accountId: input.id, overlapHours: input.overlapHours }, granterOf(context))),
    ),
    revokeSecret: os.revokeSecret.handler(({ input, context }) =>
      identity.revokeClientSecret({ accountId: input.id, id: input.secret }, granterOf(context)),
    ),
    createEnrolment: os.createEnrolment.handler(async ({ input, context }) =>
      secret(context, await identity.createEnrolment({ accountId: input.id, minutes: input.minutes }, granterOf(context))),
    ),
    enrol: os.enrol.handler(({ input, context }) => identity.enrolMachine(input, fromOf(context))),
    renewCertificate: os.renewCertificate.handler(({ input, context }) =>
      identity.renewMachine(input.csr, callerOf(context), context.requestId),
    ),
    createKey: os.createKey.handler(async ({ input: { id, ...wanted }, context }) =>
      secret(context, await identity.createServiceKey({ ...wanted, accountId: id }, granterOf(context))),
    ),
  });
}

/** What holds a token is kept by nobody on the way (RFC 6749, section 5.1). */
function secret<T>(context: RequestContext, answer: T): T {
  context.resHeaders.set("cache-control", "no-store");
  return answer;
}
