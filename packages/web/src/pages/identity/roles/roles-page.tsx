/** Roles: those that are always there, and one's own. */
import { useQuery } from "@tanstack/react-query";
import { IconPlus } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import type { RoleSummary } from "@holdfast/contract";
import { read } from "../../../app/reads.ts";
import { useMay } from "../../../app/session.ts";
import { plural } from "../../../parts/format.ts";
import { State } from "../../../parts/glyph.tsx";
import { LinkButton } from "../../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../../parts/loaded.tsx";
import { Page } from "../../../parts/page.tsx";
import { RowsSkeleton } from "../../../parts/skeletons.tsx";
import { atEnd, Table, wideOnly, type Heading } from "../../../parts/table.tsx";

const head: Heading[] = [
  { label: "Role" },
  { label: "What it is for", from: "wide" },
  { label: "Permissions", align: "end" },
  { label: "Users", align: "end" },
  { label: "Second factor", from: "wide" },
];

export function RolesPage() {
  const may = useMay();
  const roles = useQuery(read("roles.list", undefined));
  return (
    <Page
      title="Roles"
      say={answerOf(roles, ({ items }) => answer(items))}
      acts={
        may("roles.create") && (
          <LinkButton leftSection={<IconPlus size={15} />} to="/settings/roles/new">
            Make a role
          </LinkButton>
        )
      }
    >
      <Loaded query={roles} skeleton={<RowsSkeleton rows={5} />}>
        {({ items }) => (
          <Table label="Roles" head={head}>
            {items.map((role) => (
              <RoleRow key={role.id} role={role} />
            ))}
          </Table>
        )}
      </Loaded>
      <Outlet />
    </Page>
  );
}

function answer(roles: readonly RoleSummary[]): string {
  const own = roles.filter((role) => !role.builtIn).length;
  const strict = roles.filter((role) => role.secondFactor).length;
  const first =
    own === 0
      ? "The roles that are always there; you can make your own."
      : `${plural(own, "role")} of your own beside those that are always there.`;
  return strict === 0 ? `${first} None asks for a second factor.` : `${first} ${strict} ask${strict === 1 ? "s" : ""} for a second factor.`;
}

function RoleRow({ role }: { role: RoleSummary }) {
  return (
    <tr>
      <th scope="row">
        <Link to="/settings/roles/$role" params={{ role: role.id }}>
          {role.id}
        </Link>
        {!role.builtIn && <span className="dim"> · your own</span>}
      </th>
      <td className={wideOnly} style={{ whiteSpace: "normal" }}>
        {role.description === "" ? <span className="dim">not said</span> : role.description}
      </td>
      <td className={atEnd}>{role.permissions.length}</td>
      <td className={atEnd}>{role.users}</td>
      <td className={wideOnly}>
        <State
          look={role.secondFactor ? { tone: "ok", shape: "check", word: "needed" } : { tone: "mute", shape: "ring", word: "not needed" }}
        />
      </td>
    </tr>
  );
}
