/** `factors`: one's own second factors, and having somebody begin anew. Enrolling takes a browser. */
import type { Command } from "commander";
import { askYes } from "../ask.ts";
import { Problem } from "@holdfast/kit";
import { ago, printValue } from "../output.ts";
import { sessionOf } from "../session.ts";
import { find } from "./find-user.ts";

export function addFactors(program: Command): void {
  const factors = program.command("factors").description("Second factors: authenticator apps, passkeys, backup codes");
  factors
    .command("show")
    .description("Your second factors; enrol them in the console, under your profile")
    .action(async (_options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const own = await client.factors.own();
      if (format !== "table") return printValue(screen, format, own);
      const { left, of, low } = own.backupCodes;
      return printValue(screen, format, {
        "authenticator app": own.totp ? `since ${ago(own.totp.since)}` : "none",
        passkeys: own.passkeys.map((one) => `${one.name} (used ${ago(one.lastUsedAt)})`).join(", ") || "none",
        "backup codes": of === 0 ? "none" : `${left} of ${of} left${low ? "; make new ones" : ""}`,
        needed: own.needed ? "yes, by a role" : "no",
      });
    });
  factors
    .command("reset <user>")
    .description(
      "Take all second factors from somebody who lost theirs, or after a break-in; the next sign-in begins with enrolling new ones",
    )
    .requiredOption("--reason <text>", "why; it is kept in the audit trail")
    .option("--dry-run", "only say what it would do")
    .option("-y, --yes", "do not ask")
    .action(async (name: string, options: { reason: string; dryRun?: boolean; yes?: boolean }, command: Command) => {
      const { client, screen } = sessionOf(command);
      const user = await find(client, name);
      if (options.dryRun === true) return screen.out(`Would take all second factors from ${user.name} and end the sessions.\n`);
      if (options.yes !== true && !(await askYes(`Take all second factors from ${user.name} and end the sessions?`)))
        throw new Problem("cli_not_confirmed", { kind: "invalid", say: "Nothing was done; say yes, or give --yes." });
      await client.factors.reset({ id: user.id, reason: options.reason });
      return screen.out(`${user.name} enrols new second factors at the next sign-in.\n`);
    });
}
