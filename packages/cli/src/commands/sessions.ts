/** `sessions`: who is signed in where, one's own and others', and the end of it. */
import type { SessionSummary } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { Command } from "commander";
import { askYes } from "../ask.ts";
import { ago, printList } from "../output.ts";
import { sessionOf } from "../session.ts";
import { find } from "./find-user.ts";

interface RevokeOptions {
  user?: string;
  all?: boolean;
  dryRun?: boolean;
  yes?: boolean;
}

export function addSessions(program: Command): void {
  const sessions = program.command("sessions").description("Who is signed in where");
  sessions
    .command("list")
    .description("Your sessions, or those of a user")
    .option("--user <name>", "of this user")
    .action(async ({ user }: { user?: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await (user === undefined ? client.sessions.list() : client.sessions.listOf({ id: (await find(client, user)).id }));
      printList(screen, format, { rows: items, columns, empty: "No sessions." });
    });
  sessions
    .command("revoke [id]")
    .description("End a session; with --all every one of a user, or every one of yours but this")
    .option("--user <name>", "of this user, not of yourself")
    .option("--all", "all of them")
    .option("--dry-run", "only say what it would do")
    .option("-y, --yes", "do not ask")
    .action(revoke);
}

const columns = [
  { title: "id", of: (one: SessionSummary) => `${one.id}${one.current ? " (this)" : ""}` },
  { title: "client", of: (one: SessionSummary) => one.client },
  { title: "device", of: (one: SessionSummary) => one.device },
  { title: "address", of: (one: SessionSummary) => one.address },
  { title: "how", of: (one: SessionSummary) => one.methods.join(", ") },
  { title: "since", of: (one: SessionSummary) => ago(one.createdAt) },
  { title: "seen", of: (one: SessionSummary) => ago(one.lastSeenAt) },
];

async function revoke(id: string | undefined, options: RevokeOptions, command: Command): Promise<void> {
  if ((id === undefined) === (options.all !== true)) throw wrong("Give the id of one session, or --all.");
  const { client, screen } = sessionOf(command);
  const user = options.user === undefined ? undefined : await find(client, options.user);
  const { items } = await (user ? client.sessions.listOf({ id: user.id }) : client.sessions.list());
  // All of one's own: but the one that this command comes with.
  const chosen = items.filter((one) => (id === undefined ? user !== undefined || !one.current : one.id === id));
  if (id !== undefined && chosen.length === 0)
    throw new Problem("cli_session_missing", { kind: "missing", say: `There is no session ${id}.` });
  const what = `${chosen.length === 1 ? "one session" : `${chosen.length} sessions`} of ${user?.name ?? "yours"}`;
  if (options.dryRun === true) return screen.out(`Would end ${what}.\n`);
  if (options.yes !== true && !(await askYes(`End ${what}?`))) throw wrong("Nothing was done; say yes, or give --yes.");
  if (user && id === undefined) await client.sessions.revokeAllOf({ id: user.id });
  else if (user && id !== undefined) await client.sessions.revokeOf({ id: user.id, session: id });
  else if (id !== undefined) await client.sessions.revoke({ id });
  else await client.sessions.revokeOthers();
  return screen.out(`Ended ${what}.\n`);
}

function wrong(say: string): Problem {
  return new Problem("cli_sessions_wrong", { kind: "invalid", say });
}
