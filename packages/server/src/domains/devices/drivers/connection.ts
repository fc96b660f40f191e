/** A standing SSH connection: what can be opened on it, and how it ends. */
import type { Duplex } from "node:stream";
import type { Client, ClientChannel, PseudoTtyOptions } from "ssh2";
import { DeviceError } from "./error.ts";
import { runExec, type ExecOptions, type ExecResult } from "./exec.ts";
import { unreachable, type Place } from "./socket.ts";

export interface SshConnection {
  /** Why it is lost; undefined while it stands. */
  readonly lost: DeviceError | undefined;
  /** Resolves when the connection is over, for whatever reason. */
  readonly over: Promise<void>;
  /** A terminal; `use` gets it before anything comes over it. */
  shell<T>(window: PseudoTtyOptions, use: (channel: ClientChannel) => T): Promise<T>;
  /** One command on a channel of its own, without a terminal. */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>;
  /** A TCP stream from there to `address`; `ms` is the longest wait for it. */
  forward(to: Place, ms: number): Promise<Duplex>;
  /** Says goodbye; resolves when the connection is gone. */
  close(): Promise<void>;
  /** Ends it at once; whatever is under way fails with `why`. */
  kill(why: DeviceError): void;
}

/** How long a peer gets to answer our goodbye. */
const goodbyeMs = 500;

type Done<T> = (error: Error | undefined, opened: T) => void;

export function standing(name: string, client: Client, sock: Duplex): SshConnection {
  const { promise: over, resolve: ended } = Promise.withResolvers<void>();
  let lost: DeviceError | undefined;
  const lose = (say: string, because?: unknown): void => {
    lost ??= new DeviceError("connection_lost", { say, because });
  };
  client.on("error", (error: Error) => lose(`The connection to ${name} broke.`, error));
  client.once("close", () => {
    lose(`${name} closed the connection.`);
    ended();
  });
  const { open } = opener(name, () => lost);
  const kill = (why: DeviceError): void => {
    lost ??= why;
    client.destroy();
    sock.destroy();
    ended();
  };
  return {
    over,
    get lost() {
      return lost;
    },
    shell: (window, use) => open<ClientChannel, ReturnType<typeof use>>({ begin: (done) => client.shell(window, done), use }),
    exec: (command, options = {}) =>
      open({
        begin: (done: Done<ClientChannel>) => client.exec(command, done),
        use: (channel) => runExec(channel, { name, command, lost: () => lost }, options),
      }),
    forward: (to, ms) =>
      open({
        begin: (done: Done<ClientChannel>) => client.forwardOut("127.0.0.1", 0, to.address, to.port, done),
        use: (channel): Duplex => channel,
        ms,
        refused: (because) =>
          unreachable(to, `the bastion ${name} said ${because instanceof Error ? because.message : "nothing"}`, because),
      }),
    kill,
    close: async () => {
      lost ??= new DeviceError("closed", { say: `The connection to ${name} was closed here.` });
      client.end();
      const timer = setTimeout(() => kill(new DeviceError("closed", { say: `${name} did not say goodbye.` })), goodbyeMs);
      await over;
      clearTimeout(timer);
    },
  };
}

interface Opening<T, R> {
  begin(done: Done<T>): void;
  use(opened: T): R | Promise<R>;
  ms?: number;
  refused?: (because: unknown) => DeviceError;
}

const channelMs = 20_000;

/** Opens channels: with a time limit, and with the reason why the connection is lost where that is why. */
function opener(
  name: string,
  lost: () => DeviceError | undefined,
): { open<T extends ClientChannel, R>(opening: Opening<T, R>): Promise<R> } {
  const noChannel = (because: unknown): DeviceError =>
    new DeviceError("connection_lost", { say: `${name} opened no channel for a command.`, because });
  return {
    open: ({ begin, use, ms = channelMs, refused = noChannel }) =>
      new Promise((resolve, reject) => {
        const gone = lost();
        if (gone) return reject(gone);
        let late = false;
        const fail = (because: unknown): void => {
          clearTimeout(timer);
          reject(lost() ?? refused(because));
        };
        const timer = setTimeout(() => {
          late = true;
          fail(undefined);
        }, ms);
        try {
          begin((error, opened) => {
            if (error) return fail(error);
            if (late) return opened.close();
            clearTimeout(timer);
            // What comes with the answer is emitted right after it: listeners have to be there when `use` returns.
            resolve(use(opened));
          });
        } catch (thrown) {
          fail(thrown);
        }
      }),
  };
}
