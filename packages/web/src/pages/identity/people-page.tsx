/** Who may sign in, and as what. */
import { Select, Switch } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { IconPlus } from "@tabler/icons-react";
import { Outlet } from "@tanstack/react-router";
import type { BuiltInRole, Grant, User } from "@holdfast/contract";
import { writeGrants } from "@holdfast/kit";
import { builtInRoles } from "virtual:contract";
import { invoke } from "../../app/api.ts";
import { readPages } from "../../app/reads.ts";
import { useMay, useMe } from "../../app/session.ts";
import { plural } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { sayDone, sayProblem } from "../../parts/run-act.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { atEnd, Table, wideOnly, type Heading } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";

const head: Heading[] = [{ label: "Name" }, { label: "Role" }, { label: "May sign in" }, { label: "Added", align: "end", from: "wide" }];
const roleSays: Record<BuiltInRole, string> = {
  admin: "everything",
  operator: "changes devices, plans, rollouts",
  approver: "approves rollouts",
  viewer: "reads",
  auditor: "reads, the audit trail too",
};

export function PeoplePage() {
  const may = useMay();
  const people = useInfiniteQuery(readPages("identity.listUsers", {}));
  return (
    <Page
      title="People"
      say={answerOf(people, answer)}
      acts={
        may("identity.createUser") && (
          <LinkButton leftSection={<IconPlus size={15} />} to="/settings/people/new">
            Add a person
          </LinkButton>
        )
      }
    >
      <Loaded query={people} skeleton={<RowsSkeleton rows={4} />}>
        {(rows) => (
          <Table label="People" head={head}>
            {rows.map((row) => (
              <Person key={row.id} person={row} />
            ))}
          </Table>
        )}
      </Loaded>
      <Outlet />
    </Page>
  );
}

function answer(rows: User[]): string {
  const able = rows.filter((row) => !row.disabled).length;
  const off = rows.length - able;
  return `${plural(able, "person", "people")} can sign in${off > 0 ? `; ${off} ${off === 1 ? "is" : "are"} disabled` : ""}.`;
}

function Person({ person }: { person: User }) {
  const me = useMe();
  const may = useMay();
  const queries = useQueryClient();
  const update = useMutation({
    mutationFn: (patch: { grants?: Grant[]; disabled?: boolean }) =>
      invoke("identity.updateUser", { id: person.id, ...patch }, { ifMatch: person.etag }),
    onSuccess: (after) => sayDone(`${after.name} is ${writeGrants(after.grants)}${after.disabled ? ", and may not sign in" : ""}.`),
    onError: sayProblem,
    onSettled: () => queries.invalidateQueries(),
  });
  const self = me?.user.id === person.id;
  const simple = person.grants.length === 1 && person.grants.every(({ role, selector }) => role in roleSays && selector === undefined);
  const fixed = self || !simple || !may("identity.updateUser");
  return (
    <tr>
      <th scope="row">
        {person.name} {self && <span className="dim">(you)</span>}
      </th>
      <td>
        {fixed ? (
          <>{writeGrants(person.grants)}</>
        ) : (
          <Select
            aria-label={`Role of ${person.name}`}
            w="min(250px, 100%)"
            allowDeselect={false}
            disabled={update.isPending}
            data={builtInRoles.map((value) => ({ value, label: `${value} · ${roleSays[value]}` }))}
            value={person.grants[0]?.role ?? null}
            onChange={(role) => role !== null && update.mutate({ grants: [{ role }] })}
          />
        )}
      </td>
      <td>
        {fixed ? (
          <State look={person.disabled ? { tone: "mute", shape: "skip", word: "no" } : { tone: "ok", shape: "check", word: "yes" }} />
        ) : (
          <Switch
            aria-label={`${person.name} may sign in`}
            checked={!person.disabled}
            disabled={update.isPending}
            onChange={(event) => update.mutate({ disabled: !event.currentTarget.checked })}
          />
        )}
      </td>
      <td className={`${atEnd} ${wideOnly}`}>
        <When at={person.createdAt} />
      </td>
    </tr>
  );
}
