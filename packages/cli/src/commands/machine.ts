/** `machine`: what a machine of a service account does itself: it gets its client certificate, and the next one. Its key never leaves it. */
import { X509Certificate } from "node:crypto";
import { existsSync, renameSync } from "node:fs";
import { createClient, type Client, type MachineCertificate } from "@holdfast/contract";
import type { Command } from "commander";
import { askHidden } from "../ask.ts";
import { readInput } from "../input.ts";
import { newFile } from "../new-file.ts";
import { placeOf } from "../outside.ts";
import { terminal } from "../output.ts";
import { originOf } from "../profile.ts";
import { newSigningRequest } from "../signing-request.ts";
import { tlsFetch, type TlsParts } from "../tls-fetch.ts";

interface MachineOptions {
  url: string;
  out: string;
  ca?: string;
}

export function addMachine(program: Command): void {
  const machine = program.command("machine").description("What a machine of a service account does itself: its client certificate");
  withPlace(machine.command("enrol"))
    .description(
      "Get the first certificate, for a token of `holdfast accounts enrol`; the token is asked for, or is the next line of stdin",
    )
    .action(async ({ url, out, ca }: MachineOptions) => {
      const files = { chain: newFile(`${out}.pem`), key: newFile(`${out}.key`, { secret: true }), roots: newFile(`${out}-roots.pem`) };
      const token = (await askHidden("Enrolment token: ")).trim();
      const { csr, privateKey } = newSigningRequest();
      const client = clientAt(url, { ca: ca === undefined ? undefined : readInput(ca) });
      const made = await client.serviceAccounts.enrol({ token, csr });
      files.key.write(privateKey);
      files.chain.write(made.chain);
      files.roots.write(made.roots.join(""));
      tell(made);
    });
  withPlace(machine.command("renew"))
    .description("Get the next certificate by the one that is there; for a timer, e.g. once a day")
    .option("--due", "only when two thirds of its term are over")
    .action(async ({ url, out, ca, due }: MachineOptions & { due?: boolean }) => {
      const shown = { cert: readInput(`${out}.pem`), key: readInput(`${out}.key`) };
      if (due === true && !isDue(shown.cert)) return;
      const roots = `${out}-roots.pem`;
      const file = ca ?? (existsSync(placeOf(roots)) ? roots : undefined);
      const { csr, privateKey } = newSigningRequest();
      const client = clientAt(url, { ...shown, ca: file === undefined ? undefined : readInput(file) });
      const made = await client.serviceAccounts.renewCertificate({ csr });
      exchange({ [`${out}.key`]: privateKey, [`${out}.pem`]: made.chain, [roots]: made.roots.join("") });
      tell(made);
    });
}

function withPlace(command: Command): Command {
  return command
    .requiredOption("--url <url>", "where Holdfast answers over TLS, e.g. https://holdfast.example.net:7450")
    .requiredOption("--out <name>", "the files <name>.pem, <name>.key and <name>-roots.pem")
    .option("--ca <file>", "authorities (PEM) that the server is checked against; the system's unless told");
}

function clientAt(url: string, parts: TlsParts): Client {
  return createClient({ url: originOf(url), fetch: tlsFetch(parts) });
}

/** All of them are written before the first is put in its place. */
function exchange(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) newFile(`${name}.next`, { replace: true, secret: name.endsWith(".key") }).write(text);
  for (const name of Object.keys(files)) renameSync(placeOf(`${name}.next`), placeOf(name));
}

function isDue(pem: string): boolean {
  const { validFromDate, validToDate } = new X509Certificate(pem);
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()];
  return Date.now() >= from + ((to - from) * 2) / 3;
}

function tell({ spiffeId, notAfter, renewAfter }: MachineCertificate): void {
  terminal.err(`${spiffeId}: good until ${notAfter}; renew it from ${renewAfter.slice(0, 10)} on with holdfast machine renew.\n`);
}
