/** `secrets`: sealed credentials. A value comes from a file, from stdin or from the keyboard, never from an argument. */
import { secretValue, type Client, type SecretSummary, type SecretValue, type SecretVersion } from "@holdfast/contract";
import { parseDuration, Problem } from "@holdfast/kit";
import { InvalidArgumentError, type Command } from "commander";
import { askHidden } from "../ask.ts";
import { readInput, wholeNumber } from "../input.ts";
import { around } from "../outside.ts";
import { ago, printList, printValue, type Format, type Screen } from "../output.ts";
import { everyPage, once, sessionOf } from "../session.ts";
import { agreed, sure, type Sure } from "../sure.ts";
import { addSecretDevices } from "./secret-devices.ts";
import { addSecretKeys } from "./secret-keys.ts";

interface SetOptions {
  username?: string;
  keyFile?: string;
  /** ISO 8601. */
  due?: string;
}

export function addSecrets(program: Command): void {
  const secrets = program.command("secrets").description("Credentials and the keys that seal them; values go in and never come out");
  addReads(secrets);
  addWrites(secrets);
  addSecretDevices(secrets);
  addSecretKeys(secrets);
}

function addReads(secrets: Command): void {
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
          { title: "kept in", of: (one) => one.engine },
          { title: "version", of: (one) => one.version, right: true },
          { title: "changed", of: (one) => ago(one.updatedAt) },
          { title: "due", of: (one) => one.expiresAt?.slice(0, 10) },
        ],
        empty: "No secrets. Store one: holdfast secrets set lab/ssh --username admin",
      });
    });
  secrets
    .command("show <name>")
    .description("Show what is known of a secret, without its value")
    .action(async (name: string, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { etag: _etag, ...shown } = await findSecret(client, name);
      printValue(screen, format, shown);
    });
  secrets
    .command("versions <name>")
    .description("List the versions of a secret, newest first")
    .action(async (name: string, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await client.secrets.versions({ id: (await findSecret(client, name)).id });
      printVersions(screen, format, items);
    });
}

function addWrites(secrets: Command): void {
  secrets
    .command("set <name>")
    .alias("put")
    .description("Store a secret, or a new version of it")
    .option("--username <name>", "a password for this user name; the password is asked for, or is the next line of stdin")
    .option("--key-file <file>", "with --username: a private SSH key in place of a password")
    .option("--due <when>", "when it is to be replaced: a date such as 2027-01-31, or a time from now such as 90d", dueDate)
    .addHelpText("after", '\nWithout --username it reads JSON from stdin, e.g. {"kind":"git_https","username":"…","token":"…"}')
    .action(async (name: string, options: SetOptions, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const stored = { value: await valueOf(options), ...(options.due === undefined ? {} : { expiresAt: options.due }) };
      const known = (await allOf(client)).find((one) => one.name === name);
      const summary = known
        ? await client.secrets.replace({ id: known.id, ...stored }, { context: { ifMatch: known.etag } })
        : await client.secrets.create({ name, ...stored }, once());
      printValue(screen, format, summary);
    });
  const destroy = secrets.command("destroy <name> <version>").description("Destroy the value of an older version for good");
  sure(destroy).action(async (name: string, version: string, options: Sure, command: Command) => {
    const { client, screen, format } = sessionOf(command);
    const known = await findSecret(client, name);
    if (!(await agreed(screen, options, `Destroy version ${version} of ${name} for good?`))) return;
    const asked = { id: known.id, version: wholeNumber(1_000_000)(version) };
    printVersions(screen, format, (await client.secrets.destroyVersion(asked, { context: { ifMatch: known.etag } })).items);
  });
  sure(secrets.command("remove <name>").description("Remove a secret that nothing uses")).action(
    async (name: string, options: Sure, command: Command) => {
      const { client, screen } = sessionOf(command);
      const known = await findSecret(client, name);
      if (!(await agreed(screen, options, `Remove ${name} and all its versions?`))) return;
      await client.secrets.remove({ id: known.id }, { context: { ifMatch: known.etag } });
      screen.err(`${name} is removed.\n`);
    },
  );
}

function printVersions(screen: Screen, format: Format, rows: SecretVersion[]): void {
  printList(screen, format, {
    rows,
    columns: [
      { title: "version", of: (one) => one.version, right: true },
      { title: "kept in", of: (one) => one.engine },
      { title: "made", of: (one) => ago(one.createdAt) },
      { title: "by", of: (one) => one.createdBy },
      { title: "state", of: (one) => (one.current ? "in use" : one.destroyedAt === undefined ? "kept" : "destroyed") },
      { title: "key", of: (one) => one.key },
    ],
    empty: "No versions.",
  });
}

async function findSecret(client: Client, name: string): Promise<SecretSummary> {
  const known = (await allOf(client)).find((one) => one.name === name);
  if (known) return known;
  throw new Problem("cli_secret_missing", { kind: "missing", say: `There is no secret ${name}.` });
}

/** ISO 8601 of a date, or of a time from now. */
function dueDate(text: string): string {
  const fromNow = parseDuration(text);
  const at = fromNow === undefined ? Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text) : Date.now() + fromNow;
  if (Number.isNaN(at)) throw new InvalidArgumentError("It is a date such as 2027-01-31, or a time from now such as 90d.");
  return new Date(at).toISOString();
}

function allOf(client: Client): Promise<SecretSummary[]> {
  return everyPage((cursor) => client.secrets.list({ limit: 500, ...(cursor ? { cursor } : {}) }));
}

async function valueOf({ username, keyFile }: SetOptions): Promise<SecretValue> {
  if (keyFile !== undefined && username === undefined) throw wrong("--key-file needs --username: who signs in with the key?");
  if (username !== undefined && keyFile !== undefined) return { kind: "ssh_key", username, privateKey: readInput(keyFile) };
  if (username !== undefined) return { kind: "password", username, password: await askHidden(`Password of ${username}: `) };
  if (around().stdin.isTTY) throw wrong("Give --username (the password is asked for), or JSON on stdin; see --help.");
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
