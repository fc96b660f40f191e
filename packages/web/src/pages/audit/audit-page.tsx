/** Who did what to what, and why; and whether the chain that proves it is whole. */
import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconListCheck } from "@tabler/icons-react";
import { getRouteApi, type LinkProps } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import type { AuditEntry } from "@holdfast/contract";
import { auditSeverities, auditTypes } from "virtual:contract";
import { serverNow } from "../../app/clock.ts";
import { readPages } from "../../app/reads.ts";
import { oneOf } from "../../app/search.ts";
import { ActBar } from "../../parts/act-bar.tsx";
import { Choose } from "../../parts/choose.tsx";
import { actorColumn, stateColumn } from "../../parts/data-list/column-kinds.tsx";
import type { Column } from "../../parts/data-list/columns.ts";
import { DataList } from "../../parts/data-list/data-list.tsx";
import { moreOf } from "../../parts/data-list/more.ts";
import { EmptyList } from "../../parts/empty-list.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { exact, short, words } from "../../parts/format.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { nameIn } from "../../parts/sayings.ts";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { SubjectName } from "../../parts/subject.tsx";
import { When } from "../../parts/when.tsx";
import { trailActs } from "./trail-acts.tsx";
import { ChainBadge, useVerify } from "./chain.tsx";
import { EntryDrawer } from "./entry-drawer.tsx";
import { ExportTrail } from "./export-trail.tsx";
import { auditLooks, sinceOf, spanChoices } from "./severity.ts";

const route = getRouteApi("/shell/audit");
const none: AuditEntry[] = [];
const nouns: [string, string] = ["entry", "entries"];

const columns: Column<AuditEntry>[] = [
  {
    id: "action",
    header: "Action",
    cell: (row) => <span className="mono">{row.action}</span>,
    text: (row) => row.action,
    width: "minmax(150px, 1.3fr)",
  },
  stateColumn({ id: "severity", header: "Severity", width: "96px", from: "mid" }, (row) => auditLooks[row.severity]),
  actorColumn({ id: "actor", header: "Who" }, (row) => row.actor),
  {
    id: "subject",
    header: "To what",
    cell: (row) => <SubjectName subject={row.subject} said={nameIn(row)} />,
    text: (row) => row.subject,
    width: "minmax(140px, 1.2fr)",
    from: "mid",
  },
  {
    id: "reason",
    header: "Why",
    cell: (row) => row.reason ?? <span className="dim">–</span>,
    text: (row) => row.reason ?? "",
    width: "minmax(120px, 1.2fr)",
    from: "wide",
  },
  {
    id: "hash",
    header: "Hash",
    cell: (row) => <span className="mono dim">{short(row.hash)}</span>,
    text: (row) => row.hash,
    width: "84px",
    from: "wide",
  },
  { id: "seq", header: "No.", cell: (row) => row.seq, text: (row) => row.seq, width: "64px", align: "end", from: "mid" },
  {
    id: "at",
    header: "When",
    cell: (row) => <When at={row.at} />,
    text: (row) => exact(row.at).utc,
    width: "96px",
    align: "end",
    from: "mid",
  },
];

/** How a row leads on and is called; made once, so that rows are not drawn again while the list scrolls. */
const auditRows = {
  rowKey: (row: AuditEntry) => String(row.seq),
  rowName: (row: AuditEntry) => `${row.action} by ${row.actor}`,
  rowLink: (row: AuditEntry): LinkProps => ({
    to: "/audit",
    search: (was: object) => ({ ...was, entry: String(row.seq) }),
    resetScroll: false,
  }),
};

export function AuditPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { q, actor, action, subject, entry: open } = search;
  const [severity, type] = [oneOf(auditSeverities, search.severity), oneOf(auditTypes, search.type)];
  const since = useMemo(() => sinceOf(search.span, serverNow()), [search.span]);
  const asked = { q, actor, action, subject, severity, type, since };
  const filters = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as Partial<typeof asked>;
  const filtered = Object.keys(filters).length > 0;
  const audit = useInfiniteQuery(readPages("audit.list", filters));
  const verify = useVerify();
  const rows = audit.data ?? none;
  const shown = open === undefined ? undefined : rows.find((row) => String(row.seq) === open);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = audit;
  useEffect(() => {
    // An entry named in the URL may be older than what was read so far.
    if (open !== undefined && shown === undefined && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [open, shown, hasNextPage, isFetchingNextPage, fetchNextPage]);
  const set = (patch: typeof search): void => void navigate({ search: { ...search, ...patch }, replace: true, resetScroll: false });
  return (
    <Page
      title="Audit"
      say={verify.data === undefined ? "Every change of state, chained so that a missing or altered entry shows." : verify.data.say}
      beside={
        <>
          <ChainBadge verify={verify} />
          <ExportTrail filters={filters} />
        </>
      }
      acts={<ActBar acts={trailActs()} most={0} />}
    >
      <FilterBar
        looksIn="anything in an entry"
        text={q}
        onText={(text) => set({ q: text })}
        filtered={filtered}
        onClear={() => void navigate({ search: {}, replace: true })}
        views="audit"
      >
        <Choose
          label="Severity"
          value={severity}
          from={auditSeverities.map((value) => ({ value, label: auditLooks[value].word }))}
          onChoose={(value) => set({ severity: value })}
          width={112}
        />
        <Choose
          label="Type"
          value={type}
          from={auditTypes.map((value) => ({ value, label: words(value) }))}
          onChoose={(value) => set({ type: value })}
          width={160}
          searchable
        />
        <Choose label="Any time" value={search.span} from={spanChoices} onChoose={(value) => set({ span: value })} width={130} />
        <Field key={`actor ${actor ?? ""}`} label="Who" placeholder="Who" value={actor} onPass={(value) => set({ actor: value })} />
        <Field
          key={`action ${action ?? ""}`}
          label="Action"
          placeholder="devices.device.create"
          value={action}
          onPass={(value) => set({ action: value })}
          width={190}
        />
        <Field
          key={`subject ${subject ?? ""}`}
          label="To what"
          placeholder="device:dev_…"
          value={subject}
          onPass={(value) => set({ subject: value })}
          width={190}
        />
      </FilterBar>
      <Loaded query={audit} skeleton={<RowsSkeleton rows={12} />}>
        {() => (
          <DataList
            label="Audit trail"
            noun={nouns}
            rows={rows}
            columns={columns}
            {...auditRows}
            current={open}
            more={moreOf(audit)}
            empty={
              <EmptyList
                icon={<IconListCheck size={22} />}
                noun={nouns}
                filtered={filtered}
                all="/audit"
                title="Nothing has been done yet"
              />
            }
          />
        )}
      </Loaded>
      {open !== undefined && (
        <EntryDrawer entry={shown} seq={open} reading={hasNextPage || audit.isPending} onClose={() => set({ entry: undefined })} />
      )}
    </Page>
  );
}

interface FieldProps {
  label: string;
  placeholder: string;
  value: string | undefined;
  onPass: (value: string | undefined) => void;
  width?: number;
}

function Field({ label, placeholder, value, onPass, width = 130 }: FieldProps) {
  const [typed, setTyped] = useState(value ?? "");
  const pass = useDebouncedCallback((text: string) => onPass(text.trim() === "" ? undefined : text.trim()), 500);
  return (
    <TextInput
      aria-label={label}
      placeholder={placeholder}
      w={width}
      spellCheck={false}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        pass(event.currentTarget.value);
      }}
    />
  );
}
