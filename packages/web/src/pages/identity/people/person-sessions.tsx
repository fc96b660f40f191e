/** Where a person is signed in, and the end of it. */
import { useQuery } from "@tanstack/react-query";
import { IconTrash } from "@tabler/icons-react";
import type { User } from "@holdfast/contract";
import { act } from "../../../app/act.ts";
import type { RouteOutput } from "../../../app/api.ts";
import { read } from "../../../app/reads.ts";
import { ActButton } from "../../../parts/act-bar.tsx";
import { plural } from "../../../parts/format.ts";
import { Loaded } from "../../../parts/loaded.tsx";
import { Panel } from "../../../parts/page.tsx";
import { RowsSkeleton } from "../../../parts/skeletons.tsx";
import { ActsCell, Table, wideOnly, type Heading } from "../../../parts/table.tsx";
import { When } from "../../../parts/when.tsx";

type Session = RouteOutput<"sessions.listOf">["items"][number];

/** That a session ended is told at once; that one began is not. */
const sessionsAgainMs = 5000;
const head: Heading[] = [{ label: "Device" }, { label: "Address", from: "wide" }, { label: "Last seen" }];

export function PersonSessions({ user }: { user: User }) {
  const { id, name } = user;
  const sessions = useQuery({ ...read("sessions.listOf", { id }), refetchInterval: sessionsAgainMs });
  const open = sessions.data?.items.length ?? 0;
  const endAll = act({
    route: "sessions.revokeAllOf",
    called: name,
    input: { id },
    label: "End all",
    tone: "danger",
    blocked: open === 0 ? `${name} is not signed in.` : undefined,
    confirm: {
      title: `End all sessions of ${name}`,
      says: (
        <p>
          {plural(open, "session")} end within five seconds. {name} may sign in again; to prevent that, disable.
        </p>
      ),
    },
    done: ({ ended }) => `${plural(ended, "session")} of ${name} ended.`,
  });
  return (
    <Panel title="Sessions" id="sessions" flush beside={<ActButton one={endAll} size="compact-xs" />}>
      <Loaded query={sessions} skeleton={<RowsSkeleton rows={2} />}>
        {({ items }) =>
          items.length === 0 ? (
            <p style={{ padding: "12px 14px" }}>Not signed in anywhere.</p>
          ) : (
            <Table label={`Sessions of ${name}`} head={head} acts flush>
              {items.map((item) => (
                <Row key={item.id} of={user} item={item} />
              ))}
            </Table>
          )
        }
      </Loaded>
    </Panel>
  );
}

function Row({ of: { id, name }, item }: { of: User; item: Session }) {
  const end = act({
    route: "sessions.revokeOf",
    called: name,
    input: { id, session: item.id },
    label: "End",
    icon: <IconTrash size={14} />,
    tone: "danger",
    blocked: item.current ? "This is the session that you are using; sign out instead." : undefined,
    confirm: { title: `End a session of ${name}`, says: <p>{item.device}: it ends within five seconds, wherever it is used.</p> },
    done: () => "The session is ended.",
  });
  return (
    <tr>
      <th scope="row">
        {item.device}
        <span className="dim"> · {item.methods.join(", ")}</span>
      </th>
      <td className={wideOnly}>{item.address ?? "—"}</td>
      <td>
        <When at={item.lastSeenAt} />
      </td>
      <ActsCell>
        <ActButton one={end} size="compact-xs" />
      </ActsCell>
    </tr>
  );
}
