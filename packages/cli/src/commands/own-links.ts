/** `providers mine | join | leave`: who one is oneself at identity providers. */
import { Problem } from "@holdfast/kit";
import type { Command } from "commander";
import { askHidden } from "../ask.ts";
import { ago, printList, printValue } from "../output.ts";
import { once, sessionOf } from "../session.ts";
import { agreed, sure, type Sure } from "../sure.ts";

export function addOwnLinks(providers: Command): void {
  providers
    .command("mine")
    .description("Who you are at identity providers")
    .action(async (_options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printList(screen, format, {
        rows: (await client.federation.identities()).items,
        columns: [
          { title: "provider", of: (one) => one.provider },
          { title: "name", of: (one) => one.name },
          { title: "subject", of: (one) => one.subject },
          { title: "last sign-in", of: (one) => ago(one.lastSeenAt) },
        ],
        empty: "You are linked to no identity provider.",
      });
    });
  providers
    .command("join <id>")
    .description("Link yourself to who you are in a directory; other providers are linked in the console, under your profile")
    .requiredOption("--name <name>", "your name there")
    .action(async (id: string, { name }: { name: string }, command: Command) => {
      const { client, screen, format, url } = sessionOf(command);
      const door = (await client.federation.doors()).items.find((one) => one.id === id);
      if (door && door.kind !== "ldap") throw browserNeeded(door.name, url);
      const password = await askHidden(`Password of ${name} at ${door?.name ?? id}: `);
      printValue(screen, format, await client.federation.linkByPassword({ id, name, password }, once()));
    });
  sure(providers.command("leave <id>").description("End your own links there, and your sessions that began there")).action(
    async (provider: string, options: Sure, command: Command) => {
      const { client, screen } = sessionOf(command);
      if (!(await agreed(screen, options, `End your links to ${provider}?`))) return;
      await client.federation.leave({ provider });
      screen.err(`You are not linked to ${provider} any more.\n`);
    },
  );
}

function browserNeeded(name: string, url: string): Problem {
  return new Problem("cli_browser_needed", {
    kind: "invalid",
    say: `${name} proves people in a browser: link yourself under your profile in the console, ${url}/profile.`,
  });
}
