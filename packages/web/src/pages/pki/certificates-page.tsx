/** Certificates that our own authority issued: which count, which end soon. */
import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconCertificate, IconPlus, IconRefresh } from "@tabler/icons-react";
import { getRouteApi, Outlet, useParams, type LinkProps } from "@tanstack/react-router";
import type { CertificateSummary, PkiStatus } from "@holdfast/contract";
import { act } from "../../app/act.ts";
import type { RouteOutput } from "../../app/api.ts";
import { read, readPages } from "../../app/reads.ts";
import { oneOf } from "../../app/search.ts";
import { useMay } from "../../app/session.ts";
import { ActBar } from "../../parts/act-bar.tsx";
import { Choose } from "../../parts/choose.tsx";
import { stateColumn, textColumn, whenColumn } from "../../parts/data-list/column-kinds.tsx";
import type { Column } from "../../parts/data-list/columns.ts";
import { DataList } from "../../parts/data-list/data-list.tsx";
import { moreOf } from "../../parts/data-list/more.ts";
import { Empty } from "../../parts/empty.tsx";
import { EmptyList } from "../../parts/empty-list.tsx";
import { Ends } from "../../parts/ends-in.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { listed, plural } from "../../parts/format.ts";
import { LinkButton } from "../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { againMs, kinds, stateLooks, states, type CertificateState } from "./words.ts";

type Expiring = RouteOutput<"pki.expiring">["items"][number];

const route = getRouteApi("/shell/settings/certificates");
const nouns: [string, string] = ["certificate", "certificates"];

const columns: Column<CertificateSummary>[] = [
  textColumn({ id: "name", header: "Name", width: "minmax(130px, 2fr)" }, (row) => row.name),
  textColumn({ id: "kind", header: "For", width: "84px", from: "mid" }, (row) => row.kind),
  stateColumn({ id: "state", header: "State", width: "96px", from: "mid" }, (row) => stateLooks[row.state]),
  {
    id: "ends",
    header: "Ends",
    cell: (row) => (row.state === "revoked" ? <span className="dim">revoked</span> : <Ends at={row.notAfter} />),
    text: (row) => row.notAfter,
    width: "130px",
  },
  textColumn({ id: "renews", header: "Renewed", width: "110px", from: "wide" }, (row) => (row.automatic ? "by itself" : "by people")),
  whenColumn({ id: "since", header: "Issued", from: "wide" }, (row) => row.notBefore),
];

const rowsLook = {
  rowKey: (row: CertificateSummary) => row.id,
  rowName: (row: CertificateSummary) => row.name,
  rowLink: (row: CertificateSummary): LinkProps => ({
    to: "/settings/certificates/$certificate",
    params: { certificate: row.id },
    search: (was: object) => was,
    resetScroll: false,
  }),
};

export function CertificatesPage() {
  const status = useQuery({ ...read("pki.status", undefined), refetchInterval: againMs });
  const expiring = useQuery({ ...read("pki.expiring", { days: 30 }), refetchInterval: againMs });
  return (
    <Page title="Certificates" say={answerOf(status, (found) => answer(found, expiring.data?.items))} acts={<Acts status={status.data} />}>
      <Loaded query={status} skeleton={<RowsSkeleton rows={6} />}>
        {(found) => (found.ready || found.authorities.length > 0 ? <List /> : <NotYet />)}
      </Loaded>
      <Outlet />
    </Page>
  );
}

function answer({ ready, certificates }: PkiStatus, expiring: readonly Expiring[] | undefined): string {
  if (!ready && certificates.valid === 0) return "There is no authority yet, so nothing can be issued.";
  const soon = expiring ?? [];
  const ends =
    soon.length === 0
      ? "None is due to be renewed by people."
      : `Due to be renewed: ${listed(
          soon.map(({ what, name }) => `${what} ${name}`),
          3,
        )}.`;
  return `${plural(certificates.valid, "certificate counts", "certificates count")}, ${certificates.revoked} revoked. ${ends}`;
}

function Acts({ status }: { status: PkiStatus | undefined }) {
  const may = useMay();
  if (status === undefined || status.authorities.length === 0) return null;
  const due = act({
    route: "pki.rotate",
    input: {},
    label: "Renew what is due",
    icon: <IconRefresh size={14} />,
    blocked: status.ready ? undefined : "No authority can issue now.",
    confirm: {
      title: "Renew what is due",
      says: (
        <p>
          Certificates of people’s that have used up two thirds of their time get a new term, with the same key. Nothing else is touched.
        </p>
      ),
    },
    done: ({ rotated }) => (rotated === 0 ? "Nothing was due." : `${plural(rotated, "certificate")} renewed.`),
  });
  return (
    <ActBar acts={[due]}>
      <LinkButton variant="default" to="/settings/certificates/authorities">
        Authorities
      </LinkButton>
      {may("pki.issue") && status.ready && (
        <LinkButton leftSection={<IconPlus size={15} />} to="/settings/certificates/issue">
          Issue a certificate
        </LinkButton>
      )}
    </ActBar>
  );
}

function NotYet() {
  const may = useMay();
  const init = may("pki.init") ? (
    <LinkButton to="/settings/certificates/init">Make the authorities</LinkButton>
  ) : (
    <Button disabled>Make the authorities</Button>
  );
  return (
    <Panel>
      <Empty icon={<IconCertificate size={22} />} title="No authority yet" act={init}>
        A root, an intermediate that issues, and an SSH authority for short-lived sign-ins to devices. Or{" "}
        <LinkButton variant="subtle" size="compact-xs" to="/settings/certificates/authorities/import">
          bring your own
        </LinkButton>
      </Empty>
    </Panel>
  );
}

function List() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { certificate: open } = useParams({ strict: false });
  const kind = oneOf(kinds, search.kind);
  const state = oneOf(states, search.state);
  const certificates = useInfiniteQuery({
    ...readPages("pki.list", { ...(kind && { kind }), ...(state && { state }) }),
    refetchInterval: againMs,
  });
  const wanted = (search.q ?? "").toLowerCase();
  const rows = (certificates.data ?? []).filter((row) => textOf(row).includes(wanted));
  const filtered = kind !== undefined || state !== undefined || search.q !== undefined;
  const set = (patch: typeof search): void => void navigate({ to: ".", search: { ...search, ...patch }, replace: true });
  return (
    <>
      <FilterBar
        looksIn="name or address"
        text={search.q}
        onText={(text) => set({ q: text })}
        filtered={filtered}
        onClear={() => void navigate({ to: ".", search: {}, replace: true })}
        views="certificates"
      >
        <Choose
          label="For"
          value={kind}
          from={kinds.map((value) => ({ value, label: value }))}
          onChoose={(value) => set({ kind: value })}
        />
        <Choose
          label="State"
          value={state}
          from={states.map((value: CertificateState) => ({ value, label: stateLooks[value].word }))}
          onChoose={(value) => set({ state: value })}
        />
      </FilterBar>
      <Loaded query={certificates} skeleton={<RowsSkeleton rows={6} />}>
        {() => (
          <DataList
            label="Certificates"
            noun={nouns}
            rows={rows}
            columns={columns}
            {...rowsLook}
            sort={search.sort}
            onSort={(sort) => set({ sort })}
            current={open}
            more={moreOf(certificates)}
            empty={
              <EmptyList
                icon={<IconCertificate size={22} />}
                noun={nouns}
                filtered={filtered}
                all="/settings/certificates"
                title="Nothing issued yet"
              >
                Processes, agents and devices prove with a certificate who they are.
              </EmptyList>
            }
          />
        )}
      </Loaded>
    </>
  );
}

function textOf({ name, dnsNames, addresses, serial }: CertificateSummary): string {
  return [name, ...dnsNames, ...addresses, serial].join(" ").toLowerCase();
}
