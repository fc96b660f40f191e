/** `repos`: repositories of intent. */
import type { Repository } from "@holdfast/contract";
import type { Command } from "commander";
import { ago, printList, printValue, type Column } from "../output.ts";
import { everyPage, once, sessionOf } from "../session.ts";

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
      printValue(screen, format, await client.repositories.create(spec, once()));
    });
  repos
    .command("sync <repository>")
    .description("Fetch now")
    .action(async (id: string, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printValue(screen, format, await client.repositories.sync({ id }, once()));
    });
  repos
    .command("log <repository>")
    .description("Commits of the followed branch, newest first")
    .option("-n, --limit <n>", "how many", "20")
    .action(async (id: string, options: { limit: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await client.repositories.revisions({ id, limit: Number(options.limit) });
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
