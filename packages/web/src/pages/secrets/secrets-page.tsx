/** Sealed secrets: what devices and Git servers are signed in to with. Their values never come back. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconLock, IconPlus } from "@tabler/icons-react";
import { getRouteApi, Outlet, type LinkProps } from "@tanstack/react-router";
import type { SecretSummary } from "@holdfast/contract";
import { serverNow } from "../../app/clock.ts";
import { readPages } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { countColumn, maybeColumn, textColumn, whenColumn } from "../../parts/data-list/column-kinds.tsx";
import type { Column } from "../../parts/data-list/columns.ts";
import { DataList } from "../../parts/data-list/data-list.tsx";
import { moreOf } from "../../parts/data-list/more.ts";
import { EmptyList } from "../../parts/empty-list.tsx";
import { endLook } from "../../parts/ends.ts";
import { Ends } from "../../parts/ends-in.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { plural } from "../../parts/format.ts";
import { LinkButton } from "../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { KeyRing } from "./key-ring.tsx";
import { kindWords } from "./kinds.ts";

const route = getRouteApi("/shell/settings/secrets");
const nouns: [string, string] = ["secret", "secrets"];

const columns: Column<SecretSummary>[] = [
  {
    id: "name",
    header: "Name",
    cell: (row) => <span className="mono">{row.name}</span>,
    text: (row) => row.name,
    width: "minmax(120px, 1.6fr)",
  },
  textColumn({ id: "kind", header: "Kind", width: "minmax(120px, 1fr)", from: "mid" }, (row) => kindWords[row.kind]),
  maybeColumn({ id: "user", header: "User", width: "minmax(90px, 0.8fr)", from: "wide", without: "–" }, (row) => row.username),
  textColumn({ id: "kept", header: "Kept in", width: "96px", from: "wide" }, (row) => (row.engine === "vault" ? "Vault" : "Holdfast")),
  countColumn({ id: "version", header: "Version", width: "72px", from: "mid" }, (row) => row.version),
  {
    id: "due",
    header: "To be replaced",
    cell: (row) => <Ends at={row.expiresAt} never="no date set" />,
    text: (row) => row.expiresAt ?? "",
    width: "136px",
  },
  whenColumn({ id: "changed", header: "Changed", from: "mid" }, (row) => row.updatedAt),
];

const rowsLook = {
  rowKey: (row: SecretSummary) => row.id,
  rowName: (row: SecretSummary) => row.name,
  rowLink: (row: SecretSummary): LinkProps => ({ to: "/settings/secrets/$secret", params: { secret: row.id } }),
};

export function SecretsPage() {
  const may = useMay();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const secrets = useInfiniteQuery(readPages("secrets.list", {}));
  const wanted = (search.q ?? "").toLowerCase();
  const rows = (secrets.data ?? []).filter((row) => `${row.name} ${row.username ?? ""}`.toLowerCase().includes(wanted));
  const set = (patch: typeof search): void => void navigate({ to: ".", search: { ...search, ...patch }, replace: true });
  const add = may("secrets.create") && (
    <LinkButton leftSection={<IconPlus size={15} />} to="/settings/secrets/new">
      Add a secret
    </LinkButton>
  );
  return (
    <Page title="Secrets" say={answerOf(secrets, answer)} acts={add}>
      {(secrets.data?.length ?? 0) > 0 && (
        <FilterBar
          looksIn="name or user"
          text={search.q}
          onText={(text) => set({ q: text })}
          filtered={search.q !== undefined}
          onClear={() => void navigate({ to: ".", search: {}, replace: true })}
          views="secrets"
        />
      )}
      <Loaded query={secrets} skeleton={<RowsSkeleton rows={3} />}>
        {(all) => (
          <DataList
            label="Secrets"
            noun={nouns}
            rows={rows}
            columns={columns}
            {...rowsLook}
            sort={search.sort}
            onSort={(sort) => set({ sort })}
            more={moreOf(secrets)}
            empty={
              <EmptyList
                icon={<IconLock size={22} />}
                noun={nouns}
                filtered={all.length > 0}
                all="/settings/secrets"
                title="No secret yet"
                act={add || undefined}
              >
                A user and password, an SSH key or a Git token. Devices and repositories refer to it by its name.
              </EmptyList>
            }
          />
        )}
      </Loaded>
      <KeyRing />
      <Outlet />
    </Page>
  );
}

function answer(rows: readonly SecretSummary[]): string {
  const soon = rows.filter(({ expiresAt }) => expiresAt !== undefined && endLook(Date.parse(expiresAt), serverNow()).tone !== "ok").length;
  const due = soon === 0 ? "" : ` ${soon} ${soon === 1 ? "is" : "are"} to be replaced within 30 days.`;
  return `${plural(rows.length, "secret")}, sealed.${due} A value goes in and never comes out again.`;
}
