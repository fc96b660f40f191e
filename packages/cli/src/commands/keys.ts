/** `keys`: API keys, one's own and those of others. */
import { permissions, type Client, type Permission, type User } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { InvalidArgumentError, type Command } from "commander";
import { wholeNumber } from "../input.ts";
import { ago, printList, printValue, type Column } from "../output.ts";
import { once, sessionOf } from "../session.ts";
import { find } from "./find-user.ts";

interface CreateOptions {
  of?: string;
  scopes: Permission[];
  days: number;
}

export function addKeys(program: Command): void {
  const keys = program.command("keys").description("API keys, for programs: yours, and those of others");
  keys
    .command("list")
    .description("Your API keys, or those of somebody else")
    .option("--of <name>", "of this person or service account")
    .action(async ({ of }: { of?: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await keysOf(client, of === undefined ? undefined : await find(client, of));
      printList(screen, format, {
        rows: items,
        columns,
        empty: "No API keys. Make one: holdfast keys create ci --scopes devices:read",
      });
    });
  keys
    .command("create <name>")
    .description("Make an API key; it is printed this once")
    .option("--of <name>", "of this service account")
    .option(
      "--scopes <permissions>",
      "what it is narrowed to, e.g. devices:read,plans:write; all that its owner may do unless told",
      scopesOf,
      [],
    )
    .option("--days <n>", "how long it is good for", wholeNumber(365), 90)
    .action(async (name: string, { of, scopes, days }: CreateOptions, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const wish = { name, scopes, expiresInDays: days };
      const made =
        of === undefined
          ? await client.identity.createKey(wish, once())
          : await client.serviceAccounts.createKey({ ...wish, id: (await find(client, of)).id }, once());
      if (format !== "table") return printValue(screen, format, made);
      screen.err(`Kept nowhere else, and not shown again:\n`);
      return screen.out(`${made.key}\n`);
    });
  keys
    .command("revoke <id>")
    .description("End an API key")
    .option("--of <name>", "of this person or service account")
    .option("--dry-run", "only say what it would do")
    .action(async (id: string, { of, dryRun }: { of?: string; dryRun?: boolean }, command: Command) => {
      const { client, screen } = sessionOf(command);
      const owner = of === undefined ? undefined : await find(client, of);
      const key = (await keysOf(client, owner)).items.find((one) => one.id === id);
      if (!key) throw new Problem("cli_key_missing", { kind: "missing", say: `There is no API key ${id}.` });
      if (dryRun === true) return screen.out(`Would end the API key ${key.name} (${id}).\n`);
      await (owner ? client.people.revokeKey({ id: owner.id, key: id }) : client.identity.revokeKey({ id }));
      return screen.out(`Ended the API key ${key.name} (${id}).\n`);
    });
}

function keysOf(client: Client, owner: User | undefined): ReturnType<Client["identity"]["listKeys"]> {
  return owner ? client.people.listKeys({ id: owner.id }) : client.identity.listKeys();
}

const columns: Column<{ id: string; name: string; scopes: string[]; expiresAt: string; lastUsedAt?: string | undefined }>[] = [
  { title: "id", of: (one) => one.id },
  { title: "name", of: (one) => one.name },
  { title: "scopes", of: (one) => one.scopes.join(", ") || "all" },
  { title: "expires", of: (one) => one.expiresAt.slice(0, 10) },
  { title: "used", of: (one) => ago(one.lastUsedAt) },
];

function scopesOf(text: string): Permission[] {
  return text.split(",").map((word) => {
    const scope = permissions.find((permission) => permission === word.trim());
    if (scope === undefined || scope === "public" || scope === "self")
      throw new InvalidArgumentError(`"${word}" is no permission; they are like devices:read.`);
    return scope;
  });
}
