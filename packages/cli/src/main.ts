#!/usr/bin/env node
/** `holdfast`: runs one command and exits with the code of what happened. */
import { run } from "./run.ts";

// Who reads us may stop early: `holdfast devices list | head`, `holdfast rollouts watch … 2>&1 | head`.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (thrown: NodeJS.ErrnoException) => process.exit(thrown.code === "EPIPE" ? process.exitCode : 1));

process.exitCode = await run(process.argv.slice(2));
// What was said is out; connections that are kept for the next call would keep the process.
process.stdout.write("", () => process.stderr.write("", () => process.exit()));
