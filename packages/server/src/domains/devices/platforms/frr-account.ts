/** The keys of the account on an FRR host: its authorized_keys, spoken to through `holdfast-keys` on SSH command channels. */
import { DeviceError } from "../drivers/error.ts";
import type { Account, PublicKey } from "./account.ts";
import type { Cli } from "./cli.ts";

/** What is sent for each act; for people too. */
export const frrKeyCommand = {
  has: ({ type, body }: PublicKey): string => `holdfast-keys has ${type} ${body}`,
  add: ({ type, body }: PublicKey, like?: PublicKey): string =>
    `holdfast-keys add ${type} ${body}${like === undefined ? "" : ` like ${like.type} ${like.body}`}`,
  remove: ({ type, body }: PublicKey): string => `holdfast-keys remove ${type} ${body}`,
};

export function frrAccount({ name, connection }: Cli): Account {
  const ask = async (command: string, answers: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await connection.exec(command);
    const said = stdout.trim();
    if (answers.includes(said)) return said;
    const vendorText = (stderr.trim() || said).slice(0, 300);
    const say =
      said === "last"
        ? `${name} keeps the last key of its account; it would let nobody in without.`
        : `${name} does not exchange keys: holdfast-keys is not there, or cannot write the account's file. Install it as deploy/frr/README.md says.`;
    throw new DeviceError("command_refused", { say, command, vendorText });
  };
  const holds: Account["holds"] = async (key) => (await ask(frrKeyCommand.has(key), ["yes", "no"])) === "yes";
  return {
    inConfiguration: false,
    async unfit(kind, key) {
      if (kind === "password") return "the password of an account on an FRR host is changed there; give the account an SSH key instead";
      if (key !== undefined) await holds(key);
      return undefined;
    },
    holds,
    allow: async (key, like) => void (await ask(frrKeyCommand.add(key, like), ["added", "there"])),
    forbid: async (key) => void (await ask(frrKeyCommand.remove(key), ["removed", "absent"])),
    setPassword: () =>
      Promise.reject(new DeviceError("command_not_allowed", { say: `The password of the account on ${name} is changed on its host.` })),
    putBack: () => Promise.resolve(),
  };
}
