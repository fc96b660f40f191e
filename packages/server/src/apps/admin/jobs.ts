/** Jobs that failed for good. */
import type { AdminCall, AdminCommand } from "./command.ts";

export const jobCommands: AdminCommand[] = [
  {
    words: "retry-jobs",
    takes: [],
    options: {},
    say: "Put the jobs that failed for good back into their queues.",
    run: retryJobs,
  },
];

async function retryJobs(call: AdminCall): Promise<void> {
  const holdfast = await call.holdfast();
  await holdfast.start(); // no role is played: the queues are opened, no job is taken
  const failed = Object.entries(await holdfast.jobs.failed());
  for (const [name, count] of failed) {
    const again = await holdfast.jobs.retryFailed(name);
    call.terminal.err(`${name}: ${again} of ${count} wait again.\n`);
  }
  if (failed.length === 0) call.terminal.err("No job failed for good.\n");
}
