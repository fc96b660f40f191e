#!/usr/bin/env node
/** `holdfast`: runs one command and exits with the code of what happened. */
import { asProblem, isProblem, problemEdges } from "@holdfast/kit";
import { requestIdOf } from "@holdfast/contract";
import { CommanderError } from "commander";
import { paint, printable, terminal } from "./output.ts";
import { createProgram } from "./program.ts";

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

// Who reads us may stop early: `holdfast devices list | head`, `holdfast rollouts watch … 2>&1 | head`.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (thrown: NodeJS.ErrnoException) => process.exit(thrown.code === "EPIPE" ? process.exitCode : 1));

try {
  await createProgram().parseAsync(process.argv);
} catch (thrown) {
  process.exitCode = explain(thrown);
}
// What was said is out; connections that are kept for the next call would keep the process.
process.stdout.write("", () => process.stderr.write("", () => process.exit()));
