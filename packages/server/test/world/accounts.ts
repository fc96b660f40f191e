/** Who may sign in to a router: its own accounts where it has any, else the one that it came with. */
import { createHash } from "node:crypto";
import type { PublicKeyAuthContext } from "ssh2";
import ssh2 from "ssh2";
import { opens } from "./crypt.ts";
import { holdsKey } from "./frr/keys.ts";
import type { Router } from "./router.ts";

export interface Accounts {
  password(user: string, given: string): boolean;
  /** Whether the key may sign in; the signature is another question. */
  key(user: string, key: { algo: string; data: Buffer }): boolean;
}

interface Came {
  username: string;
  password: string;
}

/** An account of its host: one password, which never changes here, and the keys of its file. */
export function hostAccounts(router: Router, came: Came): Accounts {
  return {
    password: (user, given) => user === came.username && given === came.password,
    key: (user, { algo, data }) =>
      user === came.username && (router.state.authorizedKeys ?? []).some((line) => holdsKey(line, `${algo} ${data.toString("base64")}`)),
  };
}

/** `username …` and `ip ssh pubkey-chain` of the configuration; without an account of that name the one that it came with. */
export function iosAccounts(router: Router, came: Came): Accounts {
  const at = (...path: string[]) => {
    let block = router.config.root;
    for (const key of path) {
      const next = block.statements.get(key)?.child;
      if (!next) return undefined;
      block = next;
    }
    return block;
  };
  return {
    password(user, given) {
      const secret = router.config.root.statements.get(`username ${user}`)?.args["credential"]?.split(" ").at(-1);
      return secret === undefined ? user === came.username && given === came.password : opens(secret, given);
    },
    key(user, { data }) {
      const hash = createHash("md5").update(data).digest("hex").toUpperCase();
      return at("ip ssh pubkey-chain", `username ${user}`)?.statements.has(`key-hash ssh-rsa ${hash}`) ?? false;
    },
  };
}

/** Whether the client holds the private key; a client that only asks whether a key would do has no signature yet. */
export function isSigned({ key, signature, blob, hashAlgo }: PublicKeyAuthContext): boolean {
  if (signature === undefined || blob === undefined) return true;
  const parsed = ssh2.utils.parseKey(`${key.algo} ${key.data.toString("base64")}`);
  const one = Array.isArray(parsed) ? parsed[0] : parsed;
  return one !== undefined && !(one instanceof Error) && one.verify(blob, signature, hashAlgo) === true;
}
