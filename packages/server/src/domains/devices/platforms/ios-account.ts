/**
 * A local account of IOS: `username … secret …`, and the public keys of `ip ssh pubkey-chain`. Passwords are typed as their hash of
 * type 9, so that no log of commands holds one; keys as their MD5, which is how IOS shows them.
 */
import { createHash, randomBytes, scryptSync } from "node:crypto";
import { maskSecrets, parseConfig, type ConfigNode } from "../config/index.ts";
import { DeviceError } from "../drivers/error.ts";
import type { Account, PublicKey } from "./account.ts";
import type { DeviceSession } from "./session.ts";

const chain = "ip ssh pubkey-chain";
const cisco = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** `$9$salt$hash`: scrypt (N 16384, r 1, p 1) in Cisco's alphabet, for `secret 9`. */
export function typeNine(password: string): string {
  const salt = [...randomBytes(14)].map((byte) => cisco[byte & 63]).join("");
  const hash = scryptSync(password, salt, 32, { N: 16_384, r: 1, p: 1 }).toString("base64").replace("=", "");
  return `$9$${salt}$${hash.replaceAll(/./g, (letter) => cisco.charAt(standard.indexOf(letter)))}`;
}

/** MD5 of the key's blob, as IOS writes it. */
function hashOf({ body }: PublicKey): string {
  return createHash("md5").update(Buffer.from(body, "base64")).digest("hex").toUpperCase();
}

/** What is typed for each act, from the top of configuration mode; for people too. */
export const iosAccountLines = {
  allow: (user: string, key: PublicKey): string[] => [chain, `username ${user}`, `key-hash ${key.type} ${hashOf(key)} holdfast`],
  forbid: (user: string, key: PublicKey): string[] => [chain, `username ${user}`, `no key-hash ${key.type} ${hashOf(key)}`],
  password: (user: string, hash: string): string[] => [`username ${user} secret 9 ${hash}`],
};

type Typing = Pick<DeviceSession, "running" | "configure"> & { name: string; username: string };

export function iosAccount({ name, username, running, configure }: Typing): Account {
  const type = async (lines: string[]): Promise<void> => {
    const { refused } = await configure(lines);
    if (!refused) return;
    const words = maskSecrets(refused.vendorText, "ios").trim().slice(0, 300);
    throw new DeviceError("command_refused", {
      say: `${name} refused "${maskSecrets(refused.line, "ios").trim()}": ${words}`,
      vendorText: refused.vendorText,
    });
  };
  const keys = async (): Promise<string[]> => keyLines(await running(), username);
  const holds: Account["holds"] = async (key) => (await keys()).some((line) => line.includes(hashOf(key)));
  return {
    inConfiguration: true,
    async unfit(kind, key) {
      if (!/^[\w.@-]+$/.test(username)) return `the user name ${username} cannot be typed`;
      if (kind === "ssh_key")
        return key?.type === "ssh-rsa" ? undefined : "it takes keys of RSA alone; rotate again, with the algorithm rsa";
      const own = userLine(await running(), username);
      if (own === undefined) return `it has no local account ${username}; a password that RADIUS or TACACS+ keeps is changed there`;
      return / password /.test(own) ? `its account ${username} has a "password" and no "secret", and IOS does not take both` : undefined;
    },
    holds,
    allow: async (key) => ((await holds(key)) ? undefined : type(iosAccountLines.allow(username, key))),
    forbid: async (key) => ((await holds(key)) ? type(iosAccountLines.forbid(username, key)) : undefined),
    setPassword: (password) => type(iosAccountLines.password(username, typeNine(password))),
    async putBack(before) {
      const now = await running();
      const own = userLine(before, username);
      if (own !== undefined && own !== userLine(now, username)) await type([own]);
      const missing = keyLines(before, username).filter((line) => !keyLines(now, username).includes(line));
      if (missing.length > 0) await type([chain, `username ${username}`, ...missing]);
    },
  };
}

function userLine(running: string, username: string): string | undefined {
  return running.split("\n").find((line) => line.startsWith(`username ${username} `));
}

function keyLines(running: string, username: string): string[] {
  const below = (nodes: readonly ConfigNode[], text: string): readonly ConfigNode[] =>
    nodes.find((node) => node.text.trim() === text)?.children ?? [];
  return below(below(parseConfig(running, "ios").children, chain), `username ${username}`).map((node) => node.text.trim());
}
