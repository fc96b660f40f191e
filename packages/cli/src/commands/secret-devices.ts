/** `secrets devices`, `secrets rotate-devices`: which version of its secret each device has, and exchanging it on them. */
import type { CredentialRotation } from "@holdfast/contract";
import { Option, type Command } from "commander";
import { printList, printValue } from "../output.ts";
import { everyPage, once, sessionOf } from "../session.ts";
import { agreed, sure, type Sure } from "../sure.ts";

interface RotateOptions extends Sure {
  selector?: string;
  algorithm?: "ed25519" | "rsa";
  again?: boolean;
}

export function addSecretDevices(secrets: Command): void {
  secrets
    .command("devices [name]")
    .description("Which version of its secret each device is signed in to with")
    .action(async (secret: string | undefined, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const wanted = { limit: 500, ...(secret === undefined ? {} : { secret }) };
      printList(screen, format, {
        rows: await everyPage((cursor) => client.credentials.list({ ...wanted, ...(cursor ? { cursor } : {}) })),
        columns: [
          { title: "device", of: (one) => one.deviceName },
          { title: "secret", of: (one) => one.secret },
          { title: "version", of: (one) => one.version, right: true },
          { title: "state", of: (one) => (one.current ? "newest" : "behind") },
        ],
        empty: "No device signs in with it.",
      });
    });
  const rotate = secrets
    .command("rotate-devices [name]")
    .description("Make another SSH key or password and plan its exchange on the devices that sign in with it")
    .option("-l, --selector <selector>", "only devices with these labels; the others stay with the version that they have")
    .addOption(
      new Option("--algorithm <algorithm>", "of new keys; rsa where an IOS has the secret, else ed25519").choices(["ed25519", "rsa"]),
    )
    .option("--again", "make another version although some devices do not have the newest one yet");
  sure(rotate).action(async (secret: string | undefined, { yes, dryRun, ...options }: RotateOptions, command: Command) => {
    const session = sessionOf(command);
    const { client, screen } = session;
    const wanted = { ...options, ...(secret === undefined ? {} : { secret }) };
    if (dryRun !== true)
      await agreed(screen, { yes: yes ?? false }, `Exchange ${secret ?? "every secret"} on the devices that sign in with it?`);
    const made = await client.credentials.rotate({ ...wanted, dryRun: dryRun === true }, once());
    if (session.format !== "table") return printValue(screen, session.format, made);
    printList(screen, "table", {
      rows: made.items,
      columns: [
        { title: "device", of: (one) => one.deviceName },
        { title: "secret", of: (one) => one.secret },
        { title: "from", of: (one) => one.from, right: true },
        { title: "to", of: (one) => (one.made ? `${one.to} (new)` : one.to), right: true },
      ],
      empty: "No device has anything to exchange.",
    });
    for (const { targetName, say } of made.problems) screen.err(`${targetName}: ${say}\n`);
    screen.err(sayNext(made));
  });
}

function sayNext({ dryRun, plan }: CredentialRotation): string {
  if (dryRun) return "Dry run: nothing was made.\n";
  return plan === undefined ? "" : `Nothing is changed on a device yet. Roll it out, canary first: holdfast apply ${plan.id}\n`;
}
