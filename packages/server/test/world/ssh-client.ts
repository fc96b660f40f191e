/** A small SSH client for tests of dialogues: it types, and reads up to what it waits for. */
import ssh2, { type ClientChannel, type ConnectConfig } from "ssh2";

export interface Target {
  port: number;
  username: string;
  password: string;
  /** `SHA256:…` of the host key to insist on. */
  fingerprint?: string;
}

export interface TerminalClient {
  /** Types without pressing Enter. */
  type(text: string): void;
  /** Everything up to and with the first match, since the last call. Rejects when the session ends or nothing came for too long. */
  until(pattern: RegExp, withinMs?: number): Promise<string>;
  /** Types a line and reads to the next prompt; answers what stands between. */
  command(line: string): Promise<string>;
  /** Resolves when the session is over, with everything not yet read. */
  ended: Promise<string>;
  close(): void;
}

export const prompt = /(?:^|\n)[\w.-]+(?:\([\w-]+\))?[#>] ?$/;

export function connect(target: Target, more: ConnectConfig = {}): Promise<ssh2.Client> {
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    client.once("ready", () => resolve(client));
    // A later error, of a connection that is cut, shows as the end of what was open on it.
    client.on("error", reject);
    client.on("keyboard-interactive", (...[, , , , answer]) => answer([target.password]));
    client.connect({ host: "127.0.0.1", readyTimeout: 10_000, ...target, ...hostKeyCheck(target), ...more });
    client.setNoDelay(true);
  });
}

function hostKeyCheck({ fingerprint }: Target): ConnectConfig {
  if (fingerprint === undefined) return {};
  return {
    hostHash: "sha256",
    hostVerifier: (hash: string) => `SHA256:${Buffer.from(hash, "hex").toString("base64").replace(/=+$/, "")}` === fingerprint,
  };
}

export async function openTerminal(target: Target, size = { cols: 511, rows: 1000 }): Promise<TerminalClient> {
  const client = await connect(target);
  // A connection cut by the other side shows as the end of the session.
  client.on("error", () => client.end());
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.shell({ term: "vt100", ...size }, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  return terminalOn(client, channel);
}

function terminalOn(client: ssh2.Client, channel: ClientChannel): TerminalClient {
  let buffer = "";
  let over = false;
  const watchers = new Set<() => void>();
  const tell = (): void => {
    for (const watcher of watchers) watcher();
  };
  channel.on("data", (data: Buffer) => {
    buffer += data.toString("latin1");
    tell();
  });
  const ended = new Promise<string>((resolve) => {
    channel.once("close", () => {
      over = true;
      tell();
      client.end();
      resolve(buffer);
    });
  });
  const until = (pattern: RegExp, withinMs = 10_000): Promise<string> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => finish(() => reject(new Error(`nothing like ${pattern} in ${withinMs} ms; read: ${JSON.stringify(buffer.slice(-500))}`))),
        withinMs,
      );
      const look = (): void => {
        const match = pattern.exec(buffer.replaceAll("\r", ""));
        if (match) finish(() => resolve(take(match)));
        else if (over) finish(() => reject(new Error(`the session ended; read: ${JSON.stringify(buffer.slice(-500))}`)));
      };
      const finish = (then: () => void): void => {
        clearTimeout(timer);
        watchers.delete(look);
        then();
      };
      watchers.add(look);
      look();
    });
  const take = (match: RegExpExecArray): string => {
    const clean = buffer.replaceAll("\r", "");
    const end = match.index + match[0].length;
    buffer = clean.slice(end);
    return clean.slice(0, end);
  };
  return {
    until,
    ended,
    type: (text) => channel.write(text),
    close: () => client.end(),
    async command(line) {
      channel.write(`${line}\n`);
      const text = await until(prompt);
      return text.slice(text.indexOf("\n") + 1, text.lastIndexOf("\n") + 1);
    },
  };
}

export interface ExecResult {
  output: string;
  code: number | undefined;
}

/** One command on an exec channel. */
export async function execOnce(target: Target, command: string): Promise<ExecResult> {
  const client = await connect(target);
  client.on("error", () => client.end());
  try {
    return await new Promise<ExecResult>((resolve, reject) => {
      client.exec(command, (error, channel) => {
        if (error) return reject(error);
        let output = "";
        let code: number | undefined;
        channel.on("data", (data: Buffer) => (output += data.toString("latin1")));
        channel.on("exit", (exit: number) => (code = exit));
        channel.once("close", () => resolve({ output, code }));
      });
    });
  } finally {
    client.end();
  }
}
