/** Proposing a rollout of a plan: how it is cut into waves, and what exactly it will touch. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Plan, Strategy } from "@holdfast/contract";
import { invoke, type RouteInput } from "../../app/api.ts";
import { linesOf } from "../../app/as-code.ts";
import { read } from "../../app/reads.ts";
import { useMe, whyNot } from "../../app/session.ts";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { duration, listed, plural } from "../../parts/format.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { TextSkeleton } from "../../parts/skeletons.tsx";
import { firstDraft, limitsOf, sayLimits, sayStrategy, waveSizes, wishOf, type Draft } from "./strategy.ts";
import { StrategyEditor } from "./strategy-editor.tsx";
import { touchedBy } from "./touched.ts";
import classes from "./roll-out.module.css";

const route = getRouteApi("/shell/plans/$plan/roll-out");

export function RollOut() {
  const { plan: id } = route.useParams();
  const plan = useQuery(read("plans.get", { id }));
  return (
    <Loaded query={plan} skeleton={<TextSkeleton lines={4} />}>
      {(found) => <Propose plan={found} />}
    </Loaded>
  );
}

function Propose({ plan }: { plan: Plan }) {
  const me = useMe();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>({ ...firstDraft, named: plan.strategies.find((one) => one.default)?.name ?? "" });
  const close = (): void => void navigate({ to: "/plans/$plan", params: { plan: plan.id } });
  const wish = wishOf(draft, plan);
  const input: RouteInput<"rollouts.create"> | undefined =
    "ask" in wish
      ? {
          planId: plan.id,
          planHash: plan.hash,
          ...wish.ask,
          limits: limitsOf(draft),
          requireApproval: draft.requireApproval,
          start: draft.start,
        }
      : undefined;
  const propose = useMutation({
    mutationFn: (wanted: RouteInput<"rollouts.create">) => invoke("rollouts.create", wanted),
    onSuccess: async (rollout) => {
      await queries.invalidateQueries();
      void navigate({ to: "/rollouts/$rollout", params: { rollout: rollout.id } });
    },
  });
  const starts = draft.start && !draft.requireApproval;
  return (
    <FormDialog
      title="Roll out"
      width={680}
      submit={starts ? `Roll out to ${plural(plan.changes.length, "device")}` : "Propose the rollout"}
      onClose={close}
      onSubmit={(event) => {
        event.preventDefault();
        if (input) propose.mutate(input);
      }}
      pending={propose.isPending}
      problem={propose.error}
      blocked={
        whyNot(me, "rollouts.create", touchedBy(plan)) ??
        (plan.changes.length === 0
          ? "This plan changes nothing, so there is nothing to roll out."
          : "wrong" in wish
            ? wish.wrong
            : undefined)
      }
      {...(input && {
        lines: linesOf("rollouts.create", input),
      })}
    >
      <StrategyEditor draft={draft} strategies={plan.strategies} onChange={setDraft} />
      {"ask" in wish && plan.changes.length > 0 && (
        <Touches
          plan={plan}
          strategy={wish.strategy}
          limits={sayLimits(wish.limits)}
          waits={
            starts
              ? undefined
              : draft.requireApproval
                ? "It waits until somebody other than you approves it."
                : "It waits until somebody starts it."
          }
        />
      )}
    </FormDialog>
  );
}

interface TouchesProps {
  plan: Plan;
  strategy: Strategy;
  limits: string | undefined;
  waits: string | undefined;
}

function Touches({ plan, strategy, limits, waits }: TouchesProps) {
  // How large its waves are is a matter of labels.
  const waves = strategy.kind === "blue_green" ? [] : waveSizes(strategy, plan.changes.length);
  return (
    <section className={classes["touches"]} aria-label="What it will touch">
      <p>
        Touches <strong>{plural(plan.changes.length, "device")}</strong>:{" "}
        {listed(
          plan.changes.map((change) => change.targetName),
          4,
        )}
        .
      </p>
      {strategy.kind === "blue_green" && <p>{sayStrategy(strategy)}</p>}
      <ol className={classes["waves"]}>
        {waves.map((wave, at) => (
          // Waves have no other identity than their place.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={at}>
            <span className={classes["blocks"]} aria-hidden="true">
              {Array.from({ length: Math.min(wave.targets, 14) }, (_, block) => (
                <span key={block} />
              ))}
            </span>
            <span>
              Wave {at + 1}: <strong>{plural(wave.targets, "device")}</strong>
              {wave.bakeMs > 0 && `, then watched for ${duration(wave.bakeMs)}`}
            </span>
          </li>
        ))}
      </ol>
      <p className="dim">
        {limits === undefined
          ? "Never two of a redundancy group in one wave"
          : `Never two of a redundancy group in one wave, and ${limits}`}
        ; waves are cut smaller where that needs it.
      </p>
      <p>
        <strong>How it is undone:</strong> when a device refuses, becomes unhealthy or cannot be reached, the rollout halts and every device
        it touched goes back, the last one first. Later, “Roll back” takes a finished rollout back the same way.
      </p>
      {waits !== undefined && <p className="dim">{waits}</p>}
    </section>
  );
}
