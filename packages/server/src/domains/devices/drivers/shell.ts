/** A command line on a device: one command at a time, no fixed waits, and an answer is whole or an error. */
import { randomBytes } from "node:crypto";
import type { ClientChannel } from "ssh2";
import type { SshConnection } from "./connection.ts";
import { DeviceError, type DeviceErrorParts, type DeviceErrorReason } from "./error.ts";
import { nonce } from "./nonce.ts";
import { PromptEngine, type DialogRule, type Manners, type Prompt } from "./prompt.ts";

export interface ShellOptions {
  /** The device, for errors. */
  name: string;
  manners: Manners;
  /** Width of the terminal that is asked for; a longer command is sent, but its echo is not compared. */
  columns: number;
  /** Longest silence while a command runs; default 30 s. */
  timeoutMs?: number;
  /** Longest time for one command in all; default 10 min. */
  totalMs?: number;
  /** Silence after which an unfinished line is taken for a question, or a prompt for overwritten; default 1 s. */
  quietMs?: number;
  /** Longest output of one command; default 64 MB. */
  maxBytes?: number;
}

export interface SendOptions {
  timeoutMs?: number;
  totalMs?: number;
  rules?: readonly DialogRule[];
  /** The device may have another name afterwards. */
  rename?: boolean;
  /** Ends a command that would not end by itself, as Ctrl-C does: when `seen` is true of what it printed, or after `afterMs`. */
  interrupt?: { seen(output: string): boolean; afterMs: number };
  /** Further lines that are sent with the command and print no prompt, such as the text of a banner. */
  block?: readonly string[];
}

export interface Reply {
  /** For `Shell.final` and carets. */
  number: number;
  /** As far as it came when the prompt was seen; `Shell.final` gives the whole. */
  output: string;
  prompt: Prompt;
}

interface Waiting {
  command: string;
  options: SendOptions;
  resolve(prompt: Prompt): void;
  reject(error: DeviceError): void;
  timers: NodeJS.Timeout[];
  nudges: number;
  interrupted: boolean;
  answered: Map<DialogRule, number>;
}

const ctrlC = "\u0003";
/** The line editors of IOS and of readline take the next character as it is after this one. */
const asItIs = "\u0016";
const mostNudges = 10;

export class Shell {
  readonly #channel: ClientChannel;
  readonly #connection: SshConnection;
  readonly #options: ShellOptions;
  readonly #engine: PromptEngine;
  #waiting: Waiting | undefined;
  #broken: DeviceError | undefined;

  constructor(channel: ClientChannel, connection: SshConnection, options: ShellOptions) {
    this.#channel = channel;
    this.#connection = connection;
    this.#options = options;
    this.#engine = new PromptEngine(options.manners);
    channel.on("data", (chunk: Buffer) => this.#receive(chunk));
    channel.on("error", (because: Error) => this.#fail("connection_lost", { say: `The connection to ${options.name} broke.`, because }));
    channel.on("close", () => this.#gone());
    void connection.over.then(() => this.#gone());
  }

  /** False once anything went wrong: then every call fails. */
  get usable(): boolean {
    return this.#broken === undefined && this.#connection.lost === undefined;
  }

  get prompt(): Prompt | undefined {
    return this.#engine.prompt;
  }

  /** Waits for the first prompt, or what looks like one: the first command then learns it. */
  async greet(timeoutMs: number): Promise<void> {
    await this.#wait("", { timeoutMs });
  }

  /** Forgets what was said; to be called before a new exchange. */
  forget(): void {
    this.#refuseSecond("");
    this.#engine.forget();
  }

  /** One command. The reply ends at the first prompt; what it printed in all is known by `final`, once more was sent. */
  async send(command: string, options: SendOptions = {}): Promise<Reply> {
    const lines = [command, ...(options.block ?? [])];
    for (const line of lines) refuseControls(line);
    this.#refuseSecond(command);
    const echo = command.length + 80 > this.#options.columns ? "line" : "exact";
    const number = this.#engine.expect({ command, echo, rename: options.rename === true, rules: options.rules ?? [] });
    const answered = this.#wait(command, options);
    // A question mark would ask for help; inside a block it is text.
    this.#channel.write([command.replaceAll("?", `${asItIs}?`), ...(options.block ?? []), ""].join("\n"));
    const prompt = await answered;
    if (!this.#engine.heard(number)) throw this.#outOfStep(command);
    return { number, output: this.#engine.output(number), prompt };
  }

  /** Sends a comment, and so learns where the output of the command before it ended. */
  async prove(timeoutMs?: number): Promise<void> {
    await this.send(nonce(randomBytes(6).toString("hex")), timeoutMs === undefined ? {} : { timeoutMs });
  }

  /** All that the command of a reply printed. */
  final(number: number): string {
    return this.#engine.output(number);
  }

  /** Column on the screen where the command of a reply began. */
  column(number: number): number {
    return this.#engine.column(number);
  }

  /** One command and its whole output, without a line break at the end. */
  async run(command: string, options: SendOptions = {}): Promise<string> {
    this.forget();
    const { number } = await this.send(command, options);
    await this.prove();
    return this.final(number);
  }

  /** One command at a time: a second one would answer the first one's question. */
  #refuseSecond(command: string): void {
    if (this.#waiting) throw new DeviceError("out_of_step", { say: `${this.#options.name} is busy with another command.`, command });
  }

  kill(why: DeviceError): void {
    this.#break(why);
  }

  #receive(chunk: Buffer): void {
    this.#engine.push(chunk);
    const waiting = this.#waiting;
    if (!waiting) return;
    const limit = this.#options.maxBytes ?? 64_000_000;
    if (this.#engine.received > limit) {
      return this.#fail("output_too_large", { say: `${this.#options.name} gave more than ${limit} bytes for one command.` });
    }
    waiting.timers[0]?.refresh();
    waiting.timers[1]?.refresh();
    this.#look(waiting);
  }

  #look(waiting: Waiting): void {
    for (;;) {
      const sight = this.#engine.sight();
      if (sight.at === "rule") {
        if (!this.#mayAnswer(waiting, sight.rule)) return this.#asked();
        this.#channel.write(sight.rule.answer);
        this.#engine.answered(sight.rule);
        continue;
      }
      if (sight.at === "prompt") return this.#settle(() => waiting.resolve(sight.prompt));
      this.#interruptWhenSeen(waiting);
      return;
    }
  }

  #mayAnswer({ answered }: Waiting, rule: DialogRule): boolean {
    const times = answered.get(rule) ?? 0;
    answered.set(rule, times + 1);
    return times < (rule.times ?? Number.POSITIVE_INFINITY);
  }

  #asked(): void {
    const say = `${this.#options.name} asked something that nobody told us the answer to. It was not answered.`;
    this.#fail("unexpected_prompt", { say, vendorText: this.#engine.tail });
  }

  #outOfStep(command: string): DeviceError {
    const say = `${this.#options.name} answered something else than what was sent.`;
    const error = new DeviceError("out_of_step", { say, command, vendorText: this.#engine.tail });
    this.#break(error);
    return error;
  }

  #interruptWhenSeen(waiting: Waiting): void {
    const { interrupt } = waiting.options;
    if (!interrupt || waiting.interrupted) return;
    const { last } = this.#engine;
    if (last !== undefined && interrupt.seen(this.#engine.output(last))) this.#interrupt(waiting);
  }

  #interrupt(waiting: Waiting): void {
    if (waiting.interrupted) return;
    waiting.interrupted = true;
    this.#channel.write(ctrlC);
  }

  #wait(command: string, options: SendOptions): Promise<Prompt> {
    return new Promise((resolve, reject) => {
      const broken = this.#broken ?? this.#connection.lost;
      if (broken) return reject(again(broken, command));
      if (this.#waiting)
        return reject(new DeviceError("out_of_step", { say: `${this.#options.name} is busy with another command.`, command }));
      const silentMs = options.timeoutMs ?? this.#options.timeoutMs ?? 30_000;
      const totalMs = options.totalMs ?? Math.max(silentMs, this.#options.totalMs ?? 600_000);
      const waiting: Waiting = { command, options, resolve, reject, timers: [], nudges: 0, interrupted: false, answered: new Map() };
      waiting.timers = [
        setTimeout(() => this.#late(`said nothing for ${silentMs / 1000} s`), silentMs),
        setTimeout(() => this.#quiet(waiting), this.#options.quietMs ?? 1000),
        setInterval(() => this.#nudge(waiting), this.#options.quietMs ?? 1000),
        setTimeout(() => this.#late(`was not done within ${totalMs / 1000} s`), totalMs),
      ];
      if (options.interrupt) waiting.timers.push(setTimeout(() => this.#interrupt(waiting), options.interrupt.afterMs));
      this.#waiting = waiting;
      // A greeting may have come already.
      if (command === "") this.#look(waiting);
    });
  }

  #late(how: string): void {
    this.#fail("timeout", { say: `${this.#options.name} ${how} in the middle of a command.`, vendorText: this.#engine.tail });
  }

  /** Nothing came for a while. */
  #quiet(waiting: Waiting): void {
    const silence = this.#engine.silence();
    if (silence === "question") this.#asked();
    else if (silence === "out_of_step") this.#outOfStep(waiting.command);
  }

  /** Something was printed over the prompt, perhaps again and again: a comment brings a new one. */
  #nudge(waiting: Waiting): void {
    if (waiting.nudges >= mostNudges || this.#engine.silence() !== "trampled") return;
    waiting.nudges++;
    const command = nonce(randomBytes(6).toString("hex"));
    this.#engine.expect({ command, echo: "exact", nudge: true });
    this.#channel.write(`${command}\n`);
  }

  #gone(): void {
    const lost = this.#connection.lost;
    if (lost) return this.#break(lost);
    // Some devices say why on the terminal, such as an access list or an authorization that refuses.
    const vendorText = this.#engine.tail;
    this.#fail("connection_lost", { say: `${this.#options.name} closed the connection in the middle of a command.`, vendorText });
  }

  #fail(reason: DeviceErrorReason, parts: DeviceErrorParts): void {
    const command = this.#waiting?.command;
    this.#break(new DeviceError(reason, { ...parts, ...(command === undefined ? {} : { command }) }));
  }

  /** A conversation that went wrong is not gone on with. */
  #break(error: DeviceError): void {
    if (this.#broken) return;
    this.#broken = error;
    this.#connection.kill(error);
    const waiting = this.#waiting;
    if (waiting) this.#settle(() => waiting.reject(again(error, waiting.command)));
  }

  #settle(then: () => void): void {
    for (const timer of this.#waiting?.timers ?? []) clearTimeout(timer);
    this.#waiting = undefined;
    then();
  }
}

function again(error: DeviceError, command: string): DeviceError {
  if (error.command !== undefined || command === "") return error;
  const { reason, message: say, vendorText } = error;
  return new DeviceError(reason, { say, command, because: error, ...(vendorText === undefined ? {} : { vendorText }) });
}

/** A line break inside a command would be a second command. */
function refuseControls(line: string): void {
  // oxlint-disable-next-line no-control-regex
  if (!/[\u0000-\u001F\u007F]/.test(line)) return;
  throw new DeviceError("command_malformed", {
    say: "A command holds a line break, a tab or another control character; it was not sent.",
    command: line,
  });
}
