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
    create: os.create.handler(({ input, context }) => secrets.create(input, byOf(context))),
    replace: os.replace.handler(({ input, context }) => secrets.replace({ ...input, etag: ifMatchOf(context) }, byOf(context))),
    remove: os.remove.handler(({ input, context }) => secrets.remove({ ...input, etag: ifMatchOf(context) }, byOf(context))),
  });
}

function byOf(context: RequestContext) {
  return { actor: callerOf(context).actor, requestId: context.requestId };
}
