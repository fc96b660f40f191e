/** Everything that is not as it should be. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconShieldCheck } from "@tabler/icons-react";
import { getRouteApi, Outlet, useParams, type LinkProps } from "@tanstack/react-router";
import type { Finding } from "@holdfast/contract";
import { findingStates, severities } from "virtual:contract";
import { read, readPages } from "../../app/reads.ts";
import { oneOf } from "../../app/search.ts";
import { Choose } from "../../parts/choose.tsx";
import { countColumn, stateColumn, textColumn, whenColumn } from "../../parts/data-list/column-kinds.tsx";
import type { Column } from "../../parts/data-list/columns.ts";
import { DataList } from "../../parts/data-list/data-list.tsx";
import { moreOf } from "../../parts/data-list/more.ts";
import { EmptyList } from "../../parts/empty-list.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { count, words } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { findingLooks, severityLooks } from "../../parts/states.ts";

const route = getRouteApi("/shell/findings");
const none: Finding[] = [];
const nouns: [string, string] = ["finding", "findings"];

const columns: Column<Finding>[] = [
  textColumn({ id: "title", header: "Finding", width: "minmax(150px, 3fr)" }, (row) => row.title),
  {
    id: "severity",
    header: "Severity",
    cell: (row) => <State look={severityLooks[row.severity]} />,
    text: (row) => severities.length - severities.indexOf(row.severity),
    width: "88px",
  },
  stateColumn({ id: "state", header: "State", width: "124px", from: "mid" }, (row) => findingLooks[row.state]),
  textColumn({ id: "subject", header: "About", width: "minmax(110px, 1fr)", from: "mid" }, (row) => row.subjectName),
  {
    id: "kind",
    header: "Kind",
    cell: (row) => <span className="dim">{words(row.kind)}</span>,
    text: (row) => row.kind,
    width: "minmax(110px, 0.9fr)",
    from: "wide",
  },
  countColumn({ id: "times", header: "Times", width: "56px", from: "wide" }, (row) => row.occurrences),
  whenColumn({ id: "first", header: "First seen", from: "wide" }, (row) => row.firstSeenAt),
  whenColumn({ id: "last", header: "Last seen", from: "mid" }, (row) => row.lastSeenAt),
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
            noun={nouns}
            rows={rows}
            columns={columns}
            {...findingRows}
            sort={search.sort}
            onSort={(sort) => set({ sort })}
            current={open}
            more={moreOf(findings)}
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
    <EmptyList icon={<IconShieldCheck size={22} />} noun={nouns} filtered={filtered} all="/findings" title="Nothing is known to be wrong">
      Drift, changed host keys, unreachable devices and reverts that still wait show up here, each with its evidence and its next step.
    </EmptyList>
  );
}
