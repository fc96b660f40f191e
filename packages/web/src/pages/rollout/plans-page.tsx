/** What was planned: dry runs, each of which may become a rollout. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconFileDiff } from "@tabler/icons-react";
import type { LinkProps } from "@tanstack/react-router";
import type { RouteOutput } from "../../app/api.ts";
import { readPages } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { actorColumn, countColumn, textColumn, whenColumn } from "../../parts/data-list/column-kinds.tsx";
import type { Column } from "../../parts/data-list/columns.ts";
import { DataList } from "../../parts/data-list/data-list.tsx";
import { moreOf } from "../../parts/data-list/more.ts";
import { Empty } from "../../parts/empty.tsx";
import { count, plural } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { sayOrigin } from "./origin.ts";

type PlanRow = RouteOutput<"plans.list">["items"][number];

const columns: Column<PlanRow>[] = [
  textColumn({ id: "title", header: "Plan", width: "minmax(160px, 3fr)" }, (row) => row.title),
  countColumn({ id: "targets", header: "Would change", width: "92px" }, (row) => row.targets),
  countColumn({ id: "unchanged", header: "As intended", width: "84px", from: "wide" }, (row) => row.unchanged),
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
  actorColumn({ id: "by", header: "By", from: "mid" }, (row) => row.createdBy),
  whenColumn({ id: "at", header: "Planned", from: "mid" }, (row) => row.createdAt),
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
  return (
    <Page
      title="Plans"
      say={answerOf(plans, ([newest]) =>
        newest === undefined
          ? "Nothing has been planned yet."
          : `The newest plan would change ${plural(newest.targets, "device")}; nothing is touched until it is rolled out.`,
      )}
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
            more={moreOf(plans)}
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
