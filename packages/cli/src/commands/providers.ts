/** `providers`: where people sign in elsewhere. What a provider is comes as JSON from a file or stdin, its secret from the keyboard or a file. */
import type { Client, Provider } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { Command } from "commander";
import { askHidden, askYes } from "../ask.ts";
import { readInput } from "../input.ts";
import { printList, printValue } from "../output.ts";
import { once, sessionOf } from "../session.ts";
import { agreed, sure, type Sure } from "../sure.ts";
import { addOwnLinks } from "./own-links.ts";
import { find } from "./find-user.ts";

interface PutOptions {
  metadata?: string;
  secretFile?: string;
  askSecret?: boolean;
  dryRun?: boolean;
}

export function addProviders(program: Command): void {
  const providers = program.command("providers").description("Identity providers: OpenID Connect, SAML 2.0, and directories (LDAP)");
  providers
    .command("list")
    .description("List identity providers")
    .action(async (_options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printList(screen, format, {
        rows: (await client.federation.list()).items,
        columns: [
          { title: "id", of: (one) => one.id },
          { title: "name", of: (one) => one.name },
          { title: "kind", of: (one) => one.settings.kind },
          { title: "at", of: ({ settings }) => whereOf(settings) },
          { title: "on", of: (one) => (one.enabled ? "yes" : "no") },
        ],
        empty: "No identity providers. Add one: holdfast providers put corp provider.json --ask-secret",
      });
    });
  providers
    .command("put <id> <file>")
    .description("Add an identity provider, or replace what it is; - reads stdin")
    .option("--metadata <file-or-url>", "of a SAML provider: take its settings from its metadata, what the file says counts more")
    .option("--ask-secret", "ask for its client secret or bind password")
    .option("--secret-file <file>", "take that from a file")
    .option("--dry-run", "only say what it would do")
    .addHelpText("after", '\nE.g. {"name":"Corp","settings":{"kind":"oidc","issuer":"https://idp.example.net","clientId":"holdfast"}}')
    .action(async (id: string, file: string, options: PutOptions, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const known = await knownAs(client, id);
      const document = { ...(await withMetadata(client, parse(readInput(file)), options.metadata)), id };
      if (options.dryRun === true) return screen.out(`Would ${known ? "replace" : "add"} the identity provider ${id}.\n`);
      const wanted = { ...document, ...(await secretOf(options)) } as Parameters<Client["federation"]["create"]>[0];
      const stored = known
        ? await client.federation.update(wanted, { context: { ifMatch: known.etag } })
        : await client.federation.create(wanted, once());
      return printValue(screen, format, stored);
    });
  providers
    .command("remove <id>")
    .description("Remove an identity provider, all links to it, and the sessions that began there")
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "only say what it would do")
    .action(async (id: string, options: { yes?: boolean; dryRun?: boolean }, command: Command) => {
      const { client, screen } = sessionOf(command);
      const known = await mustKnow(client, id);
      if (options.dryRun === true) return screen.out(`Would remove ${id} and all links to it.\n`);
      if (options.yes !== true && !(await askYes(`Remove ${id} and all links to it?`)))
        throw new Problem("cli_not_confirmed", { kind: "invalid", say: "Nothing was done; say yes, or give --yes." });
      await client.federation.remove({ id }, { context: { ifMatch: known.etag } });
      return screen.err(`${id} is removed.\n`);
    });
  addOurSide(providers);
  addLinks(providers);
  addOwnLinks(providers);
}

function addOurSide(providers: Command): void {
  providers
    .command("show <id>")
    .description("One identity provider, and what it has to be told of us")
    .action(async (id: string, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printValue(screen, format, await mustKnow(client, id));
    });
  sure(
    providers
      .command("renew-key <id>")
      .description("Make a new key of ours for a SAML provider; then tell the provider the new certificate"),
  ).action(async (id: string, options: Sure, command: Command) => {
    const { client, screen, format } = sessionOf(command);
    const { etag } = await mustKnow(client, id);
    if (!(await agreed(screen, options, `Make a new key for ${id}? Until it knows the new certificate, it may let nobody in.`))) return;
    const { ours } = await client.federation.renewKey({ id }, { context: { ...once().context, ifMatch: etag } });
    printValue(screen, format, ours ?? {});
  });
}

function addLinks(providers: Command): void {
  providers
    .command("link <id> <user>")
    .description("Link a user to who they are there")
    .requiredOption("--subject <subject>", "OpenID Connect's sub, SAML's NameID, a directory's entryUUID")
    .option("--dry-run", "only say what it would do")
    .action(async (provider: string, name: string, { subject, dryRun }: { subject: string; dryRun?: boolean }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const user = await find(client, name);
      if (dryRun === true) return screen.out(`Would link ${user.name} to ${subject} at ${provider}.\n`);
      return printValue(screen, format, await client.federation.link({ id: user.id, provider, subject }, once()));
    });
  providers
    .command("unlink <id> <user>")
    .description("End a user's links there, and the sessions that began there")
    .option("--dry-run", "only say what it would do")
    .action(async (provider: string, name: string, options: { dryRun?: boolean }, command: Command) => {
      const { client, screen } = sessionOf(command);
      const user = await find(client, name);
      if (options.dryRun === true) return screen.out(`Would end the links of ${user.name} to ${provider}.\n`);
      await client.federation.unlink({ id: user.id, provider });
      return screen.err(`${user.name} is not linked to ${provider} any more.\n`);
    });
}

function whereOf(settings: Provider["settings"]): string {
  if (settings.kind === "oidc") return settings.issuer;
  return settings.kind === "saml" ? settings.entityId : settings.url;
}

/** @throws Problem `cli_provider_missing` */
async function mustKnow(client: Client, id: string): Promise<Provider> {
  const known = await knownAs(client, id);
  if (known) return known;
  throw new Problem("cli_provider_missing", { kind: "missing", say: `There is no identity provider ${id}.` });
}

/** The document with the settings that a SAML provider's metadata tells. */
async function withMetadata(client: Client, document: Record<string, unknown>, from: string | undefined): Promise<Record<string, unknown>> {
  if (from === undefined) return document;
  const given = /^https?:\/\//.test(from) ? { url: from } : { xml: readInput(from) };
  const { settings } = await client.federation.readMetadata(given, once());
  return { ...document, settings: { kind: "saml", ...settings, ...(document["settings"] as object | undefined) } };
}

async function knownAs(client: Client, id: string): Promise<Provider | undefined> {
  return (await client.federation.list()).items.find((one) => one.id === id);
}

async function secretOf({ secretFile, askSecret }: PutOptions): Promise<{ secret?: string }> {
  if (secretFile !== undefined) return { secret: readInput(secretFile).replace(/\r?\n$/, "") };
  return askSecret === true ? { secret: await askHidden("Client secret or bind password: ") } : {};
}

/** The server says what is wrong within; here it only has to be an object. */
function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // told below, without the parser's words
  }
  throw new Problem("cli_provider_invalid", { kind: "invalid", say: "The file holds no JSON object; see the API at /api/v1/docs." });
}
