/** An SSH connection to a device, directly or through bastions: checked host key, one sign-in, a time limit on every stage. */
import type { Duplex } from "node:stream";
import ssh2, { type ConnectConfig } from "ssh2";
import { algorithms } from "./algorithms.ts";
import { signIn, type SignInCredential } from "./auth.ts";
import { standing, type SshConnection } from "./connection.ts";
import { DeviceError } from "./error.ts";
import { familyOfKey, fingerprintOf, refuseKey } from "./host-key.ts";
import { gaveUp, openSocket } from "./socket.ts";

/** Where and how to sign in. */
export interface SshTarget {
  name: string;
  address: string;
  port: number;
  /** Pinned host key, `SHA256:…`; without it nothing is sent to the device. */
  hostKey?: string;
  credential: SignInCredential;
  bastion?: SshTarget;
  /** Also offer SHA-1, CBC and DSS, for very old devices. */
  legacyAlgorithms?: boolean;
}

export interface SshOptions {
  /** Gives up opening; has no power over a connection that stands. */
  signal?: AbortSignal;
  /** An open connection to the target's bastion; otherwise one is opened, and closed with this one. */
  through?: SshConnection;
  /** Longest wait for TCP (default 10 s), for the key exchange (15 s), for the sign-in (20 s). */
  connectMs?: number;
  handshakeMs?: number;
  authMs?: number;
  /** A dead peer is noticed after about three of these; default 10 s. */
  keepaliveMs?: number;
}

/** What became of the host key. */
interface Verdict {
  family?: string;
  refused?: DeviceError;
}

/** @throws DeviceError */
export async function connectSsh(target: SshTarget, options: SshOptions = {}): Promise<SshConnection> {
  const without: string[] = [];
  let changed: DeviceError | undefined;
  for (;;) {
    const verdict: Verdict = {};
    try {
      return await connectOnce(target, options, { without, verdict });
    } catch (thrown) {
      // The pinned key may be one of several that the device holds: look at the others before crying wolf.
      if (verdict.refused?.reason !== "host_key_changed" || verdict.family === undefined) {
        throw changed && thrown instanceof DeviceError && thrown.reason === "algorithms_differ" ? changed : thrown;
      }
      changed ??= verdict.refused;
      without.push(verdict.family);
    }
  }
}

/** The host key that a device shows now, `SHA256:…`. Nobody signs in, nothing is pinned. */
export async function scanHostKey(target: Omit<SshTarget, "hostKey">, options: SshOptions = {}): Promise<string> {
  const verdict: Verdict = {};
  try {
    const { hostKey: _, ...unpinned } = target as SshTarget;
    const connection = await connectOnce(unpinned, options, { without: [], verdict });
    await connection.close();
  } catch (thrown) {
    if (verdict.refused?.fingerprint === undefined) throw thrown;
  }
  return verdict.refused?.fingerprint ?? "";
}

interface Attempt {
  /** Families of host keys not to ask for. */
  without: readonly string[];
  verdict: Verdict;
}

async function connectOnce(target: SshTarget, options: SshOptions, attempt: Attempt): Promise<SshConnection> {
  const { through, own } = await wayTo(target, options);
  try {
    const ms = options.connectMs ?? 10_000;
    const sock = through ? await through.forward(target, ms) : await openSocket(target, ms, options.signal);
    const connection = await greet(target, sock, options, attempt);
    if (own) void connection.over.then(() => own.close());
    return connection;
  } catch (thrown) {
    await own?.close();
    throw thrown;
  }
}

async function wayTo(target: SshTarget, options: SshOptions): Promise<{ through?: SshConnection; own?: SshConnection }> {
  const { through, ...rest } = options;
  if (!target.bastion) return {};
  if (through) return { through };
  const own = await connectSsh(target.bastion, rest);
  return { through: own, own };
}

/** Key exchange and sign-in over an open stream. */
function greet(target: SshTarget, sock: Duplex, options: SshOptions, attempt: Attempt): Promise<SshConnection> {
  const { name } = target;
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    let stage = "key exchange";
    const late = (): void => fail(new DeviceError("timeout", { say: `${name} stopped answering during the ${stage}.` }));
    let timer = setTimeout(late, options.handshakeMs ?? 15_000);
    const stop = (): void => fail(gaveUp(name, options.signal));
    const settle = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", stop);
      client.removeAllListeners();
    };
    const fail = (error: DeviceError): void => {
      settle();
      client.on("error", () => undefined).destroy();
      sock.on("error", () => undefined).destroy();
      reject(attempt.verdict.refused ?? error);
    };
    client.once("handshake", () => {
      clearTimeout(timer);
      stage = "sign-in";
      timer = setTimeout(late, options.authMs ?? 20_000);
    });
    client.once("ready", () => {
      settle();
      resolve(standing(name, client, sock));
    });
    client.on("error", (error: Error & { level?: string }) => fail(sshError(target, error, stage)));
    client.once("close", () => fail(lostDuring(name, stage)));
    options.signal?.addEventListener("abort", stop, { once: true });
    if (options.signal?.aborted) return stop();
    try {
      client.connect({ ...settings(target, options, attempt), ...signIn({ ...target, client }, fail), sock });
    } catch (thrown) {
      fail(
        thrown instanceof DeviceError
          ? thrown
          : new DeviceError("connection_lost", { say: `No SSH session with ${name} could be begun.`, because: thrown }),
      );
    }
  });
}

function settings(target: SshTarget, options: SshOptions, { without, verdict }: Attempt): ConnectConfig {
  return {
    username: target.credential.username,
    // Each stage has a limit of its own here.
    readyTimeout: 0,
    keepaliveInterval: options.keepaliveMs ?? 10_000,
    keepaliveCountMax: 3,
    algorithms: algorithms(target.legacyAlgorithms ?? false, without),
    hostVerifier: (key: Buffer) => {
      const shown = fingerprintOf(key);
      if (shown === target.hostKey) return true;
      verdict.family = familyOfKey(key);
      verdict.refused = refuseKey(target.name, shown, target.hostKey);
      return false;
    },
  };
}

function lostDuring(name: string, stage: string, because?: unknown): DeviceError {
  return new DeviceError("connection_lost", { say: `${name} closed the connection during the ${stage}.`, because });
}

function sshError({ name, credential }: SshTarget, error: Error & { level?: string }, stage: string): DeviceError {
  if (error.level === "client-authentication") {
    return new DeviceError("auth_failed", {
      say: `${name} refused the sign-in of ${credential.username}. Check the credential.`,
      because: error,
      with: { byDevice: true },
    });
  }
  const missing = /no matching (.+)/.exec(error.message)?.[1];
  if (missing !== undefined) {
    const say = `${name} offers no ${missing} that is accepted here. If it is a very old device, allow legacy algorithms for it.`;
    return new DeviceError("algorithms_differ", { say, because: error });
  }
  return lostDuring(name, stage, error);
}
