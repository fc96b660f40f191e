/** Everything that is not as it should be. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconShieldCheck } from "@tabler/icons-react";
import { getRouteApi, Outlet, useParams, type LinkProps } from "@tanstack/react-router";
import type { Finding } from "@holdfast/contract";
import { findingStates, severities } from "virtual:contract";
import { read, readPages } from "../../app/reads.ts";
import { oneOf } from "../../app/search.ts";
import { Choose } from "../../parts/choose.tsx";
import type { Column } from "../../parts/data-list/columns.ts";
import { DataList } from "../../parts/data-list/data-list.tsx";
import { Empty } from "../../parts/empty.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { count, words } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { findingLooks, severityLooks } from "../../parts/states.ts";
import { When } from "../../parts/when.tsx";

const route = getRouteApi("/shell/findings");
const none: Finding[] = [];

const columns: Column<Finding>[] = [
  { id: "title", header: "Finding", cell: (row) => row.title, text: (row) => row.title, width: "minmax(150px, 3fr)" },
  {
    id: "severity",
    header: "Severity",
    cell: (row) => <State look={severityLooks[row.severity]} />,
    text: (row) => severities.length - severities.indexOf(row.severity),
    width: "88px",
  },
  {
    id: "state",
    header: "State",
    cell: (row) => <State look={findingLooks[row.state]} />,
    text: (row) => row.state,
    width: "124px",
    from: "mid",
  },
  {
    id: "subject",
    header: "About",
    cell: (row) => row.subjectName,
    text: (row) => row.subjectName,
    width: "minmax(110px, 1fr)",
    from: "mid",
  },
  {
    id: "kind",
    header: "Kind",
    cell: (row) => <span className="dim">{words(row.kind)}</span>,
    text: (row) => row.kind,
    width: "minmax(110px, 0.9fr)",
    from: "wide",
  },
  {
    id: "times",
    header: "Times",
    cell: (row) => count(row.occurrences),
    text: (row) => row.occurrences,
    width: "56px",
    align: "end",
    from: "wide",
  },
  {
    id: "first",
    header: "First seen",
    cell: (row) => <When at={row.firstSeenAt} />,
    text: (row) => row.firstSeenAt,
    width: "96px",
    align: "end",
    from: "wide",
  },
  {
    id: "last",
    header: "Last seen",
    cell: (row) => <When at={row.lastSeenAt} />,
    text: (row) => row.lastSeenAt,
    width: "96px",
    align: "end",
    from: "mid",
  },
];

/** How a row leads on and is called; made once, so that rows are not drawn again while the list scrolls. */
const findingRows = {
  rowKey: (row: Finding) => row.id,
  rowName: (row: Finding) => row.title,
  rowLink: (row: Finding): LinkProps => ({
    to: "/findings/$finding",
    params: { finding: row.id },
    search: (was: object) => was,
    resetScroll: false,
  }),
};

export function FindingsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { finding: open } = useParams({ strict: false });
  const { q, kind } = search;
  const state = oneOf(findingStates, search.state);
  const severity = oneOf(severities, search.severity);
  const filters = { ...(q && { q }), ...(kind && { kind }), ...(state && { state }), ...(severity && { severity }) };
  const filtered = Object.keys(filters).length > 0;
  const findings = useInfiniteQuery(readPages("findings.list", filters));
  const rows = findings.data ?? none;
  const kinds = [...new Set([...rows.map((row) => row.kind), ...(kind === undefined ? [] : [kind])])].sort();
  const set = (patch: typeof search): void => void navigate({ to: ".", search: { ...search, ...patch }, replace: true });
  return (
    <Page title="Findings" say={<Answer />}>
      <FilterBar
        looksIn="title or name"
        text={q}
        onText={(text) => set({ q: text })}
        filtered={filtered}
        onClear={() => void navigate({ to: ".", search: {}, replace: true })}
        views="findings"
      >
        <Choose
          label="State"
          value={state}
          from={findingStates.map((value) => ({ value, label: findingLooks[value].word }))}
          onChoose={(value) => set({ state: value })}
        />
        <Choose
          label="Severity"
          value={severity}
          from={severities.map((value) => ({ value, label: value }))}
          onChoose={(value) => set({ severity: value })}
        />
        <Choose
          label="Kind"
          width={170}
          value={kind}
          from={kinds.map((value) => ({ value, label: words(value) }))}
          onChoose={(value) => set({ kind: value })}
        />
      </FilterBar>
      <Loaded query={findings} skeleton={<RowsSkeleton rows={8} />}>
        {() => (
          <DataList
            label="Findings"
            noun={["finding", "findings"]}
            rows={rows}
            columns={columns}
            {...findingRows}
            sort={search.sort}
            onSort={(sort) => set({ sort })}
            current={open}
            more={{ hasMore: findings.hasNextPage, loading: findings.isFetchingNextPage, load: () => void findings.fetchNextPage() }}
            empty={<NoFindings filtered={filtered} />}
          />
        )}
      </Loaded>
      <Outlet />
    </Page>
  );
}

function Answer() {
  const overview = useQuery(read("system.overview", undefined)).data;
  if (overview === undefined) return null;
  const parts = severities
    .filter((severity) => (overview.findings[severity] ?? 0) > 0)
    .map((severity) => `${count(overview.findings[severity] ?? 0)} ${severity}`);
  return <>{parts.length === 0 ? "Nothing is known to be wrong." : `Not resolved yet: ${parts.join(", ")}.`}</>;
}

function NoFindings({ filtered }: { filtered: boolean }) {
  return (
    <Panel>
      {filtered ? (
        <Empty
          icon={<IconShieldCheck size={22} />}
          title="No finding fits this filter"
          act={
            <LinkButton variant="default" to="/findings">
              Show all findings
            </LinkButton>
          }
        />
      ) : (
        <Empty icon={<IconShieldCheck size={22} />} title="Nothing is known to be wrong">
          Drift, changed host keys, unreachable devices and reverts that still wait show up here, each with its evidence and its next step.
        </Empty>
      )}
    </Panel>
  );
}
