/** The keys that seal: rotation, import of other keys, protection of their file. */
import { readFileSync } from "node:fs";
import { Problem, Secret, sayError, systemClock } from "@holdfast/kit";
import { createVault, importKeys, protectKeys, type Protection, type RotationState, type Secrets, type Vault } from "#core/secrets";
import { silentLog } from "#platform/log";
import type { Settings } from "#platform/settings";
import { protectionOf } from "../key-source.ts";
import { localAdmin, type AdminCall, type AdminCommand } from "./command.ts";

export const keyCommands: AdminCommand[] = [
  {
    words: "rotate-keys",
    takes: [],
    options: { "reseal-only": { type: "boolean", say: "make no new key; seal again what older keys sealed" } },
    say: "Make a new key and seal everything again with it. May be stopped at any time; the server goes on with the rest.",
    run: rotateKeys,
  },
  {
    words: "import-keys",
    takes: [],
    options: {
      file: { type: "string", value: "path", say: "the keys to take in; else those of HOLDFAST_KEYS, else a line of stdin" },
      activate: { type: "boolean", say: "seal with their active key from now on" },
    },
    say: "Take keys of another key ring into the file of the key ring, which is made if there is none. Restart the server, then run rotate-keys --reseal-only.",
    run: takeKeys,
  },
  {
    words: "protect-keys",
    takes: [],
    options: {
      "new-passphrase": {
        type: "boolean",
        say: "with a passphrase that is asked for (in place of the one in the settings); put it into the settings after",
      },
      off: { type: "boolean", say: "take the protection away; then take it out of the settings" },
    },
    say: "Write the file of the key ring anew, protected as the settings say: by the passphrase or by Vault's transit key. Stop the server before.",
    run: protect,
  },
];

async function takeKeys({ settings, options, terminal }: AdminCall): Promise<void> {
  const { file } = options;
  const given = typeof file === "string" ? readSecret(file) : (settings.keys ?? new Secret(await terminal.askHidden("Keys: ")));
  await withVault(settings, async (vault) => {
    const ring = { file: settings.keyRingFile, protection: protectionOf(settings, vault) };
    const came = await importKeys(ring, given, options["activate"] === true);
    terminal.err(came.length === 0 ? "All of them were there already.\n" : `Taken in: ${came.join(", ")}.\n`);
  });
}

async function protect({ settings, options, terminal }: AdminCall): Promise<void> {
  await withVault(settings, async (vault) => {
    const now = protectionOf(settings, vault);
    const to = await wanted();
    await protectKeys({ file: settings.keyRingFile, protection: now }, to);
    const say = to ? `protected by ${to.by === "transit" ? "Vault's transit key" : "a passphrase"}` : "in the clear";
    terminal.err(`The keys in ${settings.keyRingFile} are ${say} now.\n`);

    async function wanted(): Promise<Protection | undefined> {
      if (options["off"] === true) return undefined;
      if (options["new-passphrase"] !== true) return now ?? nothingSet();
      const passphrase = await terminal.askHidden("New passphrase: ");
      if (terminal.typed && (await terminal.askHidden("Again: ")) !== passphrase) throw mistyped();
      return { by: "passphrase", passphrase: new Secret(passphrase) };
    }
  });
}

async function withVault(settings: Settings, work: (vault: Vault | undefined) => Promise<void>): Promise<void> {
  const vault = settings.secrets.vault && createVault({ settings: settings.secrets.vault, log: silentLog });
  try {
    await work(vault);
  } finally {
    await vault?.close();
  }
}

function readSecret(file: string): Secret {
  try {
    return new Secret(readFileSync(file, "utf8"));
  } catch (thrown) {
    throw new Problem("admin_file_unreadable", { kind: "invalid", say: `${file} cannot be read: ${sayError(thrown)}.`, because: thrown });
  }
}

function nothingSet(): never {
  const say =
    "The settings name no protection: set HOLDFAST_KEY_PASSPHRASE or HOLDFAST_VAULT_TRANSIT_KEY, or give --new-passphrase or --off.";
  throw new Problem("admin_no_protection", { kind: "invalid", say });
}

function mistyped(): Problem {
  return new Problem("admin_passphrases_differ", { kind: "invalid", say: "The two passphrases differ; nothing was done." });
}

async function rotateKeys(call: AdminCall): Promise<void> {
  const { terminal, options, signal } = call;
  const { secrets } = await call.holdfast();
  if (options["reseal-only"] !== true) terminal.err(`New key: ${(await secrets.rotate(localAdmin())).activeKey}.\n`);
  const rows = await whileTelling(secrets, secrets.reseal(signal), (left) => terminal.err(`${left} to seal again.\n`));
  const { activeKey, keys } = await secrets.rotation();
  terminal.err(`${rows} sealed again; everything opens with ${activeKey} alone.\n`);
  if (keys.length > 1) terminal.err("Keep the older keys for as long as you keep backups that need them.\n");
}

/** Says once a second how much is left, until the work is over. */
async function whileTelling(secrets: Secrets, work: Promise<number>, tell: (left: number) => void): Promise<number> {
  const over = new AbortController();
  const stop = (): void => over.abort(new Error("over"));
  void work.then(stop, stop);
  while (!over.signal.aborted) {
    tell(left(await secrets.rotation()));
    await systemClock.sleep(1000, over.signal).catch(() => undefined);
  }
  return work;
}

function left({ stale }: RotationState): number {
  return stale.reduce((sum, { rows }) => sum + rows, 0);
}
