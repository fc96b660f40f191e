/** The commands of `holdfast`. */
import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { addFactors } from "./commands/factors.ts";
import { addUsers } from "./commands/users.ts";
import { addAudit } from "./commands/audit.ts";
import { addAccounts } from "./commands/accounts.ts";
import { addKeys } from "./commands/keys.ts";
import { addSessions } from "./commands/sessions.ts";
import { addTokens } from "./commands/tokens.ts";
import { addDevices } from "./commands/devices.ts";
import { addGdpr } from "./commands/gdpr.ts";
import { addMachine } from "./commands/machine.ts";
import { addLogin } from "./commands/login.ts";
import { addPki } from "./commands/pki.ts";
import { addPlan } from "./commands/plan.ts";
import { addProviders } from "./commands/providers.ts";
import { addRepos } from "./commands/repos.ts";
import { addRoles } from "./commands/roles.ts";
import { addRollouts } from "./commands/rollouts.ts";
import { addSecrets } from "./commands/secrets.ts";
import { addBackups, addDrift, addFindings } from "./commands/watch-over.ts";
import { completionFor } from "./completion.ts";
import { formats, terminal } from "./output.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

const exitCodes = `
Begin with: holdfast login --url https://holdfast.example.net

Exit codes: 0 done · 1 something broke · 2 not signed in · 3 not allowed · 4 wrong input · 5 no such thing
6 conflict (a rollout was reverted, a device drifted, an ETag moved) · 7 a limit · 8 unavailable`;

export function createProgram(): Command {
  const program = new Command("holdfast")
    .description("Change a network safely: plan, roll out canary-first, watch, undo")
    .addOption(new Option("-o, --output <format>", "how results are printed").choices([...formats]).default("table"))
    .version(version, "-V, --version", "print the version")
    .addHelpText("after", exitCodes)
    .showHelpAfterError("(holdfast --help lists the commands)")
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err });
  addLogin(program);
  addDevices(program);
  addRepos(program);
  addPlan(program);
  addRollouts(program);
  addDrift(program);
  addBackups(program);
  addFindings(program);
  addAudit(program);
  addGdpr(program);
  addSecrets(program);
  addPki(program);
  addUsers(program);
  addAccounts(program);
  addMachine(program);
  addSessions(program);
  addKeys(program);
  addTokens(program);
  addFactors(program);
  addRoles(program);
  addProviders(program);
  program
    .command("completion <shell>")
    .description("Print completion for bash, zsh or fish")
    .addHelpText("after", "\nbash and zsh: source <(holdfast completion bash)    fish: holdfast completion fish | source")
    .action((shell: string) => terminal.out(completionFor(shell, program)));
  return program;
}
