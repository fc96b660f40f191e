/** `repos`: repositories of intent. */
import type { Repository, RepositoryPatch } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { Command } from "commander";
import { askYes } from "../ask.ts";
import { wholeNumber } from "../input.ts";
import { ago, printList, printValue, type Column } from "../output.ts";
import { durationMs, orNull, patchOf } from "../patch.ts";
import { everyPage, once, sessionOf, type Session } from "../session.ts";

const columns: Column<Repository>[] = [
  { title: "name", of: (repository) => repository.name },
  { title: "branch", of: (repository) => repository.branch },
  { title: "head", of: (repository) => repository.head?.slice(0, 12) },
  { title: "subject", of: (repository) => repository.headSubject },
  { title: "fetched", of: (repository) => ago(repository.fetchedAt) },
  { title: "problem", of: (repository) => repository.problem },
];

export function addRepos(program: Command): void {
  const repos = program.command("repos").description("Git repositories of intent");
  repos
    .command("list")
    .description("List repositories")
    .action(async (_options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const rows = await everyPage((cursor) => client.repositories.list({ limit: 500, ...(cursor ? { cursor } : {}) }));
      printList(screen, format, {
        rows,
        columns,
        empty: "No repositories. Connect one: holdfast repos connect network https://git.example.net/network.git",
      });
    });
  repos
    .command("connect <name> <url>")
    .description("Connect a repository")
    .option("--branch <branch>", "the branch to follow", "main")
    .option("--secret <name>", "name of the secret that opens it")
    .action(async (name: string, url: string, options: { branch: string; secret?: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const spec = { name, url, branch: options.branch, ...(options.secret ? { secret: options.secret } : {}) };
      showFetched({ screen, format }, await client.repositories.create(spec, once()));
    });
  addSet(repos);
  repos
    .command("sync <repository>")
    .description("Fetch now")
    .action(async (id: string, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      showFetched({ screen, format }, await client.repositories.sync({ id }, once()));
    });
  repos
    .command("disconnect <repository>")
    .description("Disconnect a repository; its devices and plans stay")
    .option("-y, --yes", "do not ask")
    .action(async (id: string, options: { yes?: boolean }, command: Command) => {
      const { client, screen } = sessionOf(command);
      const repository = await client.repositories.get({ id });
      if (options.yes !== true && !(await askYes(`Disconnect ${repository.name} (${repository.url})?`)))
        throw new Problem("cli_not_confirmed", { kind: "invalid", say: "Nothing was done; say yes, or give --yes." });
      await client.repositories.remove({ id: repository.id }, { context: { ifMatch: repository.etag } });
      screen.err(`${repository.name} is disconnected.\n`);
    });
  addLog(repos);
}

interface SetOptions {
  name?: string;
  url?: string;
  branch?: string;
  secret?: string;
  poll?: number;
}

function addSet(repos: Command): void {
  repos
    .command("set <repository>")
    .description("Change a repository: what is not given stays, an empty value ('') clears")
    .option("--name <name>", "another name")
    .option("--url <url>", "where it is")
    .option("--branch <branch>", "the branch to follow")
    .option("--secret <name>", "name of the secret that opens it; '' for none")
    .option("--poll <duration>", "how often to look for new commits, e.g. 60s or 5m", durationMs)
    .action(async (id: string, { secret, poll, ...options }: SetOptions, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const patch = patchOf<RepositoryPatch>({ ...options, secret: orNull(secret), pollMs: poll });
      const { id: repository, etag } = await client.repositories.get({ id });
      printValue(screen, format, await client.repositories.update({ id: repository, ...patch }, { context: { ifMatch: etag } }));
    });
}

function addLog(repos: Command): void {
  repos
    .command("log <repository>")
    .description("Commits of the followed branch, newest first")
    .option("-n, --limit <n>", "how many", wholeNumber(500), 20)
    .action(async (id: string, options: { limit: number }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await client.repositories.revisions({ id, limit: options.limit });
      printList(screen, format, {
        rows: items,
        columns: [
          { title: "commit", of: (one) => one.commit.slice(0, 12) },
          { title: "when", of: (one) => ago(one.at) },
          { title: "author", of: (one) => one.author },
          { title: "subject", of: (one) => one.subject },
        ],
        empty: "No commits were fetched yet.",
      });
    });
}

/** @throws Problem `cli_fetch_failed`: the repository is connected all the same, and is tried again by itself */
function showFetched({ screen, format }: Pick<Session, "screen" | "format">, repository: Repository): void {
  printValue(screen, format, repository);
  if (repository.problem === undefined) return;
  throw new Problem("cli_fetch_failed", {
    kind: "unavailable",
    say: `${repository.name} could not be fetched: ${repository.problem} Holdfast goes on trying.`,
  });
}
