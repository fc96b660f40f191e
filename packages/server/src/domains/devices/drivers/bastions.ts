/** Connections to bastions, shared by the sessions that go through them. */
import { createHash } from "node:crypto";
import type { SshConnection } from "./connection.ts";
import { unlessGivenUp } from "./socket.ts";
import { connectSsh, type SshOptions, type SshTarget } from "./ssh.ts";

export interface BastionLease {
  connection: SshConnection;
  /** To be called once, when the session through it is over. */
  release(): void;
}

export interface Bastions {
  lease(bastion: SshTarget, options: SshOptions): Promise<BastionLease>;
  close(): Promise<void>;
}

interface Shared {
  connection: Promise<SshConnection>;
  users: number;
  timer?: NodeJS.Timeout;
}

/** @param idleMs how long a connection that nobody uses is kept */
export function createBastions(idleMs: number): Bastions {
  const shared = new Map<string, Shared>();
  const drop = (key: string, entry: Shared): void => {
    if (shared.get(key) === entry) shared.delete(key);
  };
  const leave = (key: string, entry: Shared): void => {
    entry.users--;
    if (entry.users > 0) return;
    entry.timer = setTimeout(() => {
      drop(key, entry);
      void entry.connection.then((connection) => connection.close(), ignore);
    }, idleMs).unref();
  };
  const begin = (bastion: SshTarget, options: SshOptions, key: string): Shared => {
    // The first to come opens it for all: its own signal must not end it for the others.
    const { signal: _, through: __, ...rest } = options;
    const entry: Shared = { connection: connectSsh(bastion, rest), users: 0 };
    shared.set(key, entry);
    entry.connection
      .then((connection) => connection.over)
      .then(
        () => drop(key, entry),
        () => drop(key, entry),
      );
    return entry;
  };
  return {
    lease: async (bastion, options) => {
      const key = endpointKey(bastion);
      const entry = shared.get(key) ?? begin(bastion, options, key);
      entry.users++;
      clearTimeout(entry.timer);
      try {
        return { connection: await unlessGivenUp(entry.connection, bastion.name, options.signal), release: () => leave(key, entry) };
      } catch (thrown) {
        leave(key, entry);
        throw thrown;
      }
    },
    close: async () => {
      const entries = [...shared.values()];
      shared.clear();
      await Promise.all(
        entries.map(async ({ connection, timer }) => {
          clearTimeout(timer);
          await connection.then(
            (open) => open.close(),
            () => undefined,
          );
        }),
      );
    },
  };
}

/** Whoever asked for the connection was told why there is none. */
function ignore(): void {}

/** Equal for equal ways to sign in; gives away nothing of the credential. */
export function endpointKey(endpoint: object): string {
  return createHash("sha256").update(JSON.stringify(endpoint)).digest("base64");
}
