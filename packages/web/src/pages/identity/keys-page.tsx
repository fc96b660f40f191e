/** API keys of the one who is signed in: for the command line and for programs. */
import { useQuery } from "@tanstack/react-query";
import { IconKey, IconPlus, IconTrash } from "@tabler/icons-react";
import { Outlet } from "@tanstack/react-router";
import { act } from "../../app/act.ts";
import type { RouteOutput } from "../../app/api.ts";
import { read } from "../../app/reads.ts";
import { ActButton } from "../../parts/act-bar.tsx";
import { Empty } from "../../parts/empty.tsx";
import { listed, plural } from "../../parts/format.ts";
import { LinkButton } from "../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { ActsCell, Table, wideOnly, type Heading } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";

const head: Heading[] = [
  { label: "Name" },
  { label: "Begins with", from: "wide" },
  { label: "May", from: "wide" },
  { label: "Last used", from: "wide" },
  { label: "Ends" },
];

type Key = RouteOutput<"identity.listKeys">["items"][number];

export function KeysPage() {
  const keys = useQuery(read("identity.listKeys", undefined));
  const add = (
    <LinkButton leftSection={<IconPlus size={15} />} to="/settings/keys/new">
      Create an API key
    </LinkButton>
  );
  return (
    <Page
      title="API keys"
      say={answerOf(keys, ({ items }) => `You have ${plural(items.length, "key")}. A key may never do more than you.`)}
      acts={add}
    >
      <Loaded query={keys} skeleton={<RowsSkeleton rows={3} />}>
        {({ items }) =>
          items.length === 0 ? (
            <Panel>
              <Empty icon={<IconKey size={22} />} title="No API key yet" act={add}>
                Programs sign in with a key; the command line asks for a code instead: <span className="mono">holdfast login</span>.
              </Empty>
            </Panel>
          ) : (
            <Table label="API keys" head={head} acts>
              {items.map((item) => (
                <KeyRow key={item.id} item={item} />
              ))}
            </Table>
          )
        }
      </Loaded>
      <Outlet />
    </Page>
  );
}

function KeyRow({ item }: { item: Key }) {
  const revoke = act({
    route: "identity.revokeKey",
    input: { id: item.id },
    label: "Revoke",
    icon: <IconTrash size={14} />,
    tone: "danger",
    confirm: {
      title: `Revoke the key “${item.name}”`,
      says: <p>Whatever signs in with it is refused from now on. A revoked key cannot be brought back; create another one instead.</p>,
    },
    done: () => `The key “${item.name}” is revoked.`,
  });
  return (
    <tr>
      <th scope="row">{item.name}</th>
      <td className={`mono ${wideOnly}`}>{item.prefix}…</td>
      <td className={wideOnly}>{item.scopes.length === 0 ? "all that you may" : listed(item.scopes, 2)}</td>
      <td className={wideOnly}>
        <When at={item.lastUsedAt} />
      </td>
      <td>
        <When at={item.expiresAt} />
      </td>
      <ActsCell>
        <ActButton one={revoke} size="compact-xs" />
      </ActsCell>
    </tr>
  );
}
