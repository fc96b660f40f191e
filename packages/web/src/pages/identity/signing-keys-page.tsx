/** The keys that sign access tokens, and the end of everything that anybody has in hand. */
import { useQuery } from "@tanstack/react-query";
import { IconRefresh, IconSignature, IconUrgent } from "@tabler/icons-react";
import { act } from "../../app/act.ts";
import type { RouteOutput } from "../../app/api.ts";
import { read } from "../../app/reads.ts";
import { ActBar, ActButton } from "../../parts/act-bar.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Copy } from "../../parts/copy.tsx";
import { plural } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { answerOf, Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { Table, wideOnly, type Heading } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";

type Key = RouteOutput<"tokens.signingKeys">["items"][number];

const head: Heading[] = [
  { label: "Key id" },
  { label: "State" },
  { label: "Algorithm", from: "wide" },
  { label: "Made" },
  { label: "Signs no more since", from: "wide" },
];

export function SigningKeysPage() {
  const keys = useQuery(read("tokens.signingKeys", undefined));
  const rotate = act({
    route: "tokens.rotateSigningKey",
    input: undefined,
    label: "Rotate",
    icon: <IconRefresh size={14} />,
    confirm: {
      title: "Make a new signing key",
      says: <p>It signs access tokens from now on. Those from before stay good until they end, within 15 minutes; nobody is signed out.</p>,
    },
    done: () => "A new key signs access tokens from now on.",
  });
  return (
    <Page title="Signing keys" say={answerOf(keys, ({ items }) => answer(items))} acts={<ActBar acts={[rotate]} />}>
      <Loaded query={keys} skeleton={<RowsSkeleton rows={2} />}>
        {({ items }) =>
          items.length === 0 ? (
            <Panel>
              <Empty icon={<IconSignature size={22} />} title="No key yet">
                The console needs none: its sessions are cookies. The first program or command line that signs in makes one.
              </Empty>
            </Panel>
          ) : (
            <Table label="Signing keys" head={head}>
              {items.map((key) => (
                <KeyRow key={key.id} item={key} />
              ))}
            </Table>
          )
        }
      </Loaded>
      <Everything />
    </Page>
  );
}

function answer(items: readonly Key[]): string {
  const signing = items.find((key) => key.signs);
  const first = signing === undefined ? "No key signs access tokens yet." : `One key signs access tokens (${signing.algorithm}).`;
  return `${first} Programs check tokens with the public keys at /.well-known/jwks.json.`;
}

function KeyRow({ item }: { item: Key }) {
  return (
    <tr>
      <th scope="row" className="mono">
        {item.id} <Copy text={item.id} what="key id" />
      </th>
      <td>
        <State look={item.signs ? { tone: "ok", shape: "check", word: "signs" } : { tone: "mute", shape: "ring", word: "checks only" }} />
      </td>
      <td className={wideOnly}>{item.algorithm}</td>
      <td>
        <When at={item.createdAt} />
      </td>
      <td className={wideOnly}>
        <When at={item.retiredAt} never="–" />
      </td>
    </tr>
  );
}

/** For the worst night: somebody has what they should not have, and nobody knows what. */
function Everything() {
  const says = (keys: string) => (
    <p>
      Every session of everybody ends within five seconds, yours too, and every sign-in link that was not used{keys}. Rollouts that are
      under way go on. People sign in again with what they know; nothing that ends comes back.
    </p>
  );
  const sessions = act({
    route: "tokens.revokeAll",
    input: {},
    label: "End every session",
    icon: <IconUrgent size={14} />,
    tone: "danger",
    confirm: { title: "End every session of everybody", says: says(""), reason: "asked", typing: "everybody" },
    done: ({ sessions: n }) => `${plural(n, "session")} ended.`,
  });
  const keys = act({
    route: "tokens.revokeAll",
    input: { apiKeys: true },
    label: "End every session and API key",
    icon: <IconUrgent size={14} />,
    tone: "danger",
    confirm: {
      title: "End every session and every API key",
      says: says(", and every API key of people and service accounts: programs stop until they get new ones"),
      reason: "asked",
      typing: "everybody and everything",
    },
    done: ({ sessions: n, apiKeys }) => `${plural(n, "session")} and ${plural(apiKeys, "API key")} ended.`,
  });
  return (
    <Panel title="When something has leaked" id="everything">
      <p className="dim" style={{ marginBottom: 10 }}>
        First rotate the key, then end what was signed with the one from before. Who did it and why is in the audit trail.
      </p>
      <span style={{ display: "inline-flex", flexWrap: "wrap", gap: 8 }}>
        <ActButton one={sessions} />
        <ActButton one={keys} />
      </span>
    </Panel>
  );
}
