/** `pki issue`, `list`, `show`, `renew`, `rotate`, `revoke`. */
import {
  certificateKind,
  certificateState,
  certificateUsage,
  revocationReason,
  type CertificateKind,
  type CertificateSummary,
  type CertificateUsage,
  type RevocationReason,
} from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { Argument, Option, type Command } from "commander";
import { askYes } from "../ask.ts";
import { readInput, wholeNumber } from "../input.ts";
import { newFile } from "../new-file.ts";
import { printList, printValue, type Format, type Screen } from "../output.ts";
import { everyPage, once, sessionOf } from "../session.ts";

interface IssueOptions {
  csr?: string;
  dns?: string[];
  address?: string[];
  usage?: CertificateUsage[];
  days?: number;
  out?: string;
}

export function addCertificates(pki: Command): void {
  pki
    .command("issue")
    .description("Issue a certificate; without a request its key is made too, and shown this once")
    .addArgument(new Argument("<kind>").choices(certificateKind.options))
    .argument("<name>")
    .option("--csr <file>", "PKCS #10 request, PEM; only its key is taken")
    .option("--dns <name...>", "DNS names")
    .option("--address <address...>", "IP addresses")
    .addOption(new Option("--usage <usage...>", "what it is for").choices(certificateUsage.options))
    .option("--days <n>", "how long it lives", wholeNumber(825))
    .option("--out <name>", "write <name>.pem and <name>.key in place of showing them")
    .action(async (kind: CertificateKind, name: string, options: IssueOptions, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { csr, dns: dnsNames = [], address: addresses = [], usage: usages, days, out } = options;
      const files = out === undefined ? undefined : filesOf(out, csr === undefined);
      const request = csr === undefined ? {} : { csr: readInput(csr) };
      const bounds = { ...(usages ? { usages } : {}), ...(days === undefined ? {} : { days }) };
      const made = await client.pki.issue({ kind, name, dnsNames, addresses, ...request, ...bounds }, once());
      const { chain, privateKey, ...rest } = made;
      if (!files) return format === "table" ? screen.out(chain + (privateKey ?? "")) : printValue(screen, format, made);
      files.chain.write(chain);
      if (privateKey !== undefined) files.key?.write(privateKey);
      show(screen, format, rest);
    });
  pki
    .command("list")
    .description("List certificates, newest first")
    .addOption(new Option("--kind <kind>").choices(certificateKind.options))
    .addOption(new Option("--state <state>").choices(certificateState.options))
    .option("--name <name>")
    .action(async (options: { kind?: CertificateKind; state?: CertificateSummary["state"]; name?: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const all = await everyPage((cursor) => client.pki.list({ limit: 500, ...options, ...(cursor ? { cursor } : {}) }));
      printCertificates(screen, format, { rows: all, empty: "No certificates. Issue one: holdfast pki issue server www.example.net" });
    });
  pki
    .command("show <id>")
    .description("One certificate, with its chain as PEM")
    .action(async (id: string, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { chain, ...rest } = await client.pki.get({ id });
      if (format !== "table") return printValue(screen, format, { ...rest, chain });
      show(screen, format, rest);
      screen.out(`\n${chain}`);
    });
  addRenewals(pki);
  addRevoke(pki);
}

function addRenewals(pki: Command): void {
  pki
    .command("renew <id>")
    .description("The same names for another term, with the same key or that of a new request")
    .option("--csr <file>", "PKCS #10 request, PEM")
    .option("--out <file>", "write the chain there in place of showing it")
    .action(async (id: string, { csr, out }: { csr?: string; out?: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { chain, ...rest } = await client.pki.renew({ id, ...(csr === undefined ? {} : { csr: readInput(csr) }) }, once());
      if (out !== undefined) newFile(out, { replace: true }).write(chain);
      if (format !== "table") return printValue(screen, format, { ...rest, chain });
      if (out === undefined) screen.out(chain);
      else show(screen, format, rest);
    });
  pki
    .command("rotate")
    .description("Renew every certificate that is due, and tell how many")
    .addOption(new Option("--kind <kind>", "only of this kind").choices(certificateKind.options))
    .option("--force", "also those that are not due yet")
    .option("--dry-run", "say which would be renewed, and do nothing")
    .action(async ({ kind, force, dryRun }: { kind?: CertificateKind; force?: boolean; dryRun?: boolean }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const wish = { ...(kind ? { kind } : {}), force: force === true, dryRun: dryRun === true };
      const result = await client.pki.rotate(wish, once());
      if (format !== "table") return printValue(screen, format, result);
      printCertificates(screen, format, { rows: result.certificates, empty: "None is due." });
      screen.err(dryRun === true ? `${result.certificates.length} would be renewed.\n` : `${result.rotated} are renewed.\n`);
    });
}

function addRevoke(pki: Command): void {
  pki
    .command("revoke <id>")
    .description("Revoke a certificate, at once and for good")
    .addOption(new Option("--reason <reason>").choices(revocationReason.options).default("unspecified"))
    .option("--dry-run", "say what would be revoked, and do nothing")
    .option("-y, --yes", "do not ask")
    .action(async (id: string, options: { reason: RevocationReason; dryRun?: boolean; yes?: boolean }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { chain: _, ...before } = await client.pki.get({ id });
      if (options.dryRun === true) return show(screen, format, before);
      const sure = options.yes === true || (await askYes(`Revoke the certificate of the ${before.kind} ${before.name} for good?`));
      if (!sure) throw new Problem("cli_not_confirmed", { kind: "invalid", say: "Nothing was done; say yes, or give --yes." });
      printValue(screen, format, await client.pki.revoke({ id, reason: options.reason }, once()));
    });
}

function printCertificates(screen: Screen, format: Format, { rows, empty }: { rows: CertificateSummary[]; empty: string }): void {
  printList(screen, format, {
    rows,
    columns: [
      { title: "id", of: (one) => one.id },
      { title: "kind", of: (one) => one.kind },
      { title: "name", of: (one) => one.name },
      { title: "state", of: (one) => one.state },
      { title: "ends", of: (one) => one.notAfter },
      { title: "serial", of: (one) => one.serial },
    ],
    empty,
  });
}

/** Without the PEM, which is for files. */
function show(screen: Screen, format: Format, one: CertificateSummary & { certificate?: string }): void {
  const { certificate: _, ...facts } = one;
  printValue(screen, format, format === "table" ? facts : one);
}

/** Looked for first: a key that cannot be kept must not be made. */
function filesOf(name: string, withKey: boolean) {
  return { chain: newFile(`${name}.pem`), ...(withKey ? { key: newFile(`${name}.key`, { secret: true }) } : {}) };
}
