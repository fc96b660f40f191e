/** HTTP face of the audit trail. */
import { contract } from "@holdfast/contract";
import { implement } from "@orpc/server";
import { inTransaction, type Db } from "#platform/db";
import { callerOf, type RequestContext } from "#platform/http/request";
import type { Archiving } from "./archive.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { Audit, By } from "./index.ts";

export interface AuditRoutesDeps {
  db: Db;
  audit: Audit;
  checkpoints: Checkpoints;
  archiving: Archiving;
}

/** Handlers of `contract.audit`. */
export function createAuditRoutes({ db, audit, checkpoints, archiving }: AuditRoutesDeps) {
  const os = implement(contract.audit).$context<RequestContext>();
  return os.router({
    list: os.list.handler(({ input }) => audit.list(input)),
    verify: os.verify.handler(() => checkpoints.verify()),
    export: os.export.handler(async ({ input: { format, names, ...filter }, context }) => {
      const after = { format, filter, names: names === "yes" };
      // On record before the first byte leaves.
      await inTransaction(db, (tx) => audit.record(tx, { ...byOf(context), action: "audit.trail.export", subject: "trail:main", after }));
      return pieces(audit.export({ format, filter, withNames: names === "yes" }), context.signal);
    }),
    checkpoints: os.checkpoints.handler(({ input }) => checkpoints.list(input)),
    keys: os.keys.handler(async () => ({ items: await checkpoints.publicKeys() })),
    rotateKey: os.rotateKey.handler(({ input, context }) => checkpoints.rotateKey(input, byOf(context))),
    checkpoint: os.checkpoint.handler(async ({ context }) => {
      const checkpoint = await checkpoints.sign(byOf(context));
      return checkpoint === undefined ? {} : { checkpoint };
    }),
    archives: os.archives.handler(async () => ({ items: await archiving.list() })),
    archive: os.archive.handler(({ input, context }) => archiving.archive(input, byOf(context))),
  });
}

async function* pieces(texts: AsyncIterable<string>, signal: AbortSignal) {
  let count = 0;
  for await (const text of texts) {
    if (signal.aborted) return;
    count++;
    yield { text };
  }
  yield { text: "", done: { pieces: count } };
}

export function byOf(context: RequestContext): By {
  return { actor: callerOf(context).actor, requestId: context.requestId };
}
