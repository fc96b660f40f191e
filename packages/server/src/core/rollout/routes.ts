/** Contract routes → use cases. Maps shapes; decides nothing. */
import { contract } from "@holdfast/contract";
import { implement } from "@orpc/server";
import { z } from "zod";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import { callerOf, type RequestContext } from "#platform/http";
import type { Acts } from "./acts.ts";
import type { Asker, Rollouts } from "./index.ts";

const lastId = z.string();
const lastSeq = z.number().int();

function askerOf(context: RequestContext): Asker {
  return { actor: callerOf(context).actor, requestId: context.requestId };
}

/** `plans.create` belongs to the domain that can plan a revision: it is handed in. */
export function createPlanRoutes(rollouts: Rollouts) {
  const os = implement(contract.plans).$context<RequestContext>();
  return {
    list: os.list.handler(async ({ input }) => pageOf(await rollouts.plans(readPage(input)), input.limit)),
    get: os.get.handler(({ input }) => rollouts.plan(input.id)),
    change: os.change.handler(({ input }) => rollouts.planChange(input.id, input.target)),
  };
}

export function createRolloutRoutes(rollouts: Rollouts) {
  const os = implement(contract.rollouts).$context<RequestContext>();
  type Act = keyof Acts;
  const act = (verb: Act) => async (call: { input: { id: string; reason?: string | undefined }; context: RequestContext }) =>
    rollouts[verb](call.input.id, askerOf(call.context), call.input.reason);
  return {
    create: os.create.handler(({ input, context }) => rollouts.propose(input, askerOf(context))),
    list: os.list.handler(async ({ input }) =>
      pageOf(await rollouts.list({ ...readPage(input), state: input.state, plan: input.plan }), input.limit),
    ),
    get: os.get.handler(({ input }) => rollouts.get(input.id)),
    journal: os.journal.handler(async ({ input }) => {
      const after = decodeCursor(lastSeq, input.cursor);
      const items = await rollouts.journal(input.id, { after, limit: input.limit + 1, target: input.target });
      const page = items.slice(0, input.limit);
      return items.length > page.length ? { items: page, next: encodeCursor(page.at(-1)?.seq) } : { items: page };
    }),
    start: os.start.handler(act("begin")),
    approve: os.approve.handler(act("approve")),
    pause: os.pause.handler(act("pause")),
    resume: os.resume.handler(act("resume")),
    abort: os.abort.handler(act("abort")),
    retry: os.retry.handler(act("retry")),
    rollback: os.rollback.handler(act("rollback")),
  };
}

/** One more than asked, to know whether there is a next page. */
function readPage(input: { cursor?: string | undefined; limit: number }): { before: string | undefined; limit: number } {
  return { before: decodeCursor(lastId, input.cursor), limit: input.limit + 1 };
}

function pageOf<T extends { id: string }>(items: T[], limit: number): { items: T[]; next?: string } {
  const page = items.slice(0, limit);
  return items.length > limit ? { items: page, next: encodeCursor(page.at(-1)?.id) } : { items: page };
}
