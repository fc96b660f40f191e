/** One role: what it allows in plain words, who has it, and whether it needs a second factor. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconPencil, IconShieldLock, IconTrash } from "@tabler/icons-react";
import { getRouteApi, Link, Outlet, useNavigate } from "@tanstack/react-router";
import type { RoleSummary } from "@holdfast/contract";
import { act, type Act } from "../../../app/act.ts";
import { readPages } from "../../../app/reads.ts";
import { useMay } from "../../../app/session.ts";
import { ActBar } from "../../../parts/act-bar.tsx";
import { plural } from "../../../parts/format.ts";
import { Glyph, State } from "../../../parts/glyph.tsx";
import { LinkButton } from "../../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../../parts/loaded.tsx";
import { Page, Panel } from "../../../parts/page.tsx";
import { RowsSkeleton, TextSkeleton } from "../../../parts/skeletons.tsx";
import { Table, wideOnly, type Heading } from "../../../parts/table.tsx";
import { When } from "../../../parts/when.tsx";
import { grouped, sayPermission } from "../access/permission-words.ts";
import { useRole } from "./use-role.ts";
import access from "../access/access.module.css";

const route = getRouteApi("/shell/settings/roles/$role");
const crumbs = [{ label: "Roles", to: "/settings/roles" as const }];
const head: Heading[] = [{ label: "Who" }, { label: "Where it counts" }, { label: "Last seen", from: "wide" }];

export function RolePage() {
  const { role: id } = route.useParams();
  const role = useRole(id);
  const may = useMay();
  const acts = useRoleActs(role.data);
  return (
    <Page
      title={id}
      crumbs={crumbs}
      beside={role.data && <Needs role={role.data} />}
      say={answerOf(role, (found) =>
        found.description === "" ? plural(found.users, "user") : `${found.description} · ${plural(found.users, "user")}`,
      )}
      acts={
        role.data && (
          <ActBar acts={acts}>
            {may("roles.setPermissions") && (
              <LinkButton variant="default" leftSection={<IconPencil size={14} />} to="/settings/roles/$role/edit" params={{ role: id }}>
                Edit
              </LinkButton>
            )}
          </ActBar>
        )
      }
    >
      <Loaded query={role} skeleton={<TextSkeleton lines={14} />}>
        {(found) => (
          <>
            <Panel title="What it allows" id="allows">
              <Allows role={found} />
            </Panel>
            <Panel title="Who has it" id="who" flush>
              <Holders role={found} />
            </Panel>
          </>
        )}
      </Loaded>
      <Outlet />
    </Page>
  );
}

function Needs({ role }: { role: RoleSummary }) {
  return role.secondFactor ? <State look={{ tone: "ok", shape: "check", word: "needs a second factor" }} /> : null;
}

function useRoleActs(role: RoleSummary | undefined): Act[] {
  const navigate = useNavigate();
  if (role === undefined) return [];
  const { id, etag, secondFactor, users } = role;
  const factor = act({
    route: "roles.update",
    input: { id, secondFactor: !secondFactor },
    ifMatch: etag,
    label: secondFactor ? "Stop asking for a second factor" : "Ask for a second factor",
    icon: <IconShieldLock size={14} />,
    confirm: {
      title: secondFactor ? `${id}: no second factor any more` : `${id}: a second factor from now on`,
      says: (
        <p>
          {secondFactor
            ? `${plural(users, "user")} can sign in with one factor again. Factors that are enrolled still count.`
            : `${plural(users, "user")} with this role: whoever has no second factor enrols one before anything else is open to them.`}
        </p>
      ),
    },
    done: () => (secondFactor ? `${id} needs one factor now.` : `${id} needs a second factor now.`),
  });
  const remove = act({
    route: "roles.remove",
    input: { id },
    ifMatch: etag,
    label: "Remove",
    icon: <IconTrash size={14} />,
    tone: "danger",
    blocked: role.builtIn
      ? "This role is always there."
      : users > 0
        ? `${plural(users, "user")} still have it; take it from them first.`
        : undefined,
    confirm: { title: `Remove the role ${id}`, says: <p>Nobody has it. Making it again needs its permissions to be chosen again.</p> },
    done: async () => {
      await navigate({ to: "/settings/roles" });
      return `The role ${id} is removed.`;
    },
  });
  return [factor, remove];
}

function Allows({ role }: { role: RoleSummary }) {
  return (
    <div className={access["groups"]}>
      {grouped(role.permissions).map((group) => (
        <section key={group.title} className={access["group"]}>
          <h3>{group.title}</h3>
          <ul>
            {group.permissions.map((permission) => (
              <li key={permission} className={access["may"]}>
                <Glyph shape="check" tone="ok" />
                <span>
                  {sayPermission(permission)} <span className="mono dim">{permission}</span>
                </span>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Holders({ role }: { role: RoleSummary }) {
  const review = useInfiniteQuery(readPages("people.reviewGrants", {}));
  return (
    <Loaded query={review} skeleton={<RowsSkeleton rows={2} />}>
      {(rows) => {
        const holders = rows.filter((row) => row.grants.some((grant) => grant.role === role.id));
        if (holders.length === 0) return <p style={{ padding: "12px 14px" }}>Nobody has it.</p>;
        return (
          <Table label={`Who has the role ${role.id}`} head={head} flush>
            {holders.map((row) => (
              <tr key={row.id}>
                <th scope="row">
                  {row.kind === "person" ? (
                    <Link to="/settings/people/$person" params={{ person: row.id }}>
                      {row.name}
                    </Link>
                  ) : (
                    <Link to="/settings/machines/$account" params={{ account: row.id }}>
                      {row.name}
                    </Link>
                  )}
                  {row.disabled && <span className="dim"> · disabled</span>}
                </th>
                <td>
                  {row.grants
                    .filter((grant) => grant.role === role.id)
                    .map((grant) => grant.selector ?? "everywhere")
                    .join("; ")}
                </td>
                <td className={wideOnly}>
                  <When at={row.lastSeenAt} />
                </td>
              </tr>
            ))}
          </Table>
        );
      }}
    </Loaded>
  );
}
