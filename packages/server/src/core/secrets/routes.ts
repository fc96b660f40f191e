/** HTTP face of the secrets: values go in, and never come out. */
import { contract } from "@holdfast/contract";
import { implement } from "@orpc/server";
import { callerOf, ifMatchOf, type RequestContext } from "#platform/http/request";
import type { Secrets } from "./index.ts";

/** Handlers of `contract.secrets`. */
export function createSecretsRoutes(secrets: Secrets) {
  const os = implement(contract.secrets).$context<RequestContext>();
  return os.router({
    list: os.list.handler(({ input }) => secrets.list(input)),
    status: os.status.handler(() => secrets.status()),
    rotateKey: os.rotateKey.handler(async ({ context }) => {
      const state = await secrets.rotate(byOf(context));
      secrets.resealInBackground();
      return state;
    }),
    leases: os.leases.handler(({ input }) => secrets.leases(input)),
    renewLease: os.renewLease.handler(({ input, context }) => secrets.renewLease(input.id, byOf(context))),
    revokeLease: os.revokeLease.handler(({ input, context }) => secrets.revokeLease(input.id, byOf(context))),
    create: os.create.handler(({ input, context }) => secrets.create(input, byOf(context))),
    show: os.show.handler(({ input }) => secrets.show(input.id)),
    replace: os.replace.handler(({ input, context }) => secrets.replace({ ...input, etag: ifMatchOf(context) }, byOf(context))),
    remove: os.remove.handler(({ input, context }) => secrets.remove({ ...input, etag: ifMatchOf(context) }, byOf(context))),
    versions: os.versions.handler(async ({ input }) => ({ items: await secrets.versions(input.id) })),
    destroyVersion: os.destroyVersion.handler(async ({ input, context }) => ({
      items: await secrets.destroy({ ...input, etag: ifMatchOf(context) }, byOf(context)),
    })),
  });
}

function byOf(context: RequestContext) {
  return { actor: callerOf(context).actor, requestId: context.requestId };
}
