/** `audit`: who did what, from where and why; searched, followed, taken elsewhere, and verified there without the server. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import {
  auditActionOf,
  auditSeverities,
  auditTypes,
  follow,
  type AuditEntry,
  type AuditSeverity,
  type AuditType,
  type Client,
} from "@holdfast/contract";
import { isProblem, parseDuration, Problem, readCheckpoints, sayError, systemClock, verifyTrail } from "@holdfast/kit";
import { InvalidArgumentError, Option, type Command } from "commander";
import { readInput, wholeNumber } from "../input.ts";
import { placeOf } from "../outside.ts";
import { ago, paint, printable, printList, printValue, terminal, type Screen } from "../output.ts";
import { once, sessionOf } from "../session.ts";
import { trailCrypto } from "../trail-crypto.ts";

interface Filters {
  actor?: string;
  action?: string;
  type?: AuditType;
  subject?: string;
  severity?: AuditSeverity;
  since?: string;
  until?: string;
}

export function addAudit(program: Command): void {
  const audit = program.command("audit").description("Who did what, from where, and why");
  addSearching(audit);
  addTail(audit);
  addExport(audit);
  addVerify(audit);
  addKeeping(audit);
}

function addSearching(audit: Command): void {
  const show = async (command: Command, { limit, ...query }: Filters & { q?: string; limit: number }): Promise<void> => {
    const { client, screen, format } = sessionOf(command);
    const { items } = await client.audit.list({ limit, ...query });
    const columns = [
      { title: "#", of: (one: AuditEntry) => one.seq, right: true },
      { title: "at", of: (one: AuditEntry) => one.at },
      { title: "severity", of: (one: AuditEntry) => one.severity },
      { title: "actor", of: (one: AuditEntry) => one.actor },
      { title: "action", of: (one: AuditEntry) => one.action },
      { title: "subject", of: (one: AuditEntry) => one.subject },
      { title: "from", of: (one: AuditEntry) => one.address },
      { title: "reason", of: (one: AuditEntry) => one.reason },
    ];
    printList(screen, format, { rows: items, columns, empty: "No entries." });
  };
  filtered(audit.command("list").description("The audit trail, newest first"))
    .option("-q, --query <words>", "words of the entry; the last may be the beginning of one")
    .option("-n, --limit <n>", "how many", wholeNumber(500), 50)
    .action(({ query, ...options }: Filters & { query?: string; limit: number }, command: Command) =>
      show(command, { ...options, ...(query ? { q: query } : {}) }),
    );
  filtered(audit.command("search <words...>").description("Entries with these words, newest first"))
    .option("-n, --limit <n>", "how many", wholeNumber(500), 50)
    .action((words: string[], options: Filters & { limit: number }, command: Command) => show(command, { ...options, q: words.join(" ") }));
}

function filtered(command: Command): Command {
  return command
    .option("--actor <actor>", "who, e.g. user:ada")
    .option("--action <action>", "what, e.g. rollout.rollout.create or devices.*")
    .addOption(new Option("--type <type>", "type of security event").choices([...auditTypes]))
    .option("--subject <subject>", "to what, e.g. device:dev_…")
    .addOption(new Option("--severity <severity>", "how grave").choices([...auditSeverities]))
    .option("--since <time>", "not before, e.g. 1h, 30d, or 2030-01-31T18:00:00Z", pastOf)
    .option("--until <time>", "before", pastOf);
}

/** For commander: a while ago, or a time with its zone. */
function pastOf(text: string): string {
  const whileMs = parseDuration(text);
  const zoned = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const at = whileMs === undefined ? new Date(zoned ? text : Number.NaN) : new Date(Date.now() - whileMs);
  if (!Number.isNaN(at.getTime())) return at.toISOString();
  throw new InvalidArgumentError("It is a while such as 1h or 30d, or a time such as 2030-01-31T18:00:00Z.");
}

function addTail(audit: Command): void {
  filtered(audit.command("tail").description("Entries as they are recorded, until Ctrl-C"))
    .option("-n, --limit <n>", "how many of before", wholeNumber(100), 10)
    .action(async ({ limit, ...query }: Filters & { limit: number }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const print = (entry: AuditEntry): void =>
        format === "table" ? screen.out(tailLine(screen, entry)) : screen.out(`${JSON.stringify(entry)}\n`);
      let { items } = await client.audit.list({ ...query, limit });
      let last = 0;
      const bell = wakeBy(client);
      for (;;) {
        const news = items.filter(({ seq }) => seq > last).toSorted((a, b) => a.seq - b.seq);
        for (const entry of news) print(entry);
        last = Math.max(last, ...news.map(({ seq }) => seq));
        await bell();
        ({ items } = await client.audit.list({ ...query, limit: 500 }));
      }
    });
}

/** Resolves with the next live event, and after 2 s without one: not every entry is an event. */
function wakeBy(client: Client): () => Promise<void> {
  let { promise, resolve } = Promise.withResolvers<void>();
  const watch = async (): Promise<void> => {
    for await (const event of follow(client)) if (event.id !== "") resolve();
  };
  // Without the stream the looks in between tell what is wrong.
  void watch().catch((thrown: unknown) => terminal.err(isProblem(thrown) ? `${thrown.message}\n` : ""));
  return async () => {
    await Promise.race([promise, systemClock.sleep(2000)]);
    ({ promise, resolve } = Promise.withResolvers<void>());
  };
}

function tailLine(screen: Screen, entry: AuditEntry): string {
  const colour = { critical: "red", warning: "yellow", info: "grey" } as const;
  const severity = paint(screen, colour[entry.severity], entry.severity.padEnd(8));
  const what = `${entry.actor} ${auditActionOf(entry.action).say}: ${entry.subject}`;
  const more = [entry.address === undefined ? "" : `from ${entry.address}`, entry.reason ?? ""].filter((text) => text !== "").join("; ");
  return `${entry.at}  ${severity}  ${printable(what)}${more === "" ? "" : printable(` (${more})`)}\n`;
}

interface ExportOptions extends Filters {
  to?: string;
  format: "jsonl" | "csv";
  withNames?: boolean;
}

function addExport(audit: Command): void {
  filtered(audit.command("export").description("Take the trail elsewhere; the export itself is recorded"))
    .addOption(
      new Option("--format <format>", "jsonl: the whole chain, to verify it elsewhere; csv: what fits the filters, to read")
        .choices(["jsonl", "csv"])
        .default("jsonl"),
    )
    .option("--to <file>", "a new file that only its owner may read; stdout unless told")
    .option("--with-names", "jsonl: with the people behind the pseudonyms, and their keys")
    .action(async ({ to, withNames, ...options }: ExportOptions, command: Command) => {
      const { client, screen } = sessionOf(command);
      const pieces = await client.audit.export({ ...options, names: withNames === true ? "yes" : "no" });
      if (to === undefined) return void (await writePieces(pieces, async (text) => screen.out(text)));
      const file = await open(placeOf(to), "wx", 0o600).catch((thrown: unknown) => {
        throw new Problem("cli_file_unwritable", {
          kind: "invalid",
          say: `${to} cannot be written: ${sayError(thrown)}.`,
          because: thrown,
        });
      });
      try {
        const lines = await writePieces(pieces, async (text) => void (await file.write(text)));
        await file.sync();
        screen.err(`${lines} lines are in ${to}.\n`);
      } finally {
        await file.close();
      }
    });
}

type Piece = Awaited<ReturnType<Client["audit"]["export"]>> extends AsyncIterable<infer P> ? P : never;

/** @throws Problem `cli_export_cut` when the stream ended before the trail did */
async function writePieces(pieces: AsyncIterable<Piece>, write: (text: string) => Promise<void>): Promise<number> {
  let lines = 0;
  for await (const { text, done } of pieces) {
    if (done !== undefined) return lines;
    await write(text);
    lines += text.split("\n").length - 1;
  }
  throw new Problem("cli_export_cut", { kind: "unavailable", say: "The export was cut off before its end; do it again." });
}

interface VerifyOptions {
  offline?: string[];
  checkpoints?: string[];
  publicKey?: string[];
}

function addVerify(audit: Command): void {
  audit
    .command("verify")
    .description("Recompute the hash chain; exit code 1 when it is broken")
    .option("--offline <files...>", "exports and archives (.gz too), oldest first, in place of the server; nothing is asked of it")
    .option("--checkpoints <files...>", "with --offline: the signed checkpoints")
    .option("--public-key <files...>", "with --offline: the keys that signed them, PEM")
    .action(async ({ offline, checkpoints = [], publicKey = [] }: VerifyOptions, command: Command) => {
      const format = command.optsWithGlobals<{ output?: "table" | "json" | "yaml" }>().output ?? "table";
      const seen =
        offline === undefined ? await sessionOf(command).client.audit.verify() : await verifyFiles(offline, checkpoints, publicKey);
      printValue(terminal, format, seen);
      if (!seen.ok) throw new Problem("cli_audit_broken", { kind: "broken", say: seen.say });
    });
}

async function verifyFiles(files: string[], checkpointFiles: string[], keyFiles: string[]) {
  if (checkpointFiles.length > 0 && keyFiles.length === 0)
    throw new Problem("cli_audit_key", {
      kind: "invalid",
      say: "Give --public-key, too: checkpoints prove nothing without the key that signed them.",
    });
  const checkpoints = checkpointFiles.flatMap((file) => checkpointsIn(file));
  return verifyTrail({ lines: linesOf(files), checkpoints, crypto: trailCrypto(keyFiles.map(readInput)) });
}

function checkpointsIn(file: string) {
  try {
    return readCheckpoints(readInput(file));
  } catch (thrown) {
    if (isProblem(thrown)) throw thrown;
    throw new Problem("cli_checkpoints_invalid", { kind: "invalid", say: `${file}: ${sayError(thrown)}.` });
  }
}

async function* linesOf(files: string[]): AsyncGenerator<string> {
  for (const path of files) {
    const file = createReadStream(placeOf(path));
    const input = path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
    const failed = new Promise<never>((_resolve, reject) => {
      for (const stream of [file, input])
        stream.once("error", (thrown: Error) =>
          reject(new Problem("cli_file_unreadable", { kind: "invalid", say: `${path} cannot be read: ${sayError(thrown)}.` })),
        );
    });
    failed.catch(() => undefined); // it is thrown from the race
    const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([lines.next(), failed]);
      if (next.done === true) break;
      yield next.value;
    }
  }
}

function addKeeping(audit: Command): void {
  audit
    .command("checkpoints")
    .description("Signed checkpoints, newest first")
    .option("--sign", "sign the end of the chain now")
    .option("-n, --limit <n>", "how many", wholeNumber(500), 20)
    .action(async ({ sign, limit }: { sign?: boolean; limit: number }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      if (sign === true) await client.audit.checkpoint(undefined, once());
      const { items } = await client.audit.checkpoints({ limit });
      printList(screen, format, {
        rows: items,
        columns: [
          { title: "no", of: (one) => one.no, right: true },
          { title: "entry", of: (one) => one.seq, right: true },
          { title: "signed", of: (one) => ago(one.at) },
          { title: "key", of: (one) => one.keyId },
          { title: "hash", of: (one) => one.hash },
        ],
        empty: "Nothing was signed yet.",
      });
    });
  audit
    .command("keys")
    .description("Public keys of the checkpoints, PEM: keep them where the server's administrators cannot write")
    .action(async (_options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await client.audit.keys();
      if (format === "table") for (const { publicKey } of items) screen.out(publicKey);
      else printValue(screen, format, items);
    });
  audit
    .command("rotate-key")
    .description("A new key signs checkpoints from now on; what the old ones signed is verified with them as before")
    .option("--reason <text>", "why")
    .option("--dry-run", "only say which key signs now")
    .action(async ({ reason, dryRun = false }: { reason?: string; dryRun?: boolean }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { previous, next } = await client.audit.rotateKey({ dryRun, ...(reason ? { reason } : {}) }, once());
      if (format !== "table") return printValue(screen, format, { previous, ...next });
      if (next === undefined) return screen.out(`Would make a new key in place of ${previous}.\n`);
      screen.out(next.publicKey);
      screen.err(
        `The key ${next.keyId} signs from checkpoint ${next.signsFrom} on. Take it out beside ${previous}, which is still needed.\n`,
      );
    });
  addArchive(audit);
}

interface ArchiveOptions {
  olderThan: number;
  dryRun?: boolean;
  reason?: string;
}

function addArchive(audit: Command): void {
  audit
    .command("archive")
    .description("Write old entries to files of the server and forget them there; the chain goes on from a signed checkpoint")
    .option("--older-than <days>", "in days; those of the last 30 always stay", wholeNumber(3650), 90)
    .option("--reason <text>", "why")
    .option("--dry-run", "only count them")
    .action(async ({ olderThan, dryRun = false, reason }: ArchiveOptions, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const done = await client.audit.archive({ olderThanDays: olderThan, dryRun, ...(reason ? { reason } : {}) }, once());
      printValue(
        screen,
        format,
        dryRun ? { entries: done.entries, archived: "none: a dry run" } : { entries: done.entries, ...done.archive },
      );
    });
  audit
    .command("archives")
    .description("Files that old entries went to")
    .action(async (_options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await client.audit.archives();
      printList(screen, format, {
        rows: items,
        columns: [
          { title: "from", of: (one) => one.firstSeq, right: true },
          { title: "to", of: (one) => one.lastSeq, right: true },
          { title: "file", of: (one) => one.file },
          { title: "sha256", of: (one) => one.sha256 },
          { title: "archived", of: (one) => ago(one.at) },
        ],
        empty: "Nothing was archived.",
      });
    });
}
