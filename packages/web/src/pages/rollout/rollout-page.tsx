/** One rollout, live: the sentence, the picture, the journal. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Rollout } from "@holdfast/contract";
import { useLiveness } from "../../app/live/live.tsx";
import { read } from "../../app/reads.ts";
import { Actor } from "../../parts/actor.tsx";
import { ActBar } from "../../parts/act-bar.tsx";
import { Shortened } from "../../parts/copy.tsx";
import { State } from "../../parts/glyph.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Notes, Page } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { rolloutLooks } from "../../parts/states.ts";
import { When } from "../../parts/when.tsx";
import { Journal } from "./journal.tsx";
import { Picture } from "./picture.tsx";
import { useRolloutActs } from "./rollout-acts.tsx";
import { sayLimits, sayStrategy } from "./strategy.ts";
import { TargetDrawer } from "./target-drawer.tsx";
import classes from "./rollout.module.css";

const route = getRouteApi("/shell/rollouts/$rollout");

export function RolloutPage() {
  const { rollout: id } = route.useParams();
  const { target } = route.useSearch();
  const stale = useLiveness().state === "stale";
  // The stream says when to read again; when it is cut, asking now and then is better than nothing.
  const rollout = useQuery({ ...read("rollouts.get", { id }), refetchInterval: stale ? 5000 : false });
  const moving = rollout.data !== undefined && !["succeeded", "reverted"].includes(rollout.data.state);
  return (
    <Page
      title={rollout.data?.title ?? "Rollout"}
      crumbs={[{ label: "Rollouts", to: "/rollouts" }]}
      beside={rollout.data && <State look={rolloutLooks[rollout.data.state]} />}
      say={rollout.data ? <output className={classes["answer"]}>{rollout.data.say}</output> : rollout.error ? undefined : null}
      acts={rollout.data && <Acts rollout={rollout.data} />}
    >
      <Loaded query={rollout} skeleton={<RowsSkeleton />}>
        {(found) => (
          <>
            <About rollout={found} />
            <Picture rollout={found} current={target} />
            <Journal
              rollout={found.id}
              moving={moving && stale}
              names={new Map(found.targets.map((one) => [one.target, one.targetName]))}
            />
            {target !== undefined && <TargetDrawer rollout={found} target={target} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Acts({ rollout }: { rollout: Rollout }) {
  return <ActBar acts={useRolloutActs(rollout)} />;
}

function About({ rollout }: { rollout: Rollout }) {
  const limits = sayLimits(rollout.limits);
  return (
    <Notes>
      <li>
        {sayStrategy(rollout.strategy)}
        {rollout.strategyFrom && `, as the policy ${rollout.strategyFrom.name} says`}
      </li>
      {limits !== undefined && <li>{limits}</li>}
      {rollout.partial && <li>it changes devices besides that you may not see</li>}
      <li>
        by <Actor actor={rollout.createdBy} /> <When at={rollout.createdAt} />
      </li>
      {rollout.approvedBy !== undefined && (
        <li>
          approved by <Actor actor={rollout.approvedBy} />
        </li>
      )}
      {rollout.startedAt !== undefined && (
        <li>
          started <When at={rollout.startedAt} />
        </li>
      )}
      {rollout.endedAt !== undefined && (
        <li>
          ended <When at={rollout.endedAt} />
        </li>
      )}
      <li>
        <Link to="/plans/$plan" params={{ plan: rollout.planId }}>
          The plan and its diffs
        </Link>
      </li>
      {rollout.revertOf !== undefined && (
        <li>
          follows{" "}
          <Link to="/rollouts/$rollout" params={{ rollout: rollout.revertOf }}>
            an earlier rollout
          </Link>
        </li>
      )}
      <li>
        rollout <Shortened text={rollout.id} shown={rollout.id} what="rollout id" />
      </li>
    </Notes>
  );
}
