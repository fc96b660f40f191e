/** `npm run admin -- <command>`: administration on the machine of the server itself, on its database, with its settings; the server may run or not. */
import { runAdmin } from "./admin/run.ts";
import { terminal } from "./admin/terminal.ts";

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort(new Error(`${signal} came`)));

process.exitCode = await runAdmin(process.argv.slice(2), { terminal, signal: interrupted.signal });
