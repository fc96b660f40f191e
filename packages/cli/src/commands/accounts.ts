/** `accounts`: service accounts, and their secrets for short tokens. */
import type { Command } from "commander";
import { readGrant } from "@holdfast/kit";
import { wholeNumber } from "../input.ts";
import { ago, printList, printValue } from "../output.ts";
import { once, sessionOf } from "../session.ts";
import { find } from "./find-user.ts";

function addEnrol(accounts: Command): void {
  accounts
    .command("enrol <account>")
    .description("Make a token, printed this once, by which one machine of it gets its client certificate")
    .option("--minutes <n>", "how long the token is good", wholeNumber(1440), 60)
    .option("--dry-run", "only say what it would do")
    .action(async (account: string, { minutes, dryRun }: { minutes: number; dryRun?: boolean }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { id, name } = await find(client, account);
      if (dryRun === true) return screen.out(`Would make a token for a machine of ${name}, good once and for ${minutes} min.\n`);
      return printValue(screen, format, await client.serviceAccounts.createEnrolment({ id, minutes }, once()));
    });
}

export function addAccounts(program: Command): void {
  const accounts = program.command("accounts").description("Service accounts: users that are programs");
  accounts
    .command("create <name>")
    .description("Make a service account")
    .requiredOption("--role <role...>", "what it may do, e.g. viewer, or operator@site=lyon")
    .action(async (name: string, { role }: { role: string[] }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printValue(screen, format, await client.serviceAccounts.create({ name, grants: role.map(readGrant) }, once()));
    });
  accounts
    .command("secrets <account>")
    .description("Its secrets that still work, newest first")
    .action(async (account: string, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printList(screen, format, {
        rows: (await client.serviceAccounts.listSecrets({ id: (await find(client, account)).id })).items,
        columns: [
          { title: "id", of: (one) => one.id },
          { title: "made", of: (one) => ago(one.createdAt) },
          { title: "ends", of: (one) => one.expiresAt ?? "" },
          { title: "used", of: (one) => ago(one.lastUsedAt) },
        ],
        empty: "No secrets. Make one: holdfast accounts rotate-secret <account>",
      });
    });
  accounts
    .command("rotate-secret <account>")
    .description("Make a new secret, printed this once; older ones work for the overlap")
    .option("--overlap-hours <n>", "how long older secrets still work", Number, 24)
    .option("--dry-run", "only say what it would do")
    .action(async (account: string, options: { overlapHours: number; dryRun?: boolean }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { id, name } = await find(client, account);
      const { overlapHours } = options;
      if (options.dryRun === true) return screen.out(`Would make a new secret of ${name}; older ones end in ${overlapHours} h.\n`);
      const made = await client.serviceAccounts.createSecret({ id, overlapHours }, once());
      return printValue(screen, format, made);
    });
  addEnrol(accounts);
  accounts
    .command("revoke-secret <account> <id>")
    .description("End a secret, and the sessions that it opened")
    .option("--dry-run", "only say what it would do")
    .action(async (account: string, secret: string, { dryRun }: { dryRun?: boolean }, command: Command) => {
      const { client, screen } = sessionOf(command);
      const { id, name } = await find(client, account);
      if (dryRun === true) return screen.out(`Would end the secret ${secret} of ${name}.\n`);
      await client.serviceAccounts.revokeSecret({ id, secret });
      return screen.out(`Ended the secret ${secret} of ${name}.\n`);
    });
}
