/** Users by the names that people type. */
import type { Client, User } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { everyPage } from "../session.ts";

export function allUsers(client: Client): Promise<User[]> {
  return everyPage((cursor) => client.identity.listUsers({ limit: 500, ...(cursor ? { cursor } : {}) }));
}

/** By name, whatever its case. @throws Problem `cli_user_missing` */
export async function find(client: Client, name: string): Promise<User> {
  const found = (await allUsers(client)).find((one) => one.name.toLowerCase() === name.normalize("NFKC").toLowerCase());
  if (found) return found;
  throw new Problem("cli_user_missing", {
    kind: "missing",
    say: `There is no user ${name}; \`holdfast users list\` shows those there are.`,
  });
}
