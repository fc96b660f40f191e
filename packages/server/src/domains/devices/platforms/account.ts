/** What signs in to the account that a session is signed in to, as far as the device itself keeps that. */

/** A public key: the two words of an OpenSSH line. `body` is the base64 of its blob (RFC 4253, 6.6). */
export interface PublicKey {
  type: string;
  body: string;
}

export type ExchangedKind = "ssh_key" | "password";

/** All calls throw DeviceError. Each may be repeated: what is so already stays so. */
export interface Account {
  /** It stands in the running configuration: a change of it shows there, and lasts when that is saved. */
  readonly inConfiguration: boolean;
  /** Why a credential of this kind cannot be exchanged here; undefined when it can. `key`: the one that is to come. */
  unfit(kind: ExchangedKind, key?: PublicKey): Promise<string | undefined>;
  holds(key: PublicKey): Promise<boolean>;
  /** The key signs in from now on, besides all others. `like`: with the restrictions of that one. */
  allow(key: PublicKey, like?: PublicKey): Promise<void>;
  /** The key signs in no more. */
  forbid(key: PublicKey): Promise<void>;
  /** In the place of the password that there is. */
  setPassword(password: string): Promise<void>;
  /** Puts back what an earlier running configuration had of this account; of no effect where it does not stand there. */
  putBack(running: string): Promise<void>;
}
