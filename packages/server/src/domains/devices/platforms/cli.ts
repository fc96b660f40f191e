/** A signed-in command line of any platform: exec commands, configuration line by line, the whole running configuration. */
import type { SshConnection } from "../drivers/connection.ts";
import { DeviceError } from "../drivers/error.ts";
import type { DialogRule } from "../drivers/prompt.ts";
import { Shell, type Reply, type SendOptions, type ShellOptions } from "../drivers/shell.ts";
import { connectSsh, type SshOptions } from "../drivers/ssh.ts";
import type { Dialect } from "./dialect.ts";
import { configure } from "./configure.ts";
import { execRefusalOf, refusedCommand } from "./refusal.ts";
import type { DeviceEndpoint, DeviceSession } from "./session.ts";

export interface CliOptions extends SshOptions, Pick<ShellOptions, "timeoutMs" | "totalMs" | "quietMs" | "maxBytes"> {
  /** Longest wait for the first prompt after the sign-in; default 20 s. */
  promptMs?: number;
}

export interface Cli {
  readonly name: string;
  readonly usable: boolean;
  /** One exec command and its whole output. @throws DeviceError `command_refused` when it is not understood or not allowed */
  run(command: string, options?: SendOptions): Promise<string>;
  /** As `run`; undefined when the device does not know the command or the feature. */
  tryRun(command: string, options?: SendOptions): Promise<string | undefined>;
  /** Sends exec commands one after the other and gives the whole output of each. */
  runAll(commands: readonly string[], options?: SendOptions): Promise<string[]>;
  configure: DeviceSession["configure"];
  /** One command of which the prompt afterwards may be another one. */
  send(command: string, options?: SendOptions): Promise<Reply>;
  connection: SshConnection;
  /** A round trip that changes nothing: fails when the session is dead. */
  probe(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
  kill(why: DeviceError): void;
}

/** What a platform makes of a command line. */
export interface Opened {
  cli: Cli;
  session: DeviceSession;
  /** Whether another caller may have the session after this one. */
  reusable(): boolean;
}

export async function openCli(endpoint: DeviceEndpoint, dialect: Dialect, options: CliOptions): Promise<Cli> {
  const connection = await connectSsh(endpoint, options);
  const { signal } = options;
  const stop = (): void =>
    connection.kill(new DeviceError("aborted", { say: `The sign-in to ${endpoint.name} was given up.`, because: signal?.reason }));
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const talk: ShellOptions = { name: endpoint.name, manners: dialect.manners, columns: dialect.columns, ...shellOptions(options) };
    const window = { term: "vt100", cols: dialect.columns, rows: 1000, width: 0, height: 0 };
    const shell = await connection.shell(window, (channel) => new Shell(channel, connection, talk));
    if (signal?.aborted) stop();
    await shell.greet(options.promptMs ?? 20_000);
    const [first = "", ...rest] = dialect.prepare;
    await shell.send(first, { timeoutMs: options.promptMs ?? 20_000 });
    await becomePrivileged(shell, endpoint);
    for (const command of rest) await shell.send(command);
    return cliOn(shell, connection, endpoint, dialect);
  } catch (thrown) {
    await connection.close();
    throw thrown;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function shellOptions({ timeoutMs, totalMs, quietMs, maxBytes }: CliOptions): Partial<ShellOptions> {
  return Object.fromEntries(Object.entries({ timeoutMs, totalMs, quietMs, maxBytes }).filter(([, value]) => value !== undefined));
}

/** `enable`, where the session starts below it. */
async function becomePrivileged(shell: Shell, { name, credential }: DeviceEndpoint): Promise<void> {
  if (shell.prompt?.end !== ">") return;
  const password = credential.enablePassword;
  // Asked again means that the first answer was wrong.
  const rules: DialogRule[] = password === undefined ? [] : [{ when: /^\s*(?:enable )?password:\s*$/i, answer: `${password}\n`, times: 1 }];
  try {
    const { prompt } = await shell.send("enable", { rules, timeoutMs: 15_000 });
    if (prompt.end === "#") return;
  } catch (thrown) {
    if (!(thrown instanceof DeviceError) || thrown.reason !== "unexpected_prompt") throw thrown;
  }
  const say =
    password === undefined ? `${name} asks for an enable password, and the credential holds none.` : `${name} refused the enable password.`;
  throw new DeviceError("auth_failed", { say });
}

function cliOn(shell: Shell, connection: SshConnection, endpoint: DeviceEndpoint, dialect: Dialect): Cli {
  const { name } = endpoint;
  const run = async (command: string, options: SendOptions = {}): Promise<string> => {
    const output = await shell.run(command, options);
    const refusal = execRefusalOf(output);
    if (refusal) throw refusedCommand(name, command, refusal);
    return output;
  };
  return {
    name,
    connection,
    get usable() {
      return shell.usable;
    },
    run,
    tryRun: (command, options) => run(command, options).catch(ignoreRefusal),
    runAll: async (commands, options) => {
      shell.forget();
      const replies: Reply[] = [];
      for (const command of commands) replies.push(await shell.send(command, options));
      await shell.prove();
      return replies.map(({ number }) => shell.final(number));
    },
    send: (command, options) => {
      shell.forget();
      return shell.send(command, options);
    },
    configure: (lines, mayGoOn) => configure({ shell, dialect, name }, lines, mayGoOn),
    probe: (timeoutMs) => {
      shell.forget();
      return shell.prove(timeoutMs);
    },
    close: () => connection.close(),
    kill: (why) => shell.kill(why),
  };
}

function ignoreRefusal(thrown: unknown): undefined {
  if (thrown instanceof DeviceError && thrown.reason === "command_refused") return undefined;
  throw thrown;
}

/** An address as one word of a command. */
export function addressWord(address: string): string {
  if (/^[A-Za-z0-9][\w.:-]*$/.test(address)) return address;
  throw new DeviceError("command_malformed", { say: "An address to ping may hold letters, digits, and . : - only.", command: address });
}

/**
 * An output that no log line broke into. One may stand in the middle of a line, so taking it out would not mend the rest: read again.
 * @throws DeviceError `output_incomplete` when it happens every time
 */
export async function undisturbed(name: string, log: RegExp, read: () => Promise<string>): Promise<string> {
  const anywhere = new RegExp(log.source.replace(/^\^/, ""), log.flags);
  for (let attempt = 0; attempt < 4; attempt++) {
    const output = await read();
    if (!output.split("\n").some((line) => anywhere.test(line))) return output;
  }
  throw new DeviceError("output_incomplete", {
    say: `${name} prints log lines into its configuration while it is read. Turn off "terminal monitor" there.`,
  });
}
