/** Who may sign in, and as what; and who has not been here for long. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconPlus, IconUsers } from "@tabler/icons-react";
import { getRouteApi, Outlet, type LinkProps } from "@tanstack/react-router";
import { writeGrants } from "@holdfast/kit";
import { act } from "../../../app/act.ts";
import { read, readPages } from "../../../app/reads.ts";
import { oneOf } from "../../../app/search.ts";
import { useMay, useMe } from "../../../app/session.ts";
import { ActBar } from "../../../parts/act-bar.tsx";
import { Choose } from "../../../parts/choose.tsx";
import { stateColumn, textColumn, whenColumn } from "../../../parts/data-list/column-kinds.tsx";
import type { Column } from "../../../parts/data-list/columns.ts";
import { DataList } from "../../../parts/data-list/data-list.tsx";
import { moreOf } from "../../../parts/data-list/more.ts";
import { EmptyList } from "../../../parts/empty-list.tsx";
import { FilterBar } from "../../../parts/filter-bar.tsx";
import { plural } from "../../../parts/format.ts";
import { LinkButton } from "../../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../../parts/loaded.tsx";
import { Page } from "../../../parts/page.tsx";
import { RowsSkeleton } from "../../../parts/skeletons.tsx";
import { factorLook, fits, personLook, shows, type Person } from "./person.ts";
import { ResetsDone, useResets } from "./resets-done.tsx";

const route = getRouteApi("/shell/settings/people");
const none: Person[] = [];
const nouns: [string, string] = ["person", "people"];
/** From when on somebody counts as not here for long. */
const inactiveDays = 30;

const columns: Column<Person>[] = [
  { id: "name", header: "Name", cell: (row) => <PersonName person={row} />, text: (row) => row.name, width: "minmax(110px, 1.4fr)" },
  textColumn({ id: "roles", header: "Roles", width: "minmax(110px, 1.6fr)" }, (row) => writeGrants(row.grants) || "none"),
  stateColumn({ id: "state", header: "May sign in", width: "112px", from: "mid" }, personLook),
  stateColumn({ id: "factor", header: "Second factor", width: "128px", from: "mid" }, factorLook),
  whenColumn({ id: "seen", header: "Last seen", from: "mid" }, (row) => row.lastSeenAt),
];

const rowsLook = {
  rowKey: (row: Person) => row.id,
  rowName: (row: Person) => row.name,
  rowLink: (row: Person): LinkProps => ({ to: "/settings/people/$person", params: { person: row.id } }),
};

export function PeoplePage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay();
  const show = oneOf(shows, search.show);
  const review = useInfiniteQuery(readPages("people.reviewGrants", {}));
  const inactive = useQuery({ ...read("people.inactive", { days: inactiveDays }), enabled: show === "inactive" });
  const away = new Set(inactive.data?.items.map((item) => item.id));
  const people = review.data?.filter((row) => row.kind === "person") ?? none;
  const rows = people.filter((row) => fits(row, { q: search.q, show, away }));
  const set = (patch: typeof search): void => void navigate({ to: ".", search: { ...search, ...patch }, replace: true });
  const resets = useResets();
  const resetAll = act({
    route: "people.forceAllResets",
    input: {},
    label: "Ask everybody for a new password",
    tone: "danger",
    blocked: people.length < 2 ? "Nobody is here but you." : undefined,
    confirm: {
      title: "A new password for everybody",
      says: (
        <p>
          The passwords and sessions of {plural(people.length - 1, "person", "people")} end; only yours stay. Each gets a one-time link: by
          mail where there is an address and a mail server, otherwise shown to you once. It cannot be undone.
        </p>
      ),
      typing: "everybody",
    },
    done: ({ items }) => {
      resets.show(items);
      return undefined;
    },
  });
  return (
    <Page
      title="People"
      say={answerOf(review, () => answer(people))}
      acts={
        may("people.invite") && (
          <ActBar acts={[resetAll]} most={0}>
            <LinkButton leftSection={<IconPlus size={15} />} to="/settings/people/new">
              Add a person
            </LinkButton>
          </ActBar>
        )
      }
    >
      <FilterBar
        looksIn="name or role"
        text={search.q}
        onText={(text) => set({ q: text })}
        filtered={search.q !== undefined || show !== undefined}
        onClear={() => void navigate({ to: ".", search: {}, replace: true })}
        views="people"
      >
        <Choose
          label="Show"
          width={200}
          value={show}
          from={[
            { value: "inactive", label: `Not here for ${inactiveDays} days` },
            { value: "no-factor", label: "Without a second factor" },
            { value: "disabled", label: "Disabled" },
          ]}
          onChoose={(value) => set({ show: value })}
        />
      </FilterBar>
      <Loaded query={review} skeleton={<RowsSkeleton rows={4} />}>
        {() => (
          <DataList
            label="People"
            noun={nouns}
            rows={rows}
            columns={columns}
            {...rowsLook}
            sort={search.sort}
            onSort={(sort) => set({ sort })}
            more={moreOf(review)}
            empty={<EmptyList icon={<IconUsers size={22} />} noun={nouns} filtered all="/settings/people" title="Nobody is here yet" />}
          />
        )}
      </Loaded>
      <ResetsDone resets={resets} />
      <Outlet />
    </Page>
  );
}

function PersonName({ person: { id, name } }: { person: Person }) {
  const self = useMe()?.user.id === id;
  return (
    <>
      {name}
      {self && <span className="dim"> (you)</span>}
    </>
  );
}

function answer(people: readonly Person[]): string {
  const able = people.filter((row) => !row.disabled);
  const missing = able.filter((row) => row.secondFactor === "missing").length;
  const off = people.length - able.length;
  const parts = [
    `${plural(able.length, "person", "people")} can sign in`,
    ...(off > 0 ? [`${off} ${off === 1 ? "is" : "are"} disabled`] : []),
    ...(missing > 0 ? [`${missing} must still enrol a second factor`] : []),
  ];
  return `${parts.join("; ")}.`;
}
