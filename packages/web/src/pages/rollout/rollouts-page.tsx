/** What was, is and will be changed. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconRocket } from "@tabler/icons-react";
import { getRouteApi, type LinkProps } from "@tanstack/react-router";
import { rolloutStates } from "virtual:contract";
import type { RouteOutput } from "../../app/api.ts";
import { read, readPages } from "../../app/reads.ts";
import { oneOf } from "../../app/search.ts";
import { Actor, actorName } from "../../parts/actor.tsx";
import { Choose } from "../../parts/choose.tsx";
import type { Column } from "../../parts/data-list/columns.ts";
import { DataList } from "../../parts/data-list/data-list.tsx";
import { Empty } from "../../parts/empty.tsx";
import { count, plural, words } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { rolloutLooks } from "../../parts/states.ts";
import { When } from "../../parts/when.tsx";

type RolloutRow = RouteOutput<"rollouts.list">["items"][number];
const route = getRouteApi("/shell/rollouts");
const stateWords = rolloutStates.map((value) => ({ value, label: words(value) }));

const columns: Column<RolloutRow>[] = [
  { id: "title", header: "Rollout", cell: (row) => row.title, text: (row) => row.title, width: "minmax(150px, 2fr)" },
  {
    id: "state",
    header: "State",
    cell: (row) => <State look={rolloutLooks[row.state]} />,
    text: (row) => words(row.state),
    width: "minmax(118px, 0.9fr)",
  },
  {
    id: "say",
    header: "In a sentence",
    cell: (row) => <span className="dim">{row.say}</span>,
    text: (row) => row.say,
    width: "minmax(200px, 2.4fr)",
    from: "wide",
  },
  {
    id: "targets",
    header: "Devices",
    cell: (row) => count(row.targetCount),
    text: (row) => row.targetCount,
    width: "60px",
    align: "end",
    from: "mid",
  },
  {
    id: "strategy",
    header: "Strategy",
    cell: (row) => words(row.strategyKind),
    text: (row) => row.strategyKind,
    width: "minmax(72px, 0.5fr)",
    from: "mid",
  },
  {
    id: "by",
    header: "By",
    cell: (row) => <Actor actor={row.createdBy} />,
    text: (row) => actorName(row.createdBy),
    width: "minmax(72px, 0.6fr)",
    from: "mid",
  },
  {
    id: "at",
    header: "Proposed",
    cell: (row) => <When at={row.createdAt} />,
    text: (row) => row.createdAt,
    width: "96px",
    align: "end",
    from: "mid",
  },
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
  const rollouts = useInfiniteQuery(readPages("rollouts.list", state === undefined ? {} : { state }));
  const overview = useQuery(read("system.overview", undefined)).data?.rollouts;
  return (
    <Page title="Rollouts" say={overview === undefined ? null : answer(overview)}>
      <div>
        <Choose
          label="State"
          width={190}
          value={state}
          from={stateWords}
          onChoose={(chosen) => void navigate({ search: { state: chosen }, replace: true })}
        />
      </div>
      <Loaded query={rollouts} skeleton={<RowsSkeleton rows={6} />}>
        {(rows) => (
          <DataList
            label="Rollouts"
            noun={["rollout", "rollouts"]}
            rows={rows}
            columns={columns}
            {...rolloutRows}
            more={{ hasMore: rollouts.hasNextPage, loading: rollouts.isFetchingNextPage, load: () => void rollouts.fetchNextPage() }}
            empty={
              <Panel>
                {state === undefined ? (
                  <Empty icon={<IconRocket size={22} />} title="No rollout yet" act={<LinkButton to="/plans">To the plans</LinkButton>}>
                    A rollout carries a plan out in waves: a canary first, then more, and back again by itself when a device gets worse.
                  </Empty>
                ) : (
                  <Empty
                    icon={<IconRocket size={22} />}
                    title={`No rollout is ${words(state)}`}
                    act={
                      <LinkButton variant="default" to="/rollouts">
                        Show all rollouts
                      </LinkButton>
                    }
                  />
                )}
              </Panel>
            }
          />
        )}
      </Loaded>
    </Page>
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
