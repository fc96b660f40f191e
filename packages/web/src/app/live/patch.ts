/** What a live event says of a rollout that is on the screen, put into it at once; the whole of it is read right after. Pure. */
import type { LiveEvent, Rollout, RolloutTarget } from "@holdfast/contract";
import { outcomeLooks, rolloutLooks, targetLooks } from "../../parts/states.ts";

/** The rollout after the event. The same object when the event says nothing new of it. */
export function patchRollout(rollout: Rollout, event: Pick<LiveEvent, "type" | "subject" | "payload" | "at">): Rollout {
  if (event.subject !== `rollout:${rollout.id}`) return rollout;
  if (event.type === "rollout.target.changed") return patchTarget(rollout, event);
  if (event.type !== "rollout.rollout.changed") return rollout;
  const state = keyIn(rolloutLooks, event.payload["state"]);
  const say = text(event.payload["say"]);
  if (state === undefined) return rollout;
  return { ...rollout, state, ...(say !== undefined && { say }) };
}

function patchTarget(rollout: Rollout, { payload, at }: Pick<LiveEvent, "payload" | "at">): Rollout {
  const state = keyIn(targetLooks, payload["state"]);
  const index = rollout.targets.findIndex((target) => target.target === payload["target"]);
  const before = rollout.targets[index];
  if (state === undefined || before === undefined) return rollout;
  const { outcome: _, say: __, ...rest } = before;
  const [outcome, say] = [keyIn(outcomeLooks, payload["outcome"]), text(payload["say"])];
  const side = keyIn({ old: 0, new: 0, unknown: 0 }, payload["side"]) ?? before.side;
  const after: RolloutTarget = {
    ...rest,
    state,
    side,
    updatedAt: at,
    ...(outcome !== undefined && { outcome }),
    ...(say !== undefined && { say }),
  };
  return { ...rollout, targets: rollout.targets.with(index, after) };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The value, when it is one of the keys: a state that this console does not know yet is left to the next read. */
function keyIn<K extends string>(known: Record<K, unknown>, value: unknown): K | undefined {
  return typeof value === "string" && Object.hasOwn(known, value) ? (value as K) : undefined;
}
