/** HTTP face of the certificates. */
import { contract } from "@holdfast/contract";
import { implement } from "@orpc/server";
import { callerOf, type RequestContext } from "#platform/http/request";
import type { Pki } from "./index.ts";

/** Handlers of `contract.pki`. */
export function createPkiRoutes(pki: Pki) {
  const os = implement(contract.pki).$context<RequestContext>();
  return os.router({
    status: os.status.handler(() => pki.status()),
    init: os.init.handler(({ input, context }) => pki.init(input, byOf(context))),
    importAuthority: os.importAuthority.handler(({ input, context }) => pki.importAuthority(input, byOf(context))),
    rotateIntermediate: os.rotateIntermediate.handler(({ context }) => pki.rotateIntermediate(byOf(context))),
    retire: os.retire.handler(({ input, context }) => pki.retire(input.id, byOf(context))),
    exportRoot: os.exportRoot.handler(({ input, context }) => pki.exportRoot(input, byOf(context))),
    removeRoot: os.removeRoot.handler(({ input, context }) => pki.removeRoot(input, byOf(context))),
    restoreRoot: os.restoreRoot.handler(({ input, context }) => pki.restoreRoot(input, byOf(context))),
    list: os.list.handler(({ input }) => pki.list(input)),
    get: os.get.handler(({ input }) => pki.get(input.id)),
    issue: os.issue.handler(({ input, context }) => pki.issue(input, byOf(context))),
    renew: os.renew.handler(({ input, context }) => pki.renew(input, byOf(context))),
    rotate: os.rotate.handler(({ input, context }) => pki.rotate(input, byOf(context))),
    revoke: os.revoke.handler(({ input, context }) => pki.revoke(input, byOf(context))),
    crl: os.crl.handler(async () => ({ items: await pki.crls() })),
    expiring: os.expiring.handler(async ({ input }) => ({ items: await pki.expiring(input.days) })),
    verify: os.verify.handler(async ({ input }) => {
      const verdict = await pki.verifyChain(input);
      if (!verdict.ok) return verdict;
      const say = verdict.spiffeId === undefined ? "It leads to an authority of ours." : `It is ${verdict.spiffeId}.`;
      return { ok: true, say, ...(verdict.spiffeId === undefined ? {} : { spiffeId: verdict.spiffeId }) };
    }),
    sshRotate: os.sshRotate.handler(({ input, context }) => pki.rotateSsh(input.step, byOf(context))),
    sshSign: os.sshSign.handler(({ input, context }) => pki.ssh.sign(input, byOf(context))),
  });
}

function byOf(context: RequestContext) {
  return { actor: callerOf(context).actor, requestId: context.requestId };
}
