/** `pki`: certificates of our own authority, their revocation, and short-lived SSH certificates. */
import { certificateUsage } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { Option, type Command } from "commander";
import { readInput, wholeNumber } from "../input.ts";
import { newFile } from "../new-file.ts";
import { around } from "../outside.ts";
import { printList, printValue } from "../output.ts";
import { once, sessionOf } from "../session.ts";
import { addAuthorities } from "./pki-authorities.ts";
import { addCertificates } from "./pki-certificates.ts";

export function addPki(program: Command): void {
  const pki = program.command("pki").description("Certificates: our own authority, what it issued, revocation, SSH certificates");
  addAuthorities(pki);
  addCertificates(pki);
  pki
    .command("expiring")
    .description("What ends soon and is due: certificates, authorities, revocation lists")
    .option("--days <n>", "look so far ahead", wholeNumber(3650), 30)
    .action(async ({ days }: { days: number }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printList(screen, format, {
        rows: (await client.pki.expiring({ days })).items,
        columns: [
          { title: "what", of: (one) => one.what },
          { title: "name", of: (one) => one.name },
          { title: "ends", of: (one) => one.notAfter },
          { title: "days left", of: (one) => one.daysLeft, right: true },
          { title: "id", of: (one) => one.id },
        ],
        empty: `Nothing ends within ${days} days.`,
      });
    });
  pki
    .command("crl")
    .description("The revocation lists of all authorities")
    .option("--out <file>", "write them there, as PEM")
    .action(async ({ out }: { out?: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await client.pki.crl();
      if (out !== undefined) newFile(out, { replace: true }).write(items.map(({ pem }) => pem).join(""));
      else if (format === "table") screen.out(items.map(({ pem }) => pem).join(""));
      else printValue(screen, format, items);
    });
  pki
    .command("verify <file>")
    .description("Does a chain of certificates (PEM; - for stdin) lead to an authority of ours, and is it not revoked?")
    .addOption(new Option("--usage <usage>", "and is it for this use?").choices(certificateUsage.options))
    .action(async (file: string, { usage }: { usage?: "client" | "server" }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const verdict = await client.pki.verify({ chain: readInput(file), ...(usage ? { usage } : {}) });
      printValue(screen, format, verdict);
      if (!verdict.ok) around().exitCode = 6;
    });
  addSshSign(pki);
}

interface SshSignOptions {
  principal: string[];
  minutes: number;
  source?: string[];
  command?: string;
  out?: string;
}

function addSshSign(pki: Command): void {
  pki
    .command("rotate-ssh")
    .description("Exchange the SSH authority: --prepare, let devices trust both, --use, retire the old one")
    .option("--prepare", "make the next one")
    .option("--use", "sign with it from now on")
    .action(async ({ prepare, use }: { prepare?: boolean; use?: boolean }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      if ((prepare === true) === (use === true))
        throw new Problem("cli_step_missing", { kind: "invalid", say: "Give one of --prepare and --use." });
      const { authorities } = await client.pki.sshRotate({ step: prepare === true ? "prepare" : "use" }, once());
      printValue(screen, format, { authorities: authorities.filter(({ role }) => role === "ssh").map(({ publicKey }) => publicKey ?? "") });
    });
  pki
    .command("ssh-sign <public-key-file>")
    .description("A short-lived SSH certificate for a public key; beside it, as ssh expects, unless told")
    .requiredOption("--principal <name...>", "user names that it signs in as")
    .option("--minutes <n>", "how long it lives", wholeNumber(1440), 5)
    .option("--source <block...>", "CIDR blocks that it may be used from")
    .option("--command <command>", "the one command that it runs")
    .option("--out <file>", "where to write it; - for stdout")
    .action(async (file: string, options: SshSignOptions, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { principal: principals, minutes, source: sourceAddresses, command: forceCommand } = options;
      const bounds = { ...(sourceAddresses ? { sourceAddresses } : {}), ...(forceCommand === undefined ? {} : { forceCommand }) };
      const signed = await client.pki.sshSign({ publicKey: readInput(file), principals, minutes, ...bounds }, once());
      if (format !== "table") return printValue(screen, format, signed);
      const out = options.out ?? (file === "-" ? "-" : file.replace(/(\.pub)?$/, "-cert.pub"));
      if (out === "-") return screen.out(`${signed.certificate}\n`);
      newFile(out, { replace: true }).write(`${signed.certificate}\n`);
      screen.err(`${out} is good until ${signed.validBefore}.\n`);
    });
}
