/** Contract routes → use cases. Maps shapes; decides nothing. */
import { contract } from "@holdfast/contract";
import { implement } from "@orpc/server";
import { z } from "zod";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import { askerOf, callerOf, type RequestContext } from "#platform/http";
import type { Acts } from "./acts.ts";
import type { Rollouts } from "./index.ts";

const lastId = z.string();
const lastSeq = z.number().int();

/** `plans.create` belongs to the domain that can plan a revision: it is handed in. */
export function createPlanRoutes(rollouts: Rollouts) {
  const os = implement(contract.plans).$context<RequestContext>();
  return {
    list: os.list.handler(async ({ input, context }) => pageOf(await rollouts.plans(readPage(input), callerOf(context)), input.limit)),
    get: os.get.handler(({ input, context }) => rollouts.plan(input.id, callerOf(context))),
    change: os.change.handler(({ input, context }) => rollouts.planChange(input.id, input.target, callerOf(context))),
  };
}

export function createRolloutRoutes(rollouts: Rollouts) {
  const os = implement(contract.rollouts).$context<RequestContext>();
  type Act = Exclude<keyof Acts, "giveUp">;
  const act = (verb: Act) => async (call: { input: { id: string; reason?: string | undefined }; context: RequestContext }) =>
    rollouts[verb](call.input.id, askerOf(call.context), call.input.reason);
  return {
    create: os.create.handler(({ input, context }) => rollouts.propose(input, askerOf(context))),
    list: os.list.handler(async ({ input, context }) =>
      pageOf(await rollouts.list({ ...readPage(input), state: input.state, plan: input.plan }, callerOf(context)), input.limit),
    ),
    get: os.get.handler(({ input, context }) => rollouts.get(input.id, callerOf(context))),
    journal: os.journal.handler(async ({ input, context }) => {
      const after = decodeCursor(lastSeq, input.cursor);
      const wanted = { after, limit: input.limit + 1, target: input.target };
      const items = await rollouts.journal(input.id, wanted, callerOf(context));
      const page = items.slice(0, input.limit);
      return items.length > page.length ? { items: page, next: encodeCursor(page.at(-1)?.seq) } : { items: page };
    }),
    start: os.start.handler(act("begin")),
    approve: os.approve.handler(act("approve")),
    pause: os.pause.handler(act("pause")),
    resume: os.resume.handler(act("resume")),
    abort: os.abort.handler(act("abort")),
    giveUp: os.giveUp.handler(({ input, context }) => rollouts.giveUp(input.id, input.target, askerOf(context), input.reason)),
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
