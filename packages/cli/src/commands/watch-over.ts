/** `drift`, `backups`, `findings`: looking after what is there. */
import { Problem } from "@holdfast/kit";
import { findingStates } from "@holdfast/contract";
import { Option, type Command } from "commander";
import { instantOf, wholeNumber } from "../input.ts";
import { ago, printable, printList, printValue } from "../output.ts";
import { everyPage, once, sessionOf } from "../session.ts";
import { diffText, showPlan } from "./plan.ts";

export function addDrift(program: Command): void {
  const drift = program.command("drift").description("Devices that are not as intended");
  drift
    .command("list")
    .description("Drift as last seen")
    .option("--diff", "show the differences")
    .action(async (options: { diff?: boolean }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const rows = await everyPage((cursor) => client.devices.drift({ limit: 100, ...(cursor ? { cursor } : {}) }));
      printList(screen, format, {
        rows,
        columns: [
          { title: "device", of: (item) => item.deviceName },
          { title: "site", of: (item) => item.site },
          { title: "since", of: (item) => ago(item.since) },
          { title: "what", of: (item) => item.summary },
          { title: "finding", of: (item) => item.finding },
        ],
        empty: "Every device is as intended, as last seen. Look now: holdfast drift check",
      });
      if (options.diff !== true || format !== "table") return;
      for (const item of rows) screen.out(`\n${printable(item.deviceName)}\n${item.diff.map((line) => diffText(screen, line)).join("")}`);
    });
  drift
    .command("check")
    .description("Look now; exit code 6 when a device drifted")
    .option("-l, --selector <selector>", "only devices with these labels")
    .action(async (options: { selector?: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const seen = await client.devices.checkDrift(options.selector ? { selector: options.selector } : {}, once());
      if (format === "table")
        for (const item of seen.items)
          screen.out(
            `${printable(`${item.deviceName}: ${item.summary}${item.finding === undefined ? "" : ` (${item.finding})`}`)}\n${item.diff.map((line) => diffText(screen, line)).join("")}`,
          );
      else printValue(screen, format, seen);
      screen.err(`${seen.checked} looked at, ${seen.drifted} drifted, ${seen.unreachable} unreachable.\n`);
      if (seen.drifted > 0) throw new Problem("cli_drift", { kind: "conflict", say: `${seen.drifted} devices are not as intended.` });
    });
  drift
    .command("revert <device>")
    .description("Plan the way back to what the last rollout left")
    .action(async (id: string, _options, command: Command) => {
      const session = sessionOf(command);
      await showPlan(session, await session.client.devices.revertDrift({ id }, once()), true);
    });
}

export function addBackups(program: Command): void {
  const backups = program.command("backups").description("Kept configurations");
  backups
    .command("run")
    .description("Keep the running configuration of devices now")
    .option("-l, --selector <selector>", "only devices with these labels")
    .action(async (options: { selector?: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await client.devices.backup(options.selector ? { selector: options.selector } : {}, once());
      const outcome = (item: (typeof items)[number]): string => item.problem ?? (item.changed ? "kept, changed" : "same as before");
      printList(screen, format, {
        rows: items,
        columns: [
          { title: "device", of: (item) => item.deviceName },
          { title: "version", of: (item) => item.version?.id },
          { title: "outcome", of: outcome },
        ],
        empty: "No devices.",
      });
      const failed = items.filter((item) => item.problem !== undefined).length;
      if (failed > 0)
        throw new Problem("cli_backup_incomplete", { kind: "unavailable", say: `${failed} of ${items.length} devices could not be read.` });
    });
  backups
    .command("list <device>")
    .description("Versions of a device, newest first")
    .option("-n, --limit <n>", "how many", wholeNumber(500), 20)
    .action(async (id: string, options: { limit: number }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await client.devices.versions({ id, limit: options.limit });
      printList(screen, format, {
        rows: items,
        columns: [
          { title: "version", of: (one) => one.id },
          { title: "kept", of: (one) => ago(one.at) },
          { title: "lines", of: (one) => one.lines, right: true },
          { title: "reason", of: (one) => one.reason },
        ],
        empty: "Nothing was kept yet. Keep it now: holdfast backups run",
      });
    });
  addVersions(backups);
}

function addVersions(backups: Command): void {
  backups
    .command("show <device> <version>")
    .description("One kept configuration")
    .option("--reveal", "with its secrets (needs devices:reveal; audited)")
    .action(async (id: string, version: string, options: { reveal?: boolean }, command: Command) => {
      const { client, screen } = sessionOf(command);
      screen.outText((await client.devices.version({ id, version, ...(options.reveal ? { reveal: "true" } : {}) })).text);
    });
  backups
    .command("diff <device> <version>")
    .description("What changed since the version before, or since another")
    .option("--from <version>", "the other version")
    .action(async (id: string, version: string, options: { from?: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const seen = await client.devices.versionDiff({ id, version, ...(options.from ? { from: options.from } : {}) });
      if (format === "table") screen.out(seen.diff.map((line) => diffText(screen, line)).join(""));
      else printValue(screen, format, seen);
    });
  backups
    .command("restore <device> <version>")
    .description("Plan going back to a kept configuration")
    .action(async (id: string, version: string, _options, command: Command) => {
      const session = sessionOf(command);
      await showPlan(session, await session.client.devices.restore({ id, version }, once()), true);
    });
}

export function addFindings(program: Command): void {
  const findings = program.command("findings").description("What is not as it should be");
  findings
    .command("list")
    .description("List findings, newest first")
    .addOption(new Option("--state <state>", "only these").choices([...findingStates]))
    .option("-n, --limit <n>", "how many", wholeNumber(500), 100)
    .action(async (options: { state?: (typeof findingStates)[number]; limit: number }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await client.findings.list({ limit: options.limit, ...(options.state ? { state: options.state } : {}) });
      printList(screen, format, {
        rows: items,
        columns: [
          { title: "finding", of: (one) => one.id },
          { title: "severity", of: (one) => one.severity },
          { title: "state", of: (one) => one.state },
          { title: "seen", of: (one) => ago(one.lastSeenAt) },
          { title: "title", of: (one) => one.title },
        ],
        empty: "Nothing is wrong that we know of.",
      });
    });
  findings
    .command("acknowledge <finding>")
    .description("Say that you are on it")
    .option("--note <text>", "what you know")
    .action(async (id: string, options: { note?: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printValue(screen, format, await client.findings.acknowledge({ id, ...(options.note ? { note: options.note } : {}) }));
    });
  findings
    .command("suppress <finding>")
    .description("Silence it until a time; it opens again after that if it is still so")
    .requiredOption("--reason <text>", "why; goes to the audit trail")
    .requiredOption("--until <time>", "a date and time such as 2030-01-31T18:00:00Z, or a while from now such as 8h", instantOf)
    .action(async (id: string, options: { reason: string; until: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printValue(screen, format, await client.findings.suppress({ id, ...options }));
    });
  findings
    .command("resolve <finding>")
    .description("Close it by hand; what is still so opens it again")
    .requiredOption("--reason <text>", "why; goes to the audit trail")
    .action(async (id: string, options: { reason: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printValue(screen, format, await client.findings.resolve({ id, ...options }));
    });
}
