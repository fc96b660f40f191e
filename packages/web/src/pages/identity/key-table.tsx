/** API keys as rows: what each may do, when it was used last, when it ends. */
import { IconTrash } from "@tabler/icons-react";
import { act, type Act } from "../../app/act.ts";
import type { RouteOutput } from "../../app/api.ts";
import { ActButton } from "../../parts/act-bar.tsx";
import { Ends } from "../../parts/ends-in.tsx";
import { listed } from "../../parts/format.ts";
import { ActsCell, Table, wideOnly, type Heading } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";

export type ApiKey = RouteOutput<"identity.listKeys">["items"][number];

const head: Heading[] = [
  { label: "Name" },
  { label: "Begins with", from: "wide" },
  { label: "May", from: "wide" },
  { label: "Last used", from: "wide" },
  { label: "Ends" },
];

interface KeyTableProps {
  label: string;
  keys: readonly ApiKey[];
  /** What a key without scopes may do. */
  all: string;
  /** Whose they are; one's own unless told. */
  account?: { id: string; name: string };
}

export function KeyTable({ label, keys, all, account }: KeyTableProps) {
  return (
    <Table
      label={label}
      head={head.filter(({ label: name }) => account === undefined || name !== "Begins with")}
      acts
      flush={account !== undefined}
    >
      {keys.map((item) => (
        <tr key={item.id}>
          <th scope="row" title={`${item.prefix}…`}>
            {item.name}
          </th>
          {account === undefined && <td className={`mono ${wideOnly}`}>{item.prefix}…</td>}
          <td className={wideOnly} title={item.scopes.join(", ")}>
            {item.scopes.length === 0 ? all : listed(item.scopes, 2)}
          </td>
          <td className={wideOnly}>
            <When at={item.lastUsedAt} />
          </td>
          <td>
            <Ends at={item.expiresAt} />
          </td>
          <ActsCell>
            <ActButton one={revoke(item, account)} size="compact-xs" />
          </ActsCell>
        </tr>
      ))}
    </Table>
  );
}

function revoke({ id, name }: ApiKey, account: KeyTableProps["account"]): Act {
  const rest = {
    label: "Revoke",
    icon: <IconTrash size={14} />,
    tone: "danger" as const,
    confirm: {
      title: `Revoke the key “${name}”`,
      says: <p>Whatever signs in with it is refused from now on. A revoked key cannot be brought back; create another one instead.</p>,
    },
    done: () => `The key “${name}” is revoked.`,
  };
  return account === undefined
    ? act({ route: "identity.revokeKey", input: { id }, ...rest })
    : act({ route: "people.revokeKey", called: account.name, input: { id: account.id, key: id }, ...rest });
}
