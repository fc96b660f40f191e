/** The audit trail, verified and taken elsewhere. */
import { open } from "node:fs/promises";
import { Problem } from "@holdfast/kit";
import type { AdminCall, AdminCommand } from "./command.ts";

export const auditCommands: AdminCommand[] = [
  {
    words: "audit verify",
    takes: [],
    options: {},
    say: "Compute the hash chain again and compare it with the checkpoints; exit code 1 when it is broken.",
    run: verify,
  },
  {
    words: "audit export",
    takes: [],
    options: { to: { type: "string", value: "file", say: "a new file that only its owner may read; stdout unless told" } },
    say: "Write the trail as JSON lines, oldest first: enough to verify the chain elsewhere.",
    run: exportTrail,
  },
];

async function verify(call: AdminCall): Promise<void> {
  const { keeping } = await call.holdfast();
  const seen = await keeping.checkpoints.verify();
  if (!seen.ok)
    throw new Problem("audit_chain_broken", { kind: "broken", say: `The audit trail is broken at ${seen.brokenAt}: ${seen.say}` });
  await call.terminal.out(`${seen.say} The last hash is ${seen.head}.\n`);
}

async function exportTrail(call: AdminCall): Promise<void> {
  const { audit } = await call.holdfast();
  const { to } = call.options;
  if (typeof to !== "string") return void (await writeAll(audit.export(), (text) => call.terminal.out(text)));
  const file = await open(to, "wx", 0o600).catch((thrown: NodeJS.ErrnoException) => {
    throw new Problem("admin_file", {
      kind: thrown.code === "EEXIST" ? "conflict" : "invalid",
      say: thrown.code === "EEXIST" ? `${to} is there already; name a new file.` : `${to} cannot be written: ${thrown.message}`,
    });
  });
  try {
    const entries = await writeAll(audit.export(), async (text) => void (await file.write(text)));
    await file.sync();
    call.terminal.err(`${entries} entries are in ${to}.\n`);
  } finally {
    await file.close();
  }
}

async function writeAll(pieces: AsyncIterable<string>, write: (text: string) => Promise<void>): Promise<number> {
  let lines = 0;
  for await (const text of pieces) {
    await write(text);
    lines += text.split("\n").length - 1;
  }
  return lines;
}
