/** What was planned: dry runs, each of which may become a rollout. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconFileDiff } from "@tabler/icons-react";
import type { LinkProps } from "@tanstack/react-router";
import type { RouteOutput } from "../../app/api.ts";
import { readPages } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { Actor, actorName } from "../../parts/actor.tsx";
import type { Column } from "../../parts/data-list/columns.ts";
import { DataList } from "../../parts/data-list/data-list.tsx";
import { Empty } from "../../parts/empty.tsx";
import { count, plural } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { When } from "../../parts/when.tsx";
import { sayOrigin } from "./origin.ts";

type PlanRow = RouteOutput<"plans.list">["items"][number];

const columns: Column<PlanRow>[] = [
  { id: "title", header: "Plan", cell: (row) => row.title, text: (row) => row.title, width: "minmax(160px, 3fr)" },
  { id: "targets", header: "Would change", cell: (row) => count(row.targets), text: (row) => row.targets, width: "92px", align: "end" },
  {
    id: "unchanged",
    header: "As intended",
    cell: (row) => <span className="dim">{count(row.unchanged)}</span>,
    text: (row) => row.unchanged,
    width: "84px",
    align: "end",
    from: "mid",
  },
  {
    id: "problems",
    header: "Problems",
    cell: (row) => <Problems n={row.problemCount} />,
    text: (row) => row.problemCount,
    width: "92px",
    from: "mid",
  },
  {
    id: "origin",
    header: "From",
    cell: (row) => <span className="dim">{sayOrigin(row.origin)}</span>,
    text: (row) => row.origin,
    width: "minmax(150px, 1.4fr)",
    from: "wide",
  },
  {
    id: "by",
    header: "By",
    cell: (row) => <Actor actor={row.createdBy} />,
    text: (row) => actorName(row.createdBy),
    width: "minmax(80px, 0.7fr)",
    from: "mid",
  },
  {
    id: "at",
    header: "Planned",
    cell: (row) => <When at={row.createdAt} />,
    text: (row) => row.createdAt,
    width: "96px",
    align: "end",
    from: "mid",
  },
];

function Problems({ n }: { n: number }) {
  return n === 0 ? <span className="dim">none</span> : <State look={{ tone: "warn", shape: "alert", word: count(n) }} />;
}

/** How a row leads on and is called; made once, so that rows are not drawn again while the list scrolls. */
const planRows = {
  rowKey: (row: PlanRow) => row.id,
  rowName: (row: PlanRow) => row.title,
  rowLink: (row: PlanRow): LinkProps => ({ to: "/plans/$plan", params: { plan: row.id } }),
};

export function PlansPage() {
  const plans = useInfiniteQuery(readPages("plans.list", {}));
  const may = useMay();
  const newest = plans.data?.[0];
  return (
    <Page
      title="Plans"
      say={
        plans.data === undefined
          ? plans.error
            ? undefined
            : null
          : newest === undefined
            ? "Nothing has been planned yet."
            : `The newest plan would change ${plural(newest.targets, "device")}; nothing is touched until it is rolled out.`
      }
      acts={may("repositories.list") && <LinkButton to="/repositories">Plan a revision…</LinkButton>}
    >
      <Loaded query={plans} skeleton={<RowsSkeleton rows={6} />}>
        {(rows) => (
          <DataList
            label="Plans"
            noun={["plan", "plans"]}
            rows={rows}
            columns={columns}
            {...planRows}
            more={{ hasMore: plans.hasNextPage, loading: plans.isFetchingNextPage, load: () => void plans.fetchNextPage() }}
            empty={
              <Panel>
                <Empty
                  icon={<IconFileDiff size={22} />}
                  title="No plan yet"
                  act={<LinkButton to="/repositories">To the repositories</LinkButton>}
                >
                  A plan compares a revision with what the devices run, and shows every line that would change. It touches nothing.
                </Empty>
              </Panel>
            }
          />
        )}
      </Loaded>
    </Page>
  );
}
