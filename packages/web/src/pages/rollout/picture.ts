/** What the picture of a rollout shows: shares, fills, counts. Pure. */
import type { Rollout, RolloutTarget } from "@holdfast/contract";
import { checkWords } from "./gate-words.ts";
import { targetLook, type Look, type Tone } from "../../parts/states.ts";

export type Wave = Rollout["waves"][number];

/** How far a target is on its way to the new configuration, from 0 to 1. */
export function fill(target: Pick<RolloutTarget, "state" | "outcome" | "side">): number {
  switch (target.state) {
    case "waiting":
      return 0;
    case "preparing":
      return 0.15;
    case "applying":
      return 0.4;
    case "verifying":
      return 0.65;
    case "confirming":
      return 0.85;
    case "reverting":
    case "pending_revert":
      return 0.5;
    case "done":
      return target.side === "new" || target.outcome === "unchanged" ? 1 : 0;
  }
}

/** The targets of a wave in its order. */
export function targetsOf(rollout: Rollout, wave: Wave): RolloutTarget[] {
  const byId = new Map(rollout.targets.map((target) => [target.target, target]));
  return wave.targets.flatMap((id) => byId.get(id) ?? []);
}

/** Each look that occurs with how often, what is done first. */
export function tally(rollout: Rollout): { look: Look; n: number }[] {
  const counts = new Map<string, { look: Look; n: number }>();
  for (const target of rollout.targets) {
    const look = targetLook(target, rollout.waves[target.wave]?.state === "skipped");
    const entry = counts.get(look.word);
    if (entry) entry.n += 1;
    else counts.set(look.word, { look, n: 1 });
  }
  return [...counts.values()].sort((a, b) => toneOrder.indexOf(a.look.tone) - toneOrder.indexOf(b.look.tone));
}

/** Done, moving, gone back, in trouble, still to come: a bar in this order grows from the left and never jumps. */
const toneOrder: Tone[] = ["ok", "accent", "hot", "bad", "warn", "note", "mute"];

/** Milliseconds until a baking wave's gate opens, and the share of the watch that is over. */
export function baking(wave: Wave, nowMs: number): { leftMs: number; over: number } | undefined {
  if (wave.state !== "baking" || wave.bakeUntil === undefined) return undefined;
  // Never more than the whole watch, although the clock of the server is known to a second only.
  const leftMs = Math.min(wave.bakeMs, Math.max(0, Date.parse(wave.bakeUntil) - nowMs));
  return { leftMs, over: wave.bakeMs === 0 ? 1 : Math.min(1, 1 - leftMs / wave.bakeMs) };
}

export interface CheckGroup {
  name: string;
  ok: boolean | undefined;
  /** What to say of it: its value, or of how many devices it holds, or where it does not. */
  says: string[];
}

/** The checks of a gate by what they look at; `lyon-core-1: CPU` and `lyon-core-2: CPU` are one. Those that do not hold come first. */
export function checkGroups(gate: Wave["gate"]): CheckGroup[] {
  const groups = Map.groupBy(gate, (one) => checkWords(one).name);
  const all = [...groups].map(([name, checks]): CheckGroup => {
    const failed = checks.filter((one) => one.ok === false).map((one) => checkWords(one));
    if (failed.length > 0)
      return { name, ok: false, says: failed.map(({ target, value }) => (target === "" ? value : `${target}: ${value}`)) };
    const ok = checks.every((one) => one.ok === true) ? true : undefined;
    return {
      name,
      ok,
      says: checks.length === 1 ? checks.map((one) => checkWords(one).value) : [`${checks.length} of ${checks.length} devices`],
    };
  });
  return all.sort((a, b) => Number(a.ok ?? true) - Number(b.ok ?? true));
}

/** Share of all targets that have changed when this wave is done, in whole percent. */
export function reach(rollout: Rollout, wave: Wave): number {
  const all = rollout.targets.length;
  const until = rollout.waves.filter((one) => one.index <= wave.index).reduce((sum, one) => sum + one.targets.length, 0);
  return all === 0 ? 100 : Math.round((100 * until) / all);
}
