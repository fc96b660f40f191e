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
import { answerOf, Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { ActsCell, atEnd, Table, wideOnly, type Heading } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import { kindWords } from "./kinds.ts";

const head: Heading[] = [
  { label: "Name" },
  { label: "Kind", from: "wide" },
  { label: "User", from: "wide" },
  { label: "Version", align: "end" },
  { label: "Changed", align: "end", from: "wide" },
];

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
      say={answerOf(secrets, (rows) => `${plural(rows.length, "secret")}, sealed. A value goes in and never comes out again.`)}
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
            <Table label="Secrets" head={head} acts>
              {rows.map((row) => (
                <Secret key={row.id} secret={row} />
              ))}
            </Table>
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
      <td className={wideOnly}>{kindWords[secret.kind]}</td>
      <td className={wideOnly}>{secret.username ?? <span className="dim">–</span>}</td>
      <td className={atEnd}>{secret.version}</td>
      <td className={`${atEnd} ${wideOnly}`}>
        <When at={secret.updatedAt} />
      </td>
      <ActsCell>
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
      </ActsCell>
    </tr>
  );
}
