/** HTTP face of findings. */
import { contract } from "@holdfast/contract";
import { implement } from "@orpc/server";
import { askerOf, callerOf, type RequestContext } from "#platform/http/request";
import type { Findings } from "./index.ts";

/** Handlers of `contract.findings`. */
export function createFindingsRoutes(findings: Findings) {
  const os = implement(contract.findings).$context<RequestContext>();
  return os.router({
    list: os.list.handler(({ input, context }) => findings.list(input, callerOf(context))),
    get: os.get.handler(({ input, context }) => findings.get(input.id, callerOf(context))),
    acknowledge: os.acknowledge.handler(({ input, context }) =>
      findings.acknowledge({ ...input, etag: context.ifMatch }, askerOf(context)),
    ),
    suppress: os.suppress.handler(({ input, context }) => findings.suppress({ ...input, etag: context.ifMatch }, askerOf(context))),
    resolve: os.resolve.handler(({ input, context }) => findings.resolve({ ...input, etag: context.ifMatch }, askerOf(context))),
  });
}
