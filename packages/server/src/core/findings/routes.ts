/** HTTP face of findings. */
import { contract } from "@holdfast/contract";
import { implement } from "@orpc/server";
import { callerOf, type RequestContext } from "#platform/http/request";
import type { Findings } from "./index.ts";

/** Handlers of `contract.findings`. */
export function createFindingsRoutes(findings: Findings) {
  const os = implement(contract.findings).$context<RequestContext>();
  return os.router({
    list: os.list.handler(({ input }) => findings.list(input)),
    get: os.get.handler(({ input }) => findings.get(input.id)),
    acknowledge: os.acknowledge.handler(({ input, context }) => findings.acknowledge({ ...input, etag: context.ifMatch }, byOf(context))),
    suppress: os.suppress.handler(({ input, context }) => findings.suppress({ ...input, etag: context.ifMatch }, byOf(context))),
    resolve: os.resolve.handler(({ input, context }) => findings.resolve({ ...input, etag: context.ifMatch }, byOf(context))),
  });
}

function byOf(context: RequestContext) {
  return { actor: callerOf(context).actor, requestId: context.requestId };
}
