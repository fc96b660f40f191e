/** One change of a plan: both configurations, or the commands. */
import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ChangeDetail, ChangeSummary } from "@holdfast/contract";
import { read } from "../../app/reads.ts";
import { oneOf } from "../../app/search.ts";
import { sides } from "../../parts/compare/fold.ts";
import { LazyCompare } from "../../parts/compare/lazy-compare.tsx";
import { UnifiedDiff } from "../../parts/compare/unified-diff.tsx";
import { ConfigText } from "../../parts/config-text.tsx";
import { Copy } from "../../parts/copy.tsx";
import { plural } from "../../parts/format.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Panel } from "../../parts/page.tsx";
import { TextSkeleton } from "../../parts/skeletons.tsx";
import classes from "./plan.module.css";

const route = getRouteApi("/shell/plans/$plan");
const views = ["split", "changes", "commands"] as const;
type View = (typeof views)[number];

export function PlanChange({ plan, change, view }: { plan: string; change: ChangeSummary; view: string | undefined }) {
  const navigate = route.useNavigate();
  const shown = oneOf(views, view) ?? "split";
  const detail = useQuery(read("plans.change", { id: plan, target: change.target }));
  return (
    <Panel
      id="change"
      flush
      title={
        <>
          <Link to="/devices/$device" params={{ device: change.targetName }} className="quiet">
            {change.targetName}
          </Link>{" "}
          <span className={classes["summary"]}>{change.summary}</span>
        </>
      }
      beside={
        <SegmentedControl
          aria-label="How to show the change"
          value={shown}
          onChange={(value) =>
            void navigate({
              search: (search) => ({ ...search, view: value === "split" ? undefined : value }),
              replace: true,
              resetScroll: false,
            })
          }
          data={[
            { value: "split", label: "Side by side" },
            { value: "changes", label: "Changes" },
            { value: "commands", label: "Commands" },
          ]}
        />
      }
    >
      <Loaded query={detail} skeleton={<TextSkeleton lines={18} />}>
        {(found) => <Shown detail={found} view={shown} />}
      </Loaded>
    </Panel>
  );
}

function Shown({ detail, view }: { detail: ChangeDetail; view: View }) {
  if (view === "changes") return <UnifiedDiff diff={detail.diff} label={`Changes to ${detail.targetName}`} />;
  if (view === "commands") {
    const text = detail.commands.join("\n");
    return (
      <>
        <p className={classes["commandsHead"]}>
          {plural(detail.commands.length, "command")}, in this order; secrets are masked <Copy text={text} what="commands" />
        </p>
        <ConfigText text={text} label={`Commands for ${detail.targetName}`} />
      </>
    );
  }
  const whole = detail.running !== undefined && detail.intended !== undefined;
  const { before, after } = whole ? { before: detail.running ?? "", after: detail.intended ?? "" } : sides(detail.diff);
  return (
    <LazyCompare
      before={before}
      after={after}
      names={[`Running on ${detail.targetName}`, `Intended for ${detail.targetName}`]}
      diff={whole ? detail.diff : undefined}
      sources={whole ? detail.sources : undefined}
    />
  );
}
