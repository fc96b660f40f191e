/** `pki status`, `init`, `rotate-intermediate`, `retire`, `import-ca`, and the root's key out of the system and back. */
import type { PkiStatus } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { Option, type Command } from "commander";
import { askHidden, askYes } from "../ask.ts";
import { readInput } from "../input.ts";
import { newFile } from "../new-file.ts";
import { printList, printValue } from "../output.ts";
import { once, sessionOf, type Session } from "../session.ts";

interface ImportOptions {
  chain: string;
  key: string;
  crls?: string;
  trustDomain: string;
  locked?: boolean;
}

export function addAuthorities(pki: Command): void {
  pki
    .command("status")
    .description("The authorities, and how many certificates there are")
    .action(async (_options, command: Command) => {
      const session = sessionOf(command);
      showStatus(session, await session.client.pki.status());
    });
  pki
    .command("init")
    .description("Make a root, an intermediate and an SSH authority")
    .requiredOption("--trust-domain <domain>", "what SPIFFE ids begin with, e.g. holdfast.example.net")
    .option("--name <name>", "what certificates call the authority", "Holdfast")
    .addOption(
      new Option("--root <where>", "own: a root of ours; vault: the one of HOLDFAST_VAULT_PKI").choices(["own", "vault"]).default("own"),
    )
    .action(async (options: { trustDomain: string; name: string; root: "own" | "vault" }, command: Command) => {
      const session = sessionOf(command);
      showStatus(session, await session.client.pki.init(options, once()));
    });
  pki
    .command("import-ca")
    .description("Issue under an authority of your own from now on")
    .requiredOption("--chain <file>", "PEM: the issuing certificate first, then those above it, up to the root")
    .requiredOption("--key <file>", "PEM private key of the issuing certificate")
    .requiredOption("--trust-domain <domain>", "what SPIFFE ids begin with")
    .option("--crls <file>", "PEM revocation lists of the authorities above")
    .option("--locked", "the key has a passphrase, which is asked for")
    .action(async ({ chain, key, crls, trustDomain, locked }: ImportOptions, command: Command) => {
      const session = sessionOf(command);
      const files = { chain: readInput(chain), key: readInput(key), ...(crls === undefined ? {} : { crls: readInput(crls) }) };
      const passphrase = locked === true ? { passphrase: await askHidden("Passphrase of the key: ") } : {};
      showStatus(session, await session.client.pki.importAuthority({ ...files, ...passphrase, trustDomain }, once()));
    });
  pki
    .command("rotate-intermediate")
    .description("Make a new intermediate; what the old one issued stays good")
    .action(async (_options, command: Command) => {
      const session = sessionOf(command);
      showStatus(session, await session.client.pki.rotateIntermediate({}, once()));
    });
  pki
    .command("retire <authority>")
    .description("Trust an authority no more: what it issued counts for nothing from then on")
    .option("-y, --yes", "do not ask")
    .action(async (id: string, { yes }: { yes?: boolean }, command: Command) => {
      const session = sessionOf(command);
      if (yes !== true && !(await askYes(`Trust ${id} no more?`))) throw notConfirmed();
      showStatus(session, await session.client.pki.retire({ id }, once()));
    });
  addRoot(pki);
}

function addRoot(pki: Command): void {
  pki
    .command("export-root")
    .description("Write the root with its key, sealed with a passphrase that is asked for; openssl opens it too")
    .requiredOption("--out <file>", "where to write it")
    .option("--remove", "then take the key out of the system, once the file was seen to open")
    .action(async ({ out, remove }: { out: string; remove?: boolean }, command: Command) => {
      const session = sessionOf(command);
      const file = newFile(out, { secret: true });
      const passphrase = await newPassphrase();
      const { pem } = await session.client.pki.exportRoot({ passphrase }, once());
      file.write(pem);
      session.screen.err(`${out} holds the root. Keep it and its passphrase apart, both off this machine.\n`);
      if (remove !== true) return;
      const status = await session.client.pki.removeRoot({ pem: readInput(out), passphrase }, once());
      showStatus(session, status);
    });
  pki
    .command("restore-root <file>")
    .description("Bring the root's key back, for a new intermediate or a new list")
    .action(async (file: string, _options, command: Command) => {
      const session = sessionOf(command);
      const pem = readInput(file);
      const passphrase = await askHidden("Passphrase of the root: ");
      showStatus(session, await session.client.pki.restoreRoot({ pem, passphrase }, once()));
    });
}

async function newPassphrase(): Promise<string> {
  const passphrase = await askHidden("New passphrase, 12 characters or more: ");
  if (passphrase.length < 12) throw new Problem("cli_passphrase_short", { kind: "invalid", say: "It needs 12 characters or more." });
  if ((await askHidden("Once more: ")) === passphrase) return passphrase;
  throw new Problem("cli_passphrase_differs", { kind: "invalid", say: "The two are not the same; nothing was done." });
}

function notConfirmed(): Problem {
  return new Problem("cli_not_confirmed", { kind: "invalid", say: "Nothing was done; say yes, or give --yes." });
}

function showStatus({ screen, format }: Session, status: PkiStatus): void {
  if (format !== "table") return printValue(screen, format, status);
  printList(screen, format, {
    rows: status.authorities,
    columns: [
      { title: "id", of: (one) => one.id },
      { title: "role", of: (one) => one.role },
      { title: "name", of: (one) => one.name },
      { title: "issues", of: (one) => (one.issuing ? "yes" : "no") },
      { title: "key here", of: (one) => (one.keyHere ? "yes" : "no") },
      { title: "ends", of: (one) => one.notAfter ?? "never" },
      { title: "list until", of: (one) => one.crlNextUpdate },
    ],
    empty: "No authority. Make one: holdfast pki init --trust-domain holdfast.example.net",
  });
  if (!status.ready) return;
  const { valid, expired, revoked } = status.certificates;
  screen.err(`Trust domain ${status.trustDomain ?? ""}; certificates: ${valid} valid, ${expired} expired, ${revoked} revoked.\n`);
}
