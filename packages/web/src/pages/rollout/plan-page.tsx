/** A plan, read like a pull request: its targets at the left, what would change at the right. */
import { useQuery } from "@tanstack/react-query";
import { IconCheck, IconRocket } from "@tabler/icons-react";
import { getRouteApi, Link, Outlet } from "@tanstack/react-router";
import type { Plan } from "@holdfast/contract";
import { read } from "../../app/reads.ts";
import { useMay, useMe, whyNot } from "../../app/session.ts";
import { Actor } from "../../parts/actor.tsx";
import { Shortened } from "../../parts/copy.tsx";
import { Counts } from "../../parts/compare/unified-diff.tsx";
import { Empty } from "../../parts/empty.tsx";
import { plural, short } from "../../parts/format.ts";
import { Glyph, State } from "../../parts/glyph.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Notes, Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { rolloutLooks } from "../../parts/states.ts";
import { When } from "../../parts/when.tsx";
import { sayOrigin } from "./origin.ts";
import { PlanChange } from "./plan-change.tsx";
import { PlanTargets } from "./plan-targets.tsx";
import { touchedBy } from "./touched.ts";
import classes from "./plan.module.css";

const route = getRouteApi("/shell/plans/$plan");

export function PlanPage() {
  const { plan: id } = route.useParams();
  const plan = useQuery(read("plans.get", { id }));
  return (
    <Page
      title={plan.data?.title ?? "Plan"}
      crumbs={[{ label: "Plans", to: "/plans" }]}
      say={plan.data ? <Answer plan={plan.data} /> : plan.error ? undefined : null}
      acts={plan.data && <RollOutButton plan={plan.data} />}
    >
      <Loaded query={plan} skeleton={<RowsSkeleton />}>
        {(found) => <Read plan={found} />}
      </Loaded>
      <Outlet />
    </Page>
  );
}

function Answer({ plan }: { plan: Plan }) {
  const added = plan.changes.reduce((sum, change) => sum + change.added, 0);
  const removed = plan.changes.reduce((sum, change) => sum + change.removed, 0);
  return (
    <>
      {plan.changes.length === 0 ? "Nothing would change" : `Would change ${plural(plan.changes.length, "device")}`}
      {plan.changes.length > 0 && (
        <>
          {" "}
          (<Counts added={added} removed={removed} />)
        </>
      )}
      ; {plan.unchanged} {plan.unchanged === 1 ? "is" : "are"} as intended already
      {plan.problems.length > 0 && `; ${plural(plan.problems.length, "problem")}`}.
      {plan.changes.length > 0 && " Nothing is touched until it is rolled out."}
    </>
  );
}

function RollOutButton({ plan }: { plan: Plan }) {
  const why = whyNot(useMe(), "rollouts.create", touchedBy(plan));
  if (plan.changes.length === 0) return null;
  if (why !== undefined) return <span className="dim">{why}</span>;
  return (
    <LinkButton to="/plans/$plan/roll-out" params={{ plan: plan.id }} search={(search) => search} leftSection={<IconRocket size={15} />}>
      Roll out…
    </LinkButton>
  );
}

function Read({ plan }: { plan: Plan }) {
  const search = route.useSearch();
  const chosen = plan.changes.find((change) => change.target === search.target) ?? plan.changes[0];
  return (
    <>
      <Notes>
        <li>
          by <Actor actor={plan.createdBy} /> <When at={plan.createdAt} />
        </li>
        <li>
          from{" "}
          {plan.repository === undefined ? (
            sayOrigin(plan.origin)
          ) : (
            <Link to="/repositories/$repository" params={{ repository: plan.repository }}>
              {sayOrigin(plan.origin)}
            </Link>
          )}
        </li>
        <li>
          plan <Shortened text={plan.id} shown={plan.id} what="plan id" />
        </li>
        <li>
          bound by <Shortened text={plan.hash} shown={short(plan.hash, 12)} what="plan hash" />
        </li>
        {plan.partial && <li>it changes devices besides that you may not see</li>}
        <RolledOut plan={plan.id} />
      </Notes>
      {plan.problems.length > 0 && <Problems problems={plan.problems} />}
      {chosen === undefined ? (
        <Panel>
          <Empty icon={<IconCheck size={22} />} title="Nothing to roll out">
            Every device that could be read runs what this plan would make of it.
          </Empty>
        </Panel>
      ) : (
        <div className={classes["columns"]}>
          <PlanTargets plan={plan} chosen={chosen.target} q={search.q} />
          <PlanChange plan={plan.id} change={chosen} view={search.view} />
        </div>
      )}
    </>
  );
}

/** The newest rollout of this plan, and the way to all of them. */
function RolledOut({ plan }: { plan: string }) {
  const may = useMay();
  const rollouts = useQuery({ ...read("rollouts.list", { plan, limit: 1 }), enabled: may("rollouts.list") });
  const rollout = rollouts.data?.items[0];
  if (rollout === undefined) return null;
  return (
    <li>
      rolled out: <State look={rolloutLooks[rollout.state]} />{" "}
      <Link to="/rollouts/$rollout" params={{ rollout: rollout.id }}>
        see the rollout
      </Link>
      {rollouts.data?.next !== undefined && (
        <>
          {", or "}
          <Link to="/rollouts" search={{ plan }}>
            all rollouts of this plan
          </Link>
        </>
      )}
    </li>
  );
}

function Problems({ problems }: { problems: Plan["problems"] }) {
  return (
    <section className={classes["problems"]} aria-label="Problems of this plan">
      <h2>
        <Glyph shape="alert" tone="warn" /> {plural(problems.length, "problem")}: these are left out
      </h2>
      <ul>
        {problems.map((problem) => (
          <li key={`${problem.targetName} ${problem.code} ${problem.at ?? ""}`}>
            <strong>{problem.targetName === "" ? "Repository" : problem.targetName}</strong> {problem.say}{" "}
            {problem.at !== undefined && <span className="mono">{problem.at}</span>} <span className="mono dim">{problem.code}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
