/** The repositories that hold what the network should be. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconGitBranch, IconPlus } from "@tabler/icons-react";
import { Outlet, type LinkProps } from "@tanstack/react-router";
import type { Repository } from "@holdfast/contract";
import { readPages } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { maybeColumn, monoColumn, stateColumn, textColumn, whenColumn } from "../../parts/data-list/column-kinds.tsx";
import type { Column } from "../../parts/data-list/columns.ts";
import { DataList } from "../../parts/data-list/data-list.tsx";
import { Empty } from "../../parts/empty.tsx";
import { listed, plural, short } from "../../parts/format.ts";
import { LinkButton } from "../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { fetchLook } from "./fetch-look.ts";

const columns: Column<Repository>[] = [
  textColumn({ id: "name", header: "Name", width: "minmax(110px, 0.8fr)" }, (row) => row.name),
  stateColumn({ id: "state", header: "Fetched", width: "minmax(96px, 0.7fr)" }, fetchLook),
  {
    id: "head",
    header: "Newest revision",
    cell: (row) => <Head row={row} />,
    text: (row) => row.headSubject ?? "",
    width: "minmax(200px, 2.4fr)",
    from: "mid",
  },
  maybeColumn({ id: "author", header: "Author", width: "minmax(100px, 0.8fr)", from: "wide", without: "unknown" }, (row) => row.headAuthor),
  whenColumn({ id: "at", header: "Committed", from: "mid" }, (row) => row.headAt),
  monoColumn({ id: "branch", header: "Branch", width: "minmax(80px, 0.5fr)", from: "wide" }, (row) => row.branch),
  monoColumn({ id: "url", header: "URL", width: "minmax(180px, 1.6fr)", from: "wide" }, (row) => row.url),
];

function Head({ row }: { row: Repository }) {
  if (row.head === undefined) return <span className="dim">none seen yet</span>;
  return (
    <>
      <span className="mono dim">{short(row.head)}</span> {row.headSubject}
    </>
  );
}

/** How a row leads on and is called; made once, so that rows are not drawn again while the list scrolls. */
const repositoryRows = {
  rowKey: (row: Repository) => row.id,
  rowName: (row: Repository) => row.name,
  rowLink: (row: Repository): LinkProps => ({ to: "/repositories/$repository", params: { repository: row.id } }),
};

export function RepositoriesPage() {
  const may = useMay();
  const repositories = useInfiniteQuery(readPages("repositories.list", {}));
  const connect = may("repositories.create") && (
    <LinkButton leftSection={<IconPlus size={15} />} to="/repositories/new">
      Connect a repository
    </LinkButton>
  );
  return (
    <Page title="Repositories" say={answerOf(repositories, answer)} acts={connect}>
      <Loaded query={repositories} skeleton={<RowsSkeleton rows={4} />}>
        {(rows) => (
          <DataList
            label="Repositories"
            noun={["repository", "repositories"]}
            rows={rows}
            columns={columns}
            {...repositoryRows}
            empty={
              <Panel>
                <Empty icon={<IconGitBranch size={22} />} title="No repository yet" act={connect || undefined}>
                  A Git repository holds what the network should be: inventory, templates, data and policies. Holdfast follows a branch and
                  plans its commits.
                </Empty>
              </Panel>
            }
          />
        )}
      </Loaded>
      <Outlet />
    </Page>
  );
}

function answer(rows: Repository[]): string {
  if (rows.length === 0) return "No repository is connected.";
  const failing = rows.filter((row) => row.problem !== undefined);
  if (failing.length > 0) return `${listed(failing.map((row) => row.name))} could not be fetched; the revision seen last is used.`;
  return `${plural(rows.length, "repository", "repositories")}, ${rows.length === 1 ? "fetched" : "all fetched"} without a problem.`;
}
