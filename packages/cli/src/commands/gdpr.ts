/** `gdpr`: what is known about a person, handed over or erased. */
import type { Client } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { Command } from "commander";
import { ask } from "../ask.ts";
import { newFile } from "../new-file.ts";
import { printValue } from "../output.ts";
import { everyPage, once, sessionOf } from "../session.ts";

export function addGdpr(program: Command): void {
  const gdpr = program.command("gdpr").description("What is known about people: access, portability, erasure");
  gdpr
    .command("export [name]")
    .description("Everything that is known about a person, as JSON; about yourself without a name")
    .option("--to <file>", "a new file that only its owner may read; stdout unless told")
    .action(async (name: string | undefined, { to }: { to?: string }, command: Command) => {
      const { client, screen } = sessionOf(command);
      const file = to === undefined ? undefined : newFile(to, { secret: true });
      const known = name === undefined ? await client.privacy.me() : await client.privacy.show({ id: await idOf(client, name) });
      const text = `${JSON.stringify(known, undefined, 2)}\n`;
      if (file === undefined) return screen.out(text);
      file.write(text);
      screen.err(`What is known about ${known.person.name} is in ${to}.\n`);
    });
  gdpr
    .command("erase <name>")
    .description("Erase a person for good; what they did stays in the audit trail, under a pseudonym")
    .requiredOption("--reason <text>", "why, e.g. the request and its date")
    .option("--dry-run", "only count what would be erased")
    .option("-y, --yes", "do not ask")
    .action(async (name: string, options: { reason: string; dryRun?: boolean; yes?: boolean }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { reason, dryRun = false, yes = false } = options;
      const id = await idOf(client, name);
      const confirm = dryRun || yes ? name : await ask(`This cannot be undone. Type the name to erase ${name}: `);
      printValue(screen, format, await client.privacy.erase({ id, confirm, reason, dryRun }, once()));
    });
}

async function idOf(client: Client, name: string): Promise<string> {
  const users = await everyPage((cursor) => client.identity.listUsers({ limit: 500, ...(cursor ? { cursor } : {}) }));
  const found = users.find((user) => user.name === name || user.id === name);
  if (found) return found.id;
  throw new Problem("cli_person_missing", { kind: "missing", say: `There is no person named ${name}.` });
}
