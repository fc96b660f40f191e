/** Sealed secrets: what devices and Git servers are signed in to with. Their values never come back. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconLock, IconPlus, IconRefresh, IconTrash } from "@tabler/icons-react";
import { Outlet } from "@tanstack/react-router";
import type { SecretSummary } from "@holdfast/contract";
import { act } from "../../app/act.ts";
import { readPages } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { ActButton } from "../../parts/act-bar.tsx";
import { Empty } from "../../parts/empty.tsx";
import { plural } from "../../parts/format.ts";
import { LinkButton } from "../../parts/link-button.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { When } from "../../parts/when.tsx";
import { kindWords } from "./kinds.ts";
import classes from "./secrets.module.css";

export function SecretsPage() {
  const may = useMay();
  const secrets = useInfiniteQuery(readPages("secrets.list", {}));
  const add = may("secrets.create") && (
    <LinkButton leftSection={<IconPlus size={15} />} to="/settings/secrets/new">
      Add a secret
    </LinkButton>
  );
  return (
    <Page
      title="Secrets"
      say={
        secrets.data === undefined
          ? secrets.error
            ? undefined
            : null
          : `${plural(secrets.data.length, "secret")}, sealed. A value goes in and never comes out again.`
      }
      acts={add}
    >
      <Loaded query={secrets} skeleton={<RowsSkeleton rows={3} />}>
        {(rows) =>
          rows.length === 0 ? (
            <Panel>
              <Empty icon={<IconLock size={22} />} title="No secret yet" act={add || undefined}>
                A user and password, an SSH key or a Git token. Devices and repositories refer to it by its name.
              </Empty>
            </Panel>
          ) : (
            <div className={classes["scroll"]}>
              <table className={classes["table"]}>
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Kind</th>
                    <th scope="col">User</th>
                    <th scope="col">Version</th>
                    <th scope="col">Changed</th>
                    <th scope="col">
                      <span className="dim">Acts</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((row) => (
                    <Secret key={row.id} secret={row} />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
      <Outlet />
    </Page>
  );
}

function Secret({ secret }: { secret: SecretSummary }) {
  const may = useMay();
  const remove = act({
    route: "secrets.remove",
    input: { id: secret.id },
    ifMatch: secret.etag,
    label: "Delete",
    icon: <IconTrash size={14} />,
    tone: "danger",
    confirm: {
      title: `Delete ${secret.name}`,
      says: (
        <p>
          Every version of it is deleted. Only a secret that nothing uses can be; otherwise Holdfast says what uses it. This cannot be
          undone.
        </p>
      ),
      typing: secret.name,
    },
    done: () => `${secret.name} is deleted.`,
  });
  return (
    <tr>
      <th scope="row" className="mono">
        {secret.name}
      </th>
      <td>{kindWords[secret.kind]}</td>
      <td>{secret.username ?? <span className="dim">–</span>}</td>
      <td>{secret.version}</td>
      <td>
        <When at={secret.updatedAt} />
      </td>
      <td>
        <span className={classes["acts"]}>
          {may("secrets.replace") && (
            <LinkButton
              variant="default"
              size="compact-xs"
              leftSection={<IconRefresh size={13} />}
              to="/settings/secrets/$secret/replace"
              params={{ secret: secret.id }}
            >
              New version
            </LinkButton>
          )}
          <ActButton one={remove} size="compact-xs" />
        </span>
      </td>
    </tr>
  );
}
