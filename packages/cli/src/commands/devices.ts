/** `devices`: the inventory. */
import { driftMode, platforms, type Device, type DevicePatch, type PlatformName } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { Option, type Command } from "commander";
import { askYes } from "../ask.ts";
import { readInput, wholeNumber } from "../input.ts";
import { ago, printList, printValue, type Column } from "../output.ts";
import { labelToClear, labelToSet, orNull, patchOf } from "../patch.ts";
import { everyPage, once, sessionOf } from "../session.ts";

const columns: Column<Device>[] = [
  { title: "name", of: (device) => device.name },
  { title: "platform", of: (device) => device.platform },
  { title: "site", of: (device) => device.site },
  { title: "address", of: (device) => `${device.address}:${device.port}` },
  { title: "drift", of: (device) => device.drift.replaceAll("_", " ") },
  { title: "seen", of: (device) => (device.reachable === false ? `unreachable: ${device.lastProblem ?? ""}` : ago(device.lastSeenAt)) },
];

export function addDevices(program: Command): void {
  const devices = program.command("devices").description("The inventory");
  devices
    .command("list")
    .description("List devices")
    .option("-l, --selector <selector>", "label selector, e.g. site=lyon,role in (edge,core)")
    .option("-q, --query <text>", "part of the name, address or site")
    .action(async (options: { selector?: string; query?: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const query = { ...(options.selector ? { selector: options.selector } : {}), ...(options.query ? { q: options.query } : {}) };
      const rows = await everyPage((cursor) => client.devices.list({ ...query, limit: 500, ...(cursor ? { cursor } : {}) }));
      printList(screen, format, {
        rows,
        columns,
        empty: "No devices. Connect a repository or import some: holdfast devices import devices.yaml",
      });
    });
  devices
    .command("show <device>")
    .description("One device, by name or id")
    .action(async (id: string, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printValue(screen, format, await client.devices.get({ id }));
    });
  devices
    .command("running <device>")
    .description("The newest kept running configuration, secrets masked")
    .action(async (id: string, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const running = await client.devices.running({ id });
      if (format === "table") screen.outText(running.text);
      else printValue(screen, format, running);
    });
  addSet(devices);
  addExchange(devices);
  addHostKeys(devices);
  devices
    .command("remove <device>")
    .description("Remove a device and its kept configurations")
    .option("-y, --yes", "do not ask")
    .action(async (id: string, options: { yes?: boolean }, command: Command) => {
      const { client, screen } = sessionOf(command);
      const device = await client.devices.get({ id });
      if (options.yes !== true && !(await askYes(`Remove ${device.name} and every configuration that is kept of it?`)))
        throw new Problem("cli_not_confirmed", { kind: "invalid", say: "Nothing was done; say yes, or give --yes." });
      await client.devices.remove({ id: device.id }, { context: { ifMatch: device.etag } });
      screen.err(`${device.name} is removed.\n`);
    });
}

interface SetOptions {
  name?: string;
  platform?: PlatformName;
  address?: string;
  port?: number;
  site?: string;
  label?: Record<string, string | null>;
  unlabel?: Record<string, string | null>;
  redundancyGroup?: string;
  credential?: string;
  bastion?: string;
  driftMode?: Device["driftMode"];
}

function addSet(devices: Command): void {
  devices
    .command("set <device>")
    .description("Change a device: what is not given stays, an empty value ('') clears")
    .option("--name <name>", "another name")
    .addOption(new Option("--platform <platform>", "its operating system").choices([...platforms]))
    .option("--address <address>", "IP address or DNS name")
    .option("--port <port>", "SSH port", wholeNumber(65_535))
    .option("--site <site>", "where it stands; '' for nowhere")
    .option("--label <key=value>", "a label to set; may be given several times", labelToSet)
    .option("--unlabel <key>", "a label to take away; may be given several times", labelToClear)
    .option("--redundancy-group <group>", "never two of a group change at one time; '' for none")
    .option("--credential <secret>", "name of the secret to sign in with; '' for none")
    .option("--bastion <device>", "device to jump through; '' for none")
    .addOption(new Option("--drift-mode <mode>", "what drift becomes").choices([...driftMode.options]))
    .action(async (id: string, options: SetOptions, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const patch = devicePatchOf(options);
      const { id: device, etag } = await client.devices.get({ id });
      printValue(screen, format, await client.devices.update({ id: device, ...patch }, { context: { ifMatch: etag } }));
    });
}

function devicePatchOf({ label, unlabel, ...options }: SetOptions): DevicePatch {
  const { site, redundancyGroup, credential, bastion, ...rest } = options;
  const labels = label || unlabel ? { labels: { ...label, ...unlabel } } : {};
  const clearable = {
    site: orNull(site),
    redundancyGroup: orNull(redundancyGroup),
    credential: orNull(credential),
    bastion: orNull(bastion),
  };
  return patchOf<DevicePatch>({ ...rest, ...clearable, ...labels });
}

function addExchange(devices: Command): void {
  devices
    .command("import <file>")
    .description("Import devices from YAML or CSV (- for stdin): all rows, or none")
    .option("--dry-run", "only say what would happen")
    .addOption(new Option("--format <format>", "what the file is; by its name unless told").choices(["yaml", "csv"]))
    .action(async (file: string, options: { dryRun?: boolean; format?: "yaml" | "csv" }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const written = options.format ?? (file.endsWith(".csv") ? "csv" : "yaml");
      const report = await client.devices.import({ format: written, content: readInput(file), dryRun: options.dryRun ?? false }, once());
      if (format !== "table") printValue(screen, format, report);
      else
        screen.err(
          `${report.created.length} created, ${report.updated.length} updated, ${report.unchanged.length} unchanged${report.dryRun ? " (dry run: nothing was kept)" : ""}\n`,
        );
      if (report.errors.length === 0) return;
      throw new Problem("cli_import_refused", {
        kind: "invalid",
        say: `${file} has ${report.errors.length === 1 ? "a fault" : `${report.errors.length} faults`}; nothing was imported.`,
        places: report.errors,
      });
    });
  devices
    .command("export")
    .description("Write devices as YAML or CSV")
    .addOption(new Option("--format <format>", "how the devices are written").choices(["yaml", "csv"]).default("yaml"))
    .option("-l, --selector <selector>", "only devices with these labels")
    .action(async ({ format, selector }: { format: "yaml" | "csv"; selector?: string }, command: Command) => {
      const { client, screen } = sessionOf(command);
      screen.outText((await client.devices.export({ format, ...(selector ? { selector } : {}) })).content);
    });
}

function addHostKeys(devices: Command): void {
  devices
    .command("host-key <device>")
    .description("The host key that the device shows now")
    .action(async (id: string, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printValue(screen, format, await client.devices.hostKey({ id }));
    });
  devices
    .command("trust <device>")
    .description("Pin the host key of a device, after you compared it")
    .requiredOption("--fingerprint <SHA256:…>", "the key that you compared, from the device's console")
    .requiredOption("--reason <text>", "how you know that it is right; goes to the audit trail")
    .action(async (id: string, options: { fingerprint: string; reason: string }, command: Command) => {
      const { client, screen } = sessionOf(command);
      const device = await client.devices.trustHostKey({ id, fingerprint: options.fingerprint, reason: options.reason }, once());
      screen.err(`${device.name}: ${device.hostKey} is pinned.\n`);
    });
}
