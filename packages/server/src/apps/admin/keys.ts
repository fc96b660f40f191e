/** Rotation of the keys that seal. */
import { systemClock } from "@holdfast/kit";
import type { RotationState, Secrets } from "#core/secrets";
import { localAdmin, type AdminCall, type AdminCommand } from "./command.ts";

export const keyCommands: AdminCommand[] = [
  {
    words: "rotate-keys",
    takes: [],
    options: { "reseal-only": { type: "boolean", say: "make no new key; seal again what older keys sealed" } },
    say: "Make a new key and seal everything again with it. May be stopped at any time; the server goes on with the rest.",
    run: rotateKeys,
  },
];

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
