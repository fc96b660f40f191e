/** Runs one command line, and tells people what went wrong. */
import { asProblem, isProblem, problemEdges } from "@holdfast/kit";
import { requestIdOf } from "@holdfast/contract";
import { CommanderError } from "commander";
import { around } from "./outside.ts";
import { paint, printable, terminal } from "./output.ts";
import { createProgram } from "./program.ts";

/** The exit code. `args` begin with the command. */
export async function run(args: string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: "user" });
    return around().exitCode;
  } catch (thrown) {
    return explain(thrown);
  }
}

function explain(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : problemEdges.invalid.exit;
  const problem = asProblem(thrown);
  const requestId = requestIdOf(problem);
  terminal.err(`${paint(terminal, "red", "holdfast:")} ${printable(problem.message)}\n`);
  for (const { at, say } of problem.places) terminal.err(`  ${printable(at)}: ${printable(say)}\n`);
  if (requestId !== undefined) terminal.err(`  request ${requestId}\n`);
  if (!isProblem(thrown) && thrown instanceof Error) terminal.err(`  ${thrown.message}\n`);
  return problemEdges[problem.kind].exit;
}
