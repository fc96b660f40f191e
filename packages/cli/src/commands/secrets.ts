/** `secrets`: sealed credentials. A value comes from a file, from stdin or from the keyboard, never from an argument. */
import { secretValue, type Client, type SecretSummary, type SecretValue } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { Command } from "commander";
import { askHidden, askYes } from "../ask.ts";
import { readInput } from "../input.ts";
import { ago, printList, printValue } from "../output.ts";
import { everyPage, once, sessionOf } from "../session.ts";

interface PutOptions {
  username?: string;
  keyFile?: string;
}

export function addSecrets(program: Command): void {
  const secrets = program.command("secrets").description("Sealed credentials; values go in and never come out");
  secrets
    .command("list")
    .description("List secrets, without their values")
    .action(async (_options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printList(screen, format, {
        rows: await allOf(client),
        columns: [
          { title: "name", of: (one) => one.name },
          { title: "kind", of: (one) => one.kind },
          { title: "username", of: (one) => one.username },
          { title: "version", of: (one) => one.version, right: true },
          { title: "changed", of: (one) => ago(one.updatedAt) },
        ],
        empty: "No secrets. Store one: holdfast secrets put lab/ssh --username admin",
      });
    });
  secrets
    .command("put <name>")
    .description("Store a secret, or a new version of it")
    .option("--username <name>", "a password for this user name; the password is asked for, or is the next line of stdin")
    .option("--key-file <file>", "with --username: a private SSH key in place of a password")
    .addHelpText("after", '\nWithout options it reads JSON from stdin, e.g. {"kind":"git_https","username":"…","token":"…"}')
    .action(async (name: string, options: PutOptions, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const value = await valueOf(options);
      const known = (await allOf(client)).find((one) => one.name === name);
      const stored = known
        ? await client.secrets.replace({ id: known.id, value }, { context: { ifMatch: known.etag } })
        : await client.secrets.create({ name, value }, once());
      printValue(screen, format, stored);
    });
  secrets
    .command("remove <name>")
    .description("Remove a secret that nothing uses")
    .option("-y, --yes", "do not ask")
    .action(async (name: string, options: { yes?: boolean }, command: Command) => {
      const { client, screen } = sessionOf(command);
      const known = (await allOf(client)).find((one) => one.name === name);
      if (!known) throw new Problem("cli_secret_missing", { kind: "missing", say: `There is no secret ${name}.` });
      if (options.yes !== true && !(await askYes(`Remove ${name} and all its versions?`)))
        throw new Problem("cli_not_confirmed", { kind: "invalid", say: "Nothing was done; say yes, or give --yes." });
      await client.secrets.remove({ id: known.id }, { context: { ifMatch: known.etag } });
      screen.err(`${name} is removed.\n`);
    });
}

function allOf(client: Client): Promise<SecretSummary[]> {
  return everyPage((cursor) => client.secrets.list({ limit: 500, ...(cursor ? { cursor } : {}) }));
}

async function valueOf({ username, keyFile }: PutOptions): Promise<SecretValue> {
  if (keyFile !== undefined && username === undefined) throw wrong("--key-file needs --username: who signs in with the key?");
  if (username !== undefined && keyFile !== undefined) return { kind: "ssh_key", username, privateKey: readInput(keyFile) };
  if (username !== undefined) return { kind: "password", username, password: await askHidden(`Password of ${username}: `) };
  if (process.stdin.isTTY) throw wrong("Give --username (the password is asked for), or JSON on stdin; see --help.");
  return parseValue(readInput("-"));
}

/** What is wrong is told by its place alone: the text holds the secret. */
function parseValue(text: string): SecretValue {
  const value = parseJson(text);
  const parsed = secretValue.safeParse(value);
  if (parsed.success) return parsed.data;
  throw wrong(
    'This is no secret: a JSON object of the kind "password", "ssh_key", "ssh_ca", "git_https" or "git_ssh" with its fields is needed; see the API at /api/v1/docs.',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong("Stdin is not JSON."); // the parser's own words would quote it
  }
}

function wrong(say: string): Problem {
  return new Problem("cli_secret_invalid", { kind: "invalid", say });
}
