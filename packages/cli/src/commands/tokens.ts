/** `tokens`: the end of all of them, and the keys that sign them. */
import { Problem } from "@holdfast/kit";
import type { Command } from "commander";
import { askYes } from "../ask.ts";
import { ago, printList, printValue } from "../output.ts";
import { once, sessionOf } from "../session.ts";

interface RevokeOptions {
  apiKeys?: boolean;
  reason?: string;
  dryRun?: boolean;
  yes?: boolean;
}

export function addTokens(program: Command): void {
  const tokens = program.command("tokens").description("Tokens of everybody, and the keys that sign them");
  tokens
    .command("invalidate-all")
    .alias("revoke-all")
    .description("After a break-in: end every session, sign-in link and refresh token of everybody, yours too")
    .option("--api-keys", "and every API key")
    .option("--reason <text>", "why; it is kept in the audit trail")
    .option("--dry-run", "only count what would end")
    .option("-y, --yes", "do not ask")
    .action(invalidateAll);
  tokens
    .command("keys")
    .description("The keys that sign access tokens, newest first")
    .action(async (_options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printList(screen, format, { rows: (await client.tokens.signingKeys()).items, columns, empty: "No keys yet." });
    });
  tokens
    .command("rotate-key")
    .description("Sign with a new key from now on; tokens of the older ones stay good until they end, 15 minutes at most")
    .option("--dry-run", "only say what it would do")
    .option("-y, --yes", "do not ask")
    .action(async (options: { dryRun?: boolean; yes?: boolean }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const signs = (await client.tokens.signingKeys()).items.filter((one) => one.signs).map(({ id }) => id);
      if (options.dryRun === true) return screen.out(`Would make a new key and retire ${signs.join(", ") || "none"}.\n`);
      if (options.yes !== true && !(await askYes("Sign with a new key from now on?"))) throw unconfirmed();
      const { items } = await client.tokens.rotateSigningKey(undefined, once());
      return printList(screen, format, { rows: items, columns, empty: "" });
    });
}

const columns = [
  { title: "id", of: (one: { id: string }) => one.id },
  { title: "algorithm", of: (one: { algorithm: string }) => one.algorithm },
  { title: "made", of: (one: { createdAt: string }) => ago(one.createdAt) },
  { title: "signs", of: (one: { signs: boolean }) => (one.signs ? "yes" : "no") },
  { title: "retired", of: (one: { retiredAt?: string | undefined }) => (one.retiredAt === undefined ? "" : ago(one.retiredAt)) },
];

async function invalidateAll(options: RevokeOptions, command: Command): Promise<void> {
  const { client, screen, format } = sessionOf(command);
  const wish = { apiKeys: options.apiKeys === true, ...(options.reason === undefined ? {} : { reason: options.reason }) };
  const there = await client.tokens.revokeAll({ ...wish, dryRun: true });
  if (options.dryRun === true) return printValue(screen, format, there);
  const what = `${there.sessions} sessions, ${there.links} sign-in links${wish.apiKeys ? ` and ${there.apiKeys} API keys` : ""}`;
  if (options.yes !== true && !(await askYes(`End ${what} of everybody, yours too?`))) throw unconfirmed();
  return printValue(screen, format, await client.tokens.revokeAll(wish));
}

function unconfirmed(): Problem {
  return new Problem("cli_not_confirmed", { kind: "invalid", say: "Nothing was done; say yes, or give --yes." });
}
