/** What was, is and will be changed. */
import { ActionIcon } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconRocket, IconX } from "@tabler/icons-react";
import { getRouteApi, type LinkProps } from "@tanstack/react-router";
import { rolloutStates } from "virtual:contract";
import type { RouteOutput } from "../../app/api.ts";
import { read, readPages } from "../../app/reads.ts";
import { oneOf } from "../../app/search.ts";
import { Choose } from "../../parts/choose.tsx";
import { actorColumn, countColumn, stateColumn, textColumn, whenColumn } from "../../parts/data-list/column-kinds.tsx";
import type { Column } from "../../parts/data-list/columns.ts";
import { DataList } from "../../parts/data-list/data-list.tsx";
import { moreOf } from "../../parts/data-list/more.ts";
import { EmptyList } from "../../parts/empty-list.tsx";
import { plural, words } from "../../parts/format.ts";
import { LinkButton } from "../../parts/link-button.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { useNameOf } from "../../parts/names.ts";
import { Page } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { rolloutLooks } from "../../parts/states.ts";
import { Subject } from "../../parts/subject.tsx";
import classes from "./rollout.module.css";

type RolloutRow = RouteOutput<"rollouts.list">["items"][number];
const route = getRouteApi("/shell/rollouts");
const nouns: [string, string] = ["rollout", "rollouts"];
const stateWords = rolloutStates.map((value) => ({ value, label: words(value) }));

const columns: Column<RolloutRow>[] = [
  textColumn({ id: "title", header: "Rollout", width: "minmax(150px, 2fr)" }, (row) => row.title),
  stateColumn({ id: "state", header: "State", width: "minmax(118px, 0.9fr)" }, (row) => rolloutLooks[row.state]),
  {
    id: "say",
    header: "In a sentence",
    cell: (row) => <span className="dim">{row.say}</span>,
    text: (row) => row.say,
    width: "minmax(200px, 2.4fr)",
    from: "wide",
  },
  countColumn({ id: "targets", header: "Devices", width: "60px", from: "mid" }, (row) => row.targetCount),
  textColumn({ id: "strategy", header: "Strategy", width: "minmax(72px, 0.5fr)", from: "wide" }, (row) => words(row.strategyKind)),
  actorColumn({ id: "by", header: "By", from: "mid" }, (row) => row.createdBy),
  whenColumn({ id: "at", header: "Proposed", from: "mid" }, (row) => row.createdAt),
];

/** How a row leads on and is called; made once, so that rows are not drawn again while the list scrolls. */
const rolloutRows = {
  rowKey: (row: RolloutRow) => row.id,
  rowName: (row: RolloutRow) => row.title,
  rowLink: (row: RolloutRow): LinkProps => ({ to: "/rollouts/$rollout", params: { rollout: row.id } }),
};

export function RolloutsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const state = oneOf(rolloutStates, search.state);
  const { plan } = search;
  const rollouts = useInfiniteQuery(readPages("rollouts.list", { ...(state && { state }), ...(plan && { plan }) }));
  const overview = useQuery(read("system.overview", undefined)).data?.rollouts;
  return (
    <Page title="Rollouts" say={overview === undefined ? null : answer(overview)}>
      <div className={classes["filters"]}>
        <Choose
          label="State"
          width={190}
          value={state}
          from={stateWords}
          onChoose={(chosen) => void navigate({ search: { ...search, state: chosen }, replace: true })}
        />
        {plan !== undefined && (
          <OfPlan plan={plan} onAny={() => void navigate({ search: { ...search, plan: undefined }, replace: true })} />
        )}
      </div>
      <Loaded query={rollouts} skeleton={<RowsSkeleton rows={6} />}>
        {(rows) => (
          <DataList
            label="Rollouts"
            noun={nouns}
            rows={rows}
            columns={columns}
            {...rolloutRows}
            more={moreOf(rollouts)}
            empty={
              <EmptyList
                icon={<IconRocket size={22} />}
                noun={nouns}
                filtered={state !== undefined || plan !== undefined}
                all="/rollouts"
                title="No rollout yet"
                act={<LinkButton to="/plans">To the plans</LinkButton>}
              >
                A rollout carries a plan out in waves: a canary first, then more, and back again by itself when a device gets worse.
              </EmptyList>
            }
          />
        )}
      </Loaded>
    </Page>
  );
}

/** The plan that the list is of, and the way back to all. */
function OfPlan({ plan, onAny }: { plan: string; onAny: () => void }) {
  return (
    <span>
      of the plan <Subject subject={`plan:${plan}`} name={useNameOf(`plan:${plan}`)} />
      <ActionIcon aria-label="Any plan" onClick={onAny} ml={4}>
        <IconX size={14} />
      </ActionIcon>
    </span>
  );
}

function answer({ running, awaitingApproval, needsAttention }: RouteOutput<"system.overview">["rollouts"]): string {
  const parts = [
    ...(running > 0 ? [`${running} under way`] : []),
    ...(awaitingApproval > 0 ? [`${awaitingApproval} awaiting approval`] : []),
    ...(needsAttention > 0 ? [`${plural(needsAttention, "rollout")} ${needsAttention === 1 ? "needs" : "need"} attention`] : []),
  ];
  return parts.length === 0 ? "Nothing moves, and nothing waits." : `${parts.join("; ")}.`;
}
