/** `users grant` and `users ungrant`: what somebody may do, and where. */
import type { Grant, User } from "@holdfast/contract";
import { Problem, readGrant, writeGrant, writeGrants } from "@holdfast/kit";
import type { Command } from "commander";
import { printValue } from "../output.ts";
import { sessionOf } from "../session.ts";
import { find } from "./find-user.ts";

const acts = [
  { verb: "grant", say: "Give roles to a user, e.g. viewer, or operator@site=lyon", change: withGrants },
  { verb: "ungrant", say: "Take roles from a user, written as `holdfast users list` shows them", change: withoutGrants },
];

export function addUserGrants(users: Command): void {
  for (const { verb, say, change } of acts) {
    users
      .command(`${verb} <name> <grant...>`)
      .description(say)
      .option("--dry-run", "only say what it would do")
      .action(async (name: string, words: string[], { dryRun }: { dryRun?: boolean }, command: Command) => {
        const { client, screen, format } = sessionOf(command);
        const user = await find(client, name);
        const grants = change(user, words.map(readGrant));
        if (dryRun === true)
          return screen.out(
            `${user.name} would have: ${writeGrants(grants) || "nothing"} (now: ${writeGrants(user.grants) || "nothing"}).\n`,
          );
        return printValue(screen, format, await client.identity.updateUser({ id: user.id, grants }, { context: { ifMatch: user.etag } }));
      });
  }
}

function withGrants({ grants }: User, more: Grant[]): Grant[] {
  const there = new Set(grants.map(writeGrant));
  return [...grants, ...more.filter((one) => !there.has(writeGrant(one)))];
}

/** @throws Problem `cli_grant_missing` */
function withoutGrants({ name, grants }: User, fewer: Grant[]): Grant[] {
  const gone = new Set(fewer.map(writeGrant));
  const unknown = [...gone].filter((word) => !grants.some((one) => writeGrant(one) === word));
  if (unknown.length > 0)
    throw new Problem("cli_grant_missing", {
      kind: "missing",
      say: `${name} does not have ${unknown.join(", ")}, but ${writeGrants(grants) || "nothing"}.`,
    });
  return grants.filter((one) => !gone.has(writeGrant(one)));
}
