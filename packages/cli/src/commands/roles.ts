/** `roles`: those that are always there, and those of one's own. */
import type { Permission, RoleSummary } from "@holdfast/contract";
import { Problem, readGrant } from "@holdfast/kit";
import { Option, type Command } from "commander";
import { askYes } from "../ask.ts";
import { printList, printValue } from "../output.ts";
import { once, sessionOf, type Session } from "../session.ts";

type Client = Session["client"];

export function addRoles(program: Command): void {
  const roles = program.command("roles").description("Roles: what users may do, and where");
  roles
    .command("list")
    .description("All roles, those that are always there first")
    .action(async (_options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printList(screen, format, {
        rows: (await client.roles.list()).items,
        columns: [
          { title: "role", of: (role) => role.id },
          { title: "users", of: (role) => String(role.users) },
          { title: "second factor", of: (role) => (role.secondFactor ? "needed" : "") },
          { title: "may", of: (role) => role.permissions.join(" ") },
        ],
        empty: "No roles.",
      });
    });
  addChanges(roles);
  roles
    .command("preview <grant...>")
    .description("What grants such as viewer or operator@site=lyon allow, and whether for something with these labels")
    .option("--label <key=value...>", "labels of the thing that is asked about")
    .action(async (grants: string[], { label = [] }: { label?: string[] }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const labels = Object.fromEntries(label.map((one) => [one.split("=", 1)[0] ?? one, one.slice(one.indexOf("=") + 1)]));
      const wanted = { grants: grants.map(readGrant), ...(label.length > 0 ? { labels } : {}) };
      printList(screen, format, {
        rows: (await client.roles.preview(wanted, once())).items,
        columns: [
          { title: "may", of: (one) => one.permission },
          { title: "where", of: (one) => (one.selectors.length === 0 ? "everywhere" : one.selectors.join(" or ")) },
          { title: "for this", of: (one) => (one.allowed === undefined ? "" : one.allowed ? "yes" : "no") },
          { title: "note", of: (one) => (one.ofNoUse ? "of use only everywhere" : "") },
        ],
        empty: "They allow nothing.",
      });
    });
}

function addChanges(roles: Command): void {
  roles
    .command("create <name>")
    .description("Make a role of your own")
    .requiredOption("--may <permission...>", "what it may do, e.g. devices:read")
    .option("--description <text>", "what it is for", "")
    .action(async (name: string, { may, description }: { may: string[]; description: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printValue(screen, format, await client.roles.create({ name, description, permissions: may as GrantedPermission[] }, once()));
    });
  roles
    .command("set <name>")
    .description("Change what a role of your own may do, for all who have it; or whether a role needs a second factor")
    .option("--may <permission...>", "all that it may do from now on")
    .addOption(new Option("--second-factor <answer>", "whether whoever has it signs in with a second factor").choices(["yes", "no"]))
    .action(async (name: string, { may, secondFactor }: { may?: string[]; secondFactor?: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      let role = await findRole(client, name);
      if (may !== undefined)
        role = await client.roles.setPermissions(
          { id: name, permissions: may as GrantedPermission[] },
          { context: { ifMatch: role.etag } },
        );
      if (secondFactor !== undefined)
        role = await client.roles.update({ id: name, secondFactor: secondFactor === "yes" }, { context: { ifMatch: role.etag } });
      printValue(screen, format, role);
    });
  roles
    .command("remove <name>")
    .description("Remove a role that nobody has")
    .option("-y, --yes", "do not ask")
    .action(async (name: string, { yes }: { yes?: boolean }, command: Command) => {
      const { client, screen } = sessionOf(command);
      const { etag } = await findRole(client, name);
      if (yes !== true && !(await askYes(`Remove the role ${name}?`)))
        throw new Problem("cli_not_confirmed", { kind: "invalid", say: "Nothing was done; say yes, or give --yes." });
      await client.roles.remove({ id: name }, { context: { ifMatch: etag } });
      screen.out(`Removed the role ${name}.\n`);
    });
}

/** The server says which of them there are. */
type GrantedPermission = Exclude<Permission, "public" | "self">;

async function findRole(client: Client, name: string): Promise<RoleSummary> {
  const found = (await client.roles.list()).items.find(({ id }) => id === name);
  if (found) return found;
  throw new Problem("cli_role_missing", {
    kind: "missing",
    say: `There is no role named "${name}"; \`holdfast roles list\` shows those there are.`,
  });
}
