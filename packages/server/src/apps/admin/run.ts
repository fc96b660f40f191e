/** Finds the command, runs it, says what went wrong in one sentence; the exit code is that of the problem's kind. */
import { parseArgs } from "node:util";
import { asProblem, isProblem, Problem, problemEdges, sayError } from "@holdfast/kit";
import { createLog } from "#platform/log";
import { settingsExitCode, settingsFromEnvironment, type Settings } from "#platform/settings";
import type { Holdfast } from "../compose.ts";
import { auditCommands } from "./audit.ts";
import type { AdminCall, AdminCommand } from "./command.ts";
import { configCommands } from "./config.ts";
import { jobCommands } from "./jobs.ts";
import { keyCommands } from "./keys.ts";
import { openHoldfast } from "./open.ts";
import { NobodyReads, type Terminal } from "./terminal.ts";
import { userCommands } from "./users.ts";

export const adminCommands: readonly AdminCommand[] = [
  ...userCommands,
  ...keyCommands,
  ...auditCommands,
  ...configCommands,
  ...jobCommands,
];

interface RunParts {
  terminal: Terminal;
  signal: AbortSignal;
  /** Those of the environment unless told. */
  settings?: Settings;
}

/** The exit code: 0, that of the problem's kind, or 78 for wrong settings. */
export async function runAdmin(argv: string[], parts: RunParts): Promise<number> {
  const { terminal } = parts;
  try {
    if (argv.length === 0 || argv.includes("--help") || argv.includes("-h")) await terminal.out(help());
    else await runCommand(argv, parts);
    return 0;
  } catch (thrown) {
    return thrown instanceof NobodyReads ? 0 : explain(thrown, terminal);
  }
}

async function runCommand(argv: string[], { terminal, signal, settings = settingsFromEnvironment() }: RunParts): Promise<void> {
  const command = adminCommands.find(({ words }) => `${argv.join(" ")} `.startsWith(`${words} `));
  if (!command) throw unknown(argv);
  const { args, options } = parse(command, argv.slice(command.words.split(" ").length));
  // Nobody reads a log here: what goes wrong is said by the command itself.
  const log = createLog({ level: "error", to: { write: (line) => terminal.err(line) } });
  let opened: Holdfast | undefined;
  const holdfast: AdminCall["holdfast"] = async ({ mayMake = false } = {}) => (opened ??= await openHoldfast(settings, log, { mayMake }));
  try {
    await command.run({ args, options, settings, terminal, signal, holdfast });
  } finally {
    await opened?.stop();
  }
}

function parse(command: AdminCommand, argv: string[]): Pick<AdminCall, "args" | "options"> {
  try {
    const shape = Object.entries(command.options).map(([name, { type }]) => [name, { type }] as const);
    const { values, positionals } = parseArgs({ args: argv, options: Object.fromEntries(shape), allowPositionals: true });
    if (positionals.length === command.takes.length) return { args: positionals, options: values as AdminCall["options"] };
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    throw wrong(`${sayError(thrown).split(". ")[0] ?? ""}; it is: ${usage(command)}`);
  }
  throw wrong(`It is: ${usage(command)}`);
}

function explain(thrown: unknown, terminal: Terminal): number {
  const problem = asProblem(thrown);
  terminal.err(`${isProblem(thrown) ? problem.message : `Something went wrong: ${sayError(thrown)}`}\n`);
  for (const { at, say } of problem.places) terminal.err(`  ${at}: ${say}\n`);
  return problem.code === "settings_invalid" ? settingsExitCode : problemEdges[problem.kind].exit;
}

function usage({ words, takes, options }: AdminCommand): string {
  const given = Object.entries(options).map(([name, { type, value }]) => `[--${name}${type === "string" ? ` <${value ?? name}>` : ""}]`);
  return [words, ...takes.map((name) => `<${name}>`), ...given].join(" ");
}

function help(): string {
  const lines = adminCommands.flatMap((command) => [
    `  ${usage(command)}`,
    `      ${command.say}`,
    ...Object.entries(command.options).map(([name, { say }]) => `      --${name}: ${say}`),
  ]);
  return [
    "npm run admin -- <command>: administration on the machine of the server, with the settings of the server, whether it runs or not.",
    "",
    ...lines,
    "",
    "Exit codes: those of holdfast (docs/operate/exit-codes.md); 78 for wrong settings.",
    "",
  ].join("\n");
}

function unknown(argv: string[]): Problem {
  const known = adminCommands.map(({ words }) => words).join(", ");
  return wrong(`There is no command "${argv.filter((word) => !word.startsWith("-")).join(" ")}"; there are: ${known}.`);
}

function wrong(say: string): Problem {
  return new Problem("admin_usage", { kind: "invalid", say });
}
