/** Client secrets of a service account: for programs that ask for short tokens (OAuth 2 client credentials). */
import { useQuery } from "@tanstack/react-query";
import { IconRefresh, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { User } from "@holdfast/contract";
import { act } from "../../../app/act.ts";
import type { RouteOutput } from "../../../app/api.ts";
import { read } from "../../../app/reads.ts";
import { ActButton } from "../../../parts/act-bar.tsx";
import { Copy } from "../../../parts/copy.tsx";
import { Ends } from "../../../parts/ends-in.tsx";
import { Loaded } from "../../../parts/loaded.tsx";
import { Panel } from "../../../parts/page.tsx";
import { RowsSkeleton } from "../../../parts/skeletons.tsx";
import { ActsCell, Table, wideOnly, type Heading } from "../../../parts/table.tsx";
import { When } from "../../../parts/when.tsx";
import { ShownOnce } from "../shown-once.tsx";

type Made = RouteOutput<"serviceAccounts.createSecret">;
type Secret = RouteOutput<"serviceAccounts.listSecrets">["items"][number];

const head: Heading[] = [{ label: "Made" }, { label: "Last used", from: "wide" }, { label: "Ends" }];
/** How long older secrets still work, so that the program can be given the new one. */
const overlapHours = 24;

export function ClientSecrets({ account }: { account: User }) {
  const { id, name } = account;
  const secrets = useQuery(read("serviceAccounts.listSecrets", { id }));
  const [made, setMade] = useState<Made>();
  const any = (secrets.data?.items.length ?? 0) > 0;
  const make = act({
    route: "serviceAccounts.createSecret",
    called: name,
    input: { id, overlapHours },
    label: any ? "Exchange the secret" : "Make a secret",
    icon: <IconRefresh size={13} />,
    confirm: {
      title: `A new client secret for ${name}`,
      says: <p>{any ? `The ones from before end in ${overlapHours} hours. ` : ""}The new one is shown once.</p>,
    },
    done: (output) => {
      setMade(output);
      return undefined;
    },
  });
  return (
    <Panel title="Client secrets" id="secrets" flush beside={<ActButton one={make} size="compact-xs" />}>
      <Loaded query={secrets} skeleton={<RowsSkeleton rows={2} />}>
        {({ items }) =>
          items.length === 0 ? (
            <p style={{ padding: "12px 14px" }}>
              None. With one the program asks <span className="mono">/oauth/token</span> for tokens of 15 minutes, as{" "}
              <span className="mono">{id}</span> <Copy text={id} what="client id" />
            </p>
          ) : (
            <Table label={`Client secrets of ${name}`} head={head} acts flush>
              {items.map((secret) => (
                <Row key={secret.id} account={account} secret={secret} />
              ))}
            </Table>
          )
        }
      </Loaded>
      {made && (
        <ShownOnce title={`A client secret of ${name}`} what="client secret" text={made.clientSecret} close={() => setMade(undefined)}>
          The client id is <span className="mono">{made.clientId}</span> <Copy text={made.clientId} what="client id" />
        </ShownOnce>
      )}
    </Panel>
  );
}

function Row({ account, secret }: { account: User; secret: Secret }) {
  const end = act({
    route: "serviceAccounts.revokeSecret",
    called: account.name,
    input: { id: account.id, secret: secret.id },
    label: "End",
    icon: <IconTrash size={14} />,
    tone: "danger",
    confirm: { title: `End a secret of ${account.name}`, says: <p>It is refused from now on, and the sessions that it opened end.</p> },
    done: () => "The secret is ended.",
  });
  return (
    <tr>
      <th scope="row">
        <When at={secret.createdAt} />
      </th>
      <td className={wideOnly}>
        <When at={secret.lastUsedAt} />
      </td>
      <td>
        <Ends at={secret.expiresAt} never="when it is exchanged" />
      </td>
      <ActsCell>
        <ActButton one={end} size="compact-xs" />
      </ActsCell>
    </tr>
  );
}
