/** What can be done to a rollout, by its state. */
import { IconArrowBackUp, IconCheck, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconRefresh } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Rollout, RolloutState } from "@holdfast/contract";
import { act, type Act } from "../../app/act.ts";
import { useMe } from "../../app/session.ts";
import { actorName } from "../../parts/actor.tsx";
import { listed, plural } from "../../parts/format.ts";

const possible: Record<RolloutState, ("approve" | "start" | "pause" | "resume" | "abort" | "retry" | "rollback")[]> = {
  awaiting_approval: ["approve", "abort"],
  ready: ["start", "abort"],
  running: ["pause", "abort"],
  paused: ["resume", "abort"],
  reverting: [],
  succeeded: ["rollback"],
  reverted: ["retry"],
  needs_attention: ["retry"],
};

/** What aborting does, by what was touched. */
function sayAbort(fresh: string[]): ReactNode {
  if (fresh.length === 0) return <p>Nothing has been touched yet, and nothing will be.</p>;
  const one = fresh.length === 1;
  return (
    <>
      <p>
        It stops going forward, and {plural(fresh.length, "device")} {one ? "goes" : "go"} back to what {one ? "it" : "they"} had before,
        the last one first: {listed(fresh, 5)}.
      </p>
      <p>A device that cannot be reached is reverted as soon as it answers. “Retry” tries the same plan again later.</p>
    </>
  );
}

/** In a rollout that needs attention nothing new is proposed: what is stuck is tried at once. */
function sayRetry(rollout: Rollout): ReactNode {
  if (rollout.state === "needs_attention") {
    const stuck = rollout.targets.filter((target) => target.state === "pending_revert").map((target) => target.targetName);
    return <p>It tries now to take {listed(stuck, 5)} back to what was there before, instead of when the next turn comes.</p>;
  }
  const behind = rollout.targets.filter((target) => target.side !== "new");
  return (
    <p>
      A new rollout {rollout.requireApproval ? "waits for an approval and then starts" : "starts at once"} for the{" "}
      {plural(behind.length, "device")} that are not new yet, with the same strategy and limits. A device that was changed since is refused;
      plan anew then.
    </p>
  );
}

function sayRollback(fresh: string[], approvalFirst: boolean): ReactNode {
  return (
    <>
      <p>
        A new rollout takes {plural(fresh.length, "device")} back to what {fresh.length === 1 ? "it" : "they"} had before this one, in waves
        like this one: {listed(fresh, 5)}.
      </p>
      <p>
        {approvalFirst ? "It starts when somebody other than you has approved it, as this one did." : "It starts at once."} What was changed
        on them since is taken back with it. The new rollout can be rolled back in turn.
      </p>
    </>
  );
}

export function useRolloutActs(rollout: Rollout): Act[] {
  const navigate = useNavigate();
  const me = useMe();
  const { id } = rollout;
  const fresh = rollout.targets.filter((target) => target.side !== "old").map((target) => target.targetName);
  const behind = rollout.targets.filter((target) => target.side !== "new");
  const go = async (made: Rollout): Promise<undefined> => {
    await navigate({ to: "/rollouts/$rollout", params: { rollout: made.id } });
  };
  const own = me !== undefined && actorName(rollout.createdBy) === me.user.name;
  const all = plural(rollout.targets.length, "device");
  const acts = {
    approve: act({
      route: "rollouts.approve",
      input: { id },
      label: "Approve",
      icon: <IconCheck size={15} />,
      tone: "primary",
      blocked: own ? "You proposed it; somebody else has to approve it." : undefined,
      confirm: {
        title: "Approve this rollout",
        says: <p>Your consent is bound to exactly this plan and these {all}. It starts as soon as it may.</p>,
        reason: "asked",
      },
    }),
    start: act({
      route: "rollouts.start",
      input: { id },
      label: "Start",
      icon: <IconPlayerPlay size={15} />,
      tone: "primary",
      confirm: {
        title: "Start this rollout",
        says: (
          <p>
            The first wave changes {plural(rollout.waves[0]?.targets.length ?? 0, "device")} of {all}. Whatever gets worse goes back by
            itself.
          </p>
        ),
      },
    }),
    pause: act({
      route: "rollouts.pause",
      input: { id },
      label: "Pause",
      icon: <IconPlayerPause size={15} />,
      confirm: {
        title: "Pause this rollout",
        says: <p>What is in flight is finished; then nothing moves until somebody resumes it. What is new stays new.</p>,
        reason: "asked",
      },
    }),
    resume: act({
      route: "rollouts.resume",
      input: { id },
      label: "Resume",
      icon: <IconPlayerPlay size={15} />,
      tone: "primary",
      confirm: { title: "Resume this rollout", says: <p>It goes on where it stopped: {plural(behind.length, "device")} to go.</p> },
    }),
    abort: act({
      route: "rollouts.abort",
      input: { id },
      label: fresh.length === 0 ? "Abort" : "Abort and revert",
      icon: <IconPlayerStop size={15} />,
      tone: "danger",
      confirm: {
        title: "Abort this rollout",
        says: sayAbort(fresh),
        reason: "asked",
      },
    }),
    retry: act({
      route: "rollouts.retry",
      input: { id },
      label: rollout.state === "needs_attention" ? "Try again now" : "Retry",
      icon: <IconRefresh size={15} />,
      confirm: { title: "Retry this rollout", says: sayRetry(rollout) },
      done: async (made) => (made.id === id ? "It is being tried now." : go(made)),
    }),
    rollback: act({
      route: "rollouts.rollback",
      input: { id },
      label: "Roll back",
      icon: <IconArrowBackUp size={15} />,
      tone: "danger",
      confirm: {
        title: "Roll this rollout back",
        says: sayRollback(fresh, rollout.requireApproval),
        reason: "asked",
      },
      done: go,
    }),
  };
  const touches = rollout.partial ? ("partly seen" as const) : undefined;
  return possible[rollout.state].map((verb) => ({ ...acts[verb], touches }));
}
