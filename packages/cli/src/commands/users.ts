/** `users`: people and service accounts; who gets in, who does not any more, who may do what. */
import { Problem, writeGrants } from "@holdfast/kit";
import type { Client, Grant, User } from "@holdfast/contract";
import type { Command } from "commander";
import { askHidden, askYes } from "../ask.ts";
import { wholeNumber } from "../input.ts";
import { ago, printList, printValue, type Column } from "../output.ts";
import { allUsers, find } from "./find-user.ts";
import { addUserGrants } from "./user-grants.ts";
import { everyPage, once, sessionOf, type Session } from "../session.ts";

const collect = (value: string, all: string[]): string[] => [...all, value];

export function addUsers(program: Command): void {
  const users = program.command("users").description("People and service accounts, and what they may do");
  addLooking(users);
  addMaking(users);
  addUserGrants(users);
  addDisabling(users);
  addResets(users);
}

function addLooking(users: Command): void {
  users
    .command("list")
    .description("List users")
    .action(async (_options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printList(screen, format, { rows: await allUsers(client), columns, empty: "No users." });
    });
  users
    .command("show <name>")
    .description("Show a user")
    .action(async (name: string, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printValue(screen, format, await find(client, name));
    });
  users
    .command("inactive")
    .description("Who has made no request for some days")
    .option("--days <n>", "for so many days", wholeNumber(3650), 30)
    .action(async ({ days }: { days: number }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await client.people.inactive({ days });
      printList(screen, format, {
        rows: items,
        columns: [
          { title: "name", of: (one) => one.name },
          { title: "kind", of: (one) => one.kind },
          { title: "last seen", of: (one) => ago(one.lastSeenAt) },
          { title: "days", of: (one) => one.days, right: true },
        ],
        empty: `Everybody was here within ${days} days.`,
      });
    });
  users
    .command("grants")
    .description("Who may do what, for a review of permissions")
    .action(async (_options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const all = await everyPage((cursor) => client.people.reviewGrants({ limit: 500, ...(cursor ? { cursor } : {}) }));
      if (format !== "table") return printValue(screen, format, all);
      const none = { role: "(none)", permissions: [] };
      const rows = all.flatMap((user) => (user.grants.length === 0 ? [none] : user.grants).map((grant) => ({ user, grant })));
      return printList(screen, format, {
        rows,
        columns: [
          { title: "user", of: ({ user }) => user.name },
          { title: "role", of: ({ grant }) => grant.role },
          { title: "where", of: ({ grant }) => ("selector" in grant ? grant.selector : "everywhere") },
          { title: "second factor", of: ({ user }) => user.secondFactor },
          { title: "last seen", of: ({ user }) => ago(user.lastSeenAt) },
          { title: "state", of: ({ user }) => (user.disabled ? "disabled" : "") },
          { title: "permissions", of: ({ grant }) => grant.permissions.join(" ") },
        ],
        empty: "No users.",
      });
    });
}

const columns: Column<User>[] = [
  { title: "name", of: (one) => one.name },
  { title: "kind", of: (one) => one.kind },
  { title: "mail", of: (one) => one.email },
  { title: "roles", of: (one) => writeGrants(one.grants) },
  { title: "state", of: (one) => (one.disabled ? "disabled" : "") },
  { title: "made", of: (one) => ago(one.createdAt) },
];

interface MakeOptions {
  role: string[];
  at?: string;
  email?: string;
}

function addMaking(users: Command): void {
  users
    .command("create <name>")
    .description("Make a user with a password, which is asked for, or is the next line of stdin")
    .option("--role <role>", "a role; may be given again", collect, [])
    .option("--at <selector>", "where the roles count, e.g. site=lyon; everywhere unless told")
    .action(async (name: string, options: MakeOptions, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const password = await askHidden(`Password of ${name}: `);
      printValue(screen, format, await client.identity.createUser({ name, password, grants: grantsOf(options) }, once()));
    });
  users
    .command("invite <name>")
    .description("Make a user who chooses the password by a one-time link, mailed or printed here")
    .option("--email <address>", "where the link goes; without it, or without a mail server, it is printed")
    .option("--role <role>", "a role; may be given again", collect, [])
    .option("--at <selector>", "where the roles count, e.g. site=lyon; everywhere unless told")
    .option("--again", "a new link for somebody who has not used theirs")
    .action(async (name: string, options: MakeOptions & { again?: boolean }, command: Command) => {
      const { client, screen, format, url } = sessionOf(command);
      const { email } = options;
      const sent =
        options.again === true
          ? await client.people.inviteAgain({ id: (await find(client, name)).id }, once())
          : await client.people.invite({ name, grants: grantsOf(options), ...(email === undefined ? {} : { email }) }, once());
      const { user, link, ...rest } = sent;
      printValue(screen, format, { name: user.name, ...rest, ...(link === undefined ? {} : { link: new URL(link, url).href }) });
    });
}

function addDisabling(users: Command): void {
  for (const [verb, disabled, say] of [
    ["disable", true, "Shut a user out: sessions end at once, API keys are refused"],
    ["enable", false, "Let a disabled user in again"],
  ] as const) {
    users
      .command(`${verb} <name>`)
      .description(say)
      .option("--dry-run", "only say what it would do")
      .action(async (name: string, options: { dryRun?: boolean }, command: Command) => {
        const { client, screen, format } = sessionOf(command);
        const user = await find(client, name);
        if (options.dryRun === true) return screen.out(`Would ${verb} ${user.name} (${writeGrants(user.grants)}).\n`);
        return printValue(screen, format, await client.identity.updateUser({ id: user.id, disabled }, { context: { ifMatch: user.etag } }));
      });
  }
}

function addResets(users: Command): void {
  users
    .command("force-reset [name]")
    .description("End the password and the sessions of somebody; a one-time link, mailed or printed here, leads to a new one")
    .option("--all", "of all people but you")
    .option("--dry-run", "only say whose it would be")
    .option("-y, --yes", "do not ask")
    .action(async (name: string | undefined, options: { all?: boolean; dryRun?: boolean; yes?: boolean }, command: Command) => {
      if ((name === undefined) === (options.all !== true)) throw wrong("Name one user, or give --all.");
      const session = sessionOf(command);
      if (name === undefined) return forceAll(session, options);
      const user = await find(session.client, name);
      if (options.dryRun === true) return session.screen.out(`Would end the password and the sessions of ${user.name}.\n`);
      await confirm(options, `End the password and the sessions of ${user.name}?`);
      return showResets(session, [await session.client.people.forceReset({ id: user.id }, once())]);
    });
}

async function forceAll(session: Session, options: { dryRun?: boolean; yes?: boolean }): Promise<void> {
  const { items } = await session.client.people.forceAllResets({ dryRun: true }, once());
  const names = items.map((one) => one.name);
  if (options.dryRun === true || names.length === 0)
    return session.screen.out(`Would end the passwords and the sessions of ${names.length}: ${names.join(", ")}.\n`);
  await confirm(options, `End the passwords and the sessions of ${names.length} people (${names.join(", ")})?`);
  return showResets(session, (await session.client.people.forceAllResets({ dryRun: false }, once())).items);
}

type Resets = Awaited<ReturnType<Client["people"]["forceAllResets"]>>["items"];

function showResets({ screen, format, url }: Session, rows: Resets): void {
  const shown = rows.map(({ link, ...rest }) => ({ ...rest, ...(link === undefined ? {} : { link: new URL(link, url).href }) }));
  printList(screen, format, {
    rows: shown,
    columns: [
      { title: "name", of: (one) => one.name },
      { title: "mailed", of: (one) => (one.mailed === true ? "yes" : "no") },
      { title: "link, for 24 hours and once", of: (one) => ("link" in one ? one.link : "") },
      { title: "why not mailed", of: (one) => one.because },
    ],
    empty: "Nobody.",
  });
}

async function confirm({ yes }: { yes?: boolean }, question: string): Promise<void> {
  if (yes === true || (await askYes(question))) return;
  throw wrong("Nothing was done; say yes, or give --yes.");
}

function grantsOf({ role, at }: MakeOptions): Grant[] {
  return role.map((one) => ({ role: one, ...(at === undefined ? {} : { selector: at }) }));
}

function wrong(say: string): Problem {
  return new Problem("cli_not_confirmed", { kind: "invalid", say });
}
