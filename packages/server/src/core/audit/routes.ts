/** HTTP face of the audit trail. */
import { contract } from "@holdfast/contract";
import { implement } from "@orpc/server";
import type { RequestContext } from "#platform/http/request";
import type { Audit } from "./index.ts";

/** Handlers of `contract.audit`. */
export function createAuditRoutes(audit: Audit) {
  const os = implement(contract.audit).$context<RequestContext>();
  return os.router({
    list: os.list.handler(({ input }) => audit.list(input)),
    verify: os.verify.handler(() => audit.verify()),
  });
}
