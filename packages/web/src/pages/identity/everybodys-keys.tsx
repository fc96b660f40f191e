/** API keys of several people or service accounts in one list, the first to end first; for whoever looks after them. */
import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { read } from "../../app/reads.ts";
import { Ends } from "../../parts/ends-in.tsx";
import { listed, plural } from "../../parts/format.ts";
import { Panel } from "../../parts/page.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { Table, wideOnly, type Heading } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import type { Person } from "./people/person.ts";

const head: Heading[] = [
  { label: "Key" },
  { label: "Of" },
  { label: "May", from: "wide" },
  { label: "Last used", from: "wide" },
  { label: "Ends" },
];

export function EverybodysKeys({ title, owners }: { title: string; owners: readonly Person[] }) {
  const lists = useQueries({ queries: owners.map(({ id }) => read("people.listKeys", { id })) });
  const failed = lists.find((list) => list.error !== null)?.error;
  const keys = lists
    .flatMap((list, at) => (list.data?.items ?? []).map((key) => ({ ...key, owner: owners[at] })))
    .sort((a, b) => a.expiresAt.localeCompare(b.expiresAt));
  return (
    <Panel title={title} id="everybodys-keys" flush>
      {failed && <ProblemNotice thrown={failed} />}
      {lists.some((list) => list.isLoading) ? (
        <RowsSkeleton rows={2} />
      ) : keys.length === 0 ? (
        <p style={{ padding: "12px 14px" }}>None of the {plural(owners.length, "account")} has one.</p>
      ) : (
        <Table label={title} head={head} flush>
          {keys.map(({ owner, ...key }) => (
            <tr key={key.id}>
              <th scope="row">{key.name}</th>
              <td>{owner && <Owner owner={owner} />}</td>
              <td className={wideOnly} title={key.scopes.join(", ")}>
                {key.scopes.length === 0 ? "all that its owner may" : listed(key.scopes, 2)}
              </td>
              <td className={wideOnly}>
                <When at={key.lastUsedAt} />
              </td>
              <td>
                <Ends at={key.expiresAt} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}

function Owner({ owner: { id, name, kind } }: { owner: Person }) {
  return kind === "person" ? (
    <Link to="/settings/people/$person" params={{ person: id }}>
      {name}
    </Link>
  ) : (
    <Link to="/settings/machines/$account" params={{ account: id }}>
      {name}
    </Link>
  );
}
