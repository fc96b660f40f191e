/** Where one is signed in, and the end of it. */
import { useQuery } from "@tanstack/react-query";
import { IconTrash } from "@tabler/icons-react";
import { act } from "../../app/act.ts";
import type { RouteOutput } from "../../app/api.ts";
import { read } from "../../app/reads.ts";
import { ActBar, ActButton } from "../../parts/act-bar.tsx";
import { plural } from "../../parts/format.ts";
import { answerOf, Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { ActsCell, Table, wideOnly, type Heading } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";

const head: Heading[] = [
  { label: "Device" },
  { label: "Address", from: "wide" },
  { label: "Proved by", from: "wide" },
  { label: "Since", from: "wide" },
  { label: "Last seen" },
];

type Session = RouteOutput<"sessions.list">["items"][number];

export function SessionsPage() {
  const sessions = useQuery({ ...read("sessions.list", undefined), refetchInterval: 5000 });
  const others = (sessions.data?.items.length ?? 0) - 1;
  const endOthers = act({
    route: "sessions.revokeOthers",
    input: undefined,
    label: "End all others",
    tone: "danger",
    blocked: others > 0 ? undefined : "This is your only session.",
    confirm: { title: "End all other sessions", says: <p>{plural(others, "session")} end within five seconds; this one stays.</p> },
    done: ({ ended }) => `${plural(ended, "session")} ended.`,
  });
  return (
    <Page
      title="Your sessions"
      say={answerOf(sessions, ({ items }) => `You are signed in ${items.length === 1 ? "here only" : `in ${items.length} places`}.`)}
      acts={<ActBar acts={[endOthers]} />}
    >
      <Loaded query={sessions} skeleton={<RowsSkeleton rows={3} />}>
        {({ items }) => (
          <Table label="Your sessions" head={head} acts>
            {items.map((item) => (
              <SessionRow key={item.id} item={item} />
            ))}
          </Table>
        )}
      </Loaded>
    </Page>
  );
}

function SessionRow({ item }: { item: Session }) {
  const end = act({
    route: "sessions.revoke",
    input: { id: item.id },
    label: "End",
    icon: <IconTrash size={14} />,
    tone: "danger",
    blocked: item.current ? "This is the session that you are using; sign out instead." : undefined,
    confirm: { title: `End the session: ${item.device}`, says: <p>It ends within five seconds, wherever it is used.</p> },
    done: () => "The session is ended.",
  });
  return (
    <tr>
      <th scope="row">
        {item.device}
        {item.current && <span className="dim"> · this one</span>}
        {item.client === "cli" && <span className="dim"> · command line</span>}
      </th>
      <td className={wideOnly}>{item.address ?? "—"}</td>
      <td className={wideOnly}>{item.methods.join(", ")}</td>
      <td className={wideOnly}>
        <When at={item.createdAt} />
      </td>
      <td>
        <When at={item.lastSeenAt} />
      </td>
      <ActsCell>
        <ActButton one={end} size="compact-xs" />
      </ActsCell>
    </tr>
  );
}
