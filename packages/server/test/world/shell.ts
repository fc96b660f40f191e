/**
 * The terminal of a router: takes what is typed, shows what is answered. Editing keys, the pager and questions are here; what commands
 * mean is the platform's.
 */
import type { Router } from "./router.ts";

export interface Terminal {
  write(text: string): void;
  /** Ends the session as the device would. */
  end(code: number): void;
  /** Cuts the connection under it. */
  cut(): void;
}

export interface ShellSpec {
  router: Router;
  user: string;
  terminal: Terminal;
}

export interface Reply {
  text: string;
  /** The command failed: an exec channel ends with 1. */
  failed?: true;
}

type Reader =
  | { kind: "line"; text: string; echo: boolean; help: boolean; done: (line: string) => void }
  | { kind: "key"; done: (key: string) => void };

const keys = ["\r", "\n", "\u0003", "\b", "\t", "\u0015", "\u0016", "\u0017", "\u001A", "\u001B", "\u007F", "?"];
const special = new RegExp(`[${keys.join("")}]`);

export abstract class Shell {
  readonly router: Router;
  readonly user: string;
  /** Lines on a page; 0 shows everything at once. */
  protected pageLines = 0;
  protected closed = false;
  protected readonly terminal: Terminal;
  private typed = "";
  private out = "";
  private reader: Reader | undefined;
  private lastWasReturn = false;
  /** Control-V was typed: the next key is text, whatever it is. */
  private quoting = false;
  private interrupt: (() => void) | undefined;

  constructor({ router, user, terminal }: ShellSpec) {
    this.router = router;
    this.user = user;
    this.terminal = terminal;
  }

  abstract prompt(): string;
  protected abstract greeting(): string;
  /** Carries out one line; says what to show. */
  protected abstract run(line: string): Reply | Promise<Reply>;
  /** What may come next, for `?` and the tab key. */
  protected abstract offers(line: string): string[];
  /** Leaves the configuration mode, for control-Z. */
  protected abstract toTop(): void;
  protected readonly morePrompt: string = " --More-- ";
  protected readonly echoesWhileBusy: boolean = false;
  /** Without a terminal on the other side lines end in a line feed alone. */
  plainLines = false;

  /** Whether a question mark is help here, and not text. */
  protected helps(): boolean {
    return true;
  }

  /** Talks until the session ends. */
  async talk(): Promise<void> {
    this.emit(this.greeting());
    while (!this.closed) {
      const line = await this.readLine(this.prompt());
      if (this.closed) return;
      await this.answer(line);
    }
  }

  /** The commands of an exec channel, up to the first that fails: their answers, and nothing around them. Answers the exit code. */
  async once(command: string): Promise<number> {
    for (const line of command.split("\n")) {
      const reply = await this.faulty(line);
      if (!reply || this.closed) return 255;
      this.emit(lined(reply.text));
      if (!reply.failed) continue;
      this.flush();
      return 1;
    }
    this.flush();
    return 0;
  }

  /** Bytes from the other side. */
  input(text: string): void {
    if (this.interrupt && text.includes("\u0003")) {
      this.interrupt();
      return;
    }
    if (!this.reader && this.echoesWhileBusy) this.terminal.write(text.replaceAll("\n", "\r\n"));
    this.typed += text;
    this.pump();
  }

  close(): void {
    this.closed = true;
    this.interrupt?.();
    const reader = this.reader;
    this.reader = undefined;
    if (reader) reader.done("");
  }

  /** Something that nobody asked for: a log line, a broadcast. */
  intrude(text: string): void {
    this.flush();
    this.terminal.write(crlf(text));
  }

  protected emit(text: string): void {
    this.out += this.plainLines ? text : crlf(text);
  }

  protected flush(): void {
    if (this.out === "") return;
    const text = this.out;
    this.out = "";
    this.terminal.write(text);
  }

  /** Asks, and waits for the answer. */
  protected ask(question: string, options: { echo?: boolean } = {}): Promise<string> {
    return this.readLine(question, { echo: options.echo ?? true, help: false });
  }

  /** Asks for a single key, which is not shown. */
  protected askKey(question: string): Promise<string> {
    this.emit(question);
    return this.readKey();
  }

  /** Shows the text bit by bit until it is done or control-C comes; answers whether it ran to its end. */
  protected async unlessStopped(work: (stopped: Promise<void>, isStopped: () => boolean) => Promise<void>): Promise<boolean> {
    let stopped = false;
    const gone = new Promise<void>((resolve) => {
      this.interrupt = () => {
        stopped = true;
        resolve();
      };
    });
    await work(gone, () => stopped);
    this.interrupt = undefined;
    return !stopped;
  }

  /** Waits in the world's time, or until told to stop. */
  protected wait(ms: number, stopped?: Promise<void>): Promise<void> {
    this.flush();
    const passed = new Promise<void>((resolve) => void this.router.clock.after(ms, resolve));
    return stopped ? Promise.race([passed, stopped]) : passed;
  }

  private async answer(line: string): Promise<void> {
    const reply = await this.faulty(line);
    if (!reply || this.closed) return;
    await this.page(lined(reply.text));
  }

  /** Runs the line through whatever is wrong with the device. Nothing when the session is dead. */
  private async faulty(line: string): Promise<Reply | undefined> {
    const { faults } = this.router;
    const slow = faults.take("slow");
    if (slow) await this.wait(slow.ms * this.router.clock.scale);
    const drop = faults.at("drop", line);
    if (drop && drop.when !== "after") return this.die();
    if (faults.at("ignore", line)) return { text: "" };
    const refusal = faults.at("refuse", line);
    if (refusal) return { text: refusal.say ?? this.refusal(line), failed: true };
    const hang = faults.at("hang", line);
    if (hang && hang.afterBytes === undefined) return this.freeze("");
    const huge = faults.at("huge", line);
    const reply = await this.run(line);
    if (drop) return this.die();
    const text = huge ? filled(reply.text, huge.bytes) : reply.text;
    return hang ? this.freeze(crlf(lined(text)).slice(0, hang.afterBytes)) : { ...reply, text };
  }

  /** How the platform says that it does not know a command. */
  protected abstract refusal(line: string): string;

  private die(): undefined {
    this.flush();
    this.terminal.cut();
    this.close();
  }

  private freeze(text: string): Promise<undefined> {
    this.out += text;
    this.flush();
    return new Promise(() => {});
  }

  private async page(text: string): Promise<void> {
    const step = this.pageLines - 1;
    if (step < 1) return this.emit(text);
    const lines = text.split("\n");
    lines.pop();
    let shown = 0;
    let size = step;
    while (shown < lines.length) {
      this.emit(`${lines.slice(shown, shown + size).join("\n")}\n`);
      shown += size;
      if (shown >= lines.length) return;
      const key = await this.askKey(this.morePrompt);
      this.emit(this.eraseMore());
      if (this.closed || (key !== " " && key !== "\r" && key !== "\n")) return;
      size = key === " " ? step : 1;
    }
  }

  private eraseMore(): string {
    const { length } = this.morePrompt;
    return "\b".repeat(length) + " ".repeat(length) + "\b".repeat(length);
  }

  private readLine(prompt: string, options: { echo: boolean; help: boolean } = { echo: true, help: this.helps() }): Promise<string> {
    this.emit(prompt);
    return new Promise((done) => {
      this.reader = { kind: "line", text: "", ...options, done };
      this.pump();
    });
  }

  private readKey(): Promise<string> {
    return new Promise((done) => {
      this.reader = { kind: "key", done };
      this.pump();
    });
  }

  private pump(): void {
    while (this.reader && this.typed !== "") {
      if (this.reader.kind === "key") this.takeKey(this.reader);
      else this.takeRun(this.reader);
    }
    if (this.reader) this.flush();
  }

  private takeKey(reader: Reader & { kind: "key" }): void {
    const key = this.typed[0]!;
    this.typed = this.typed.slice(1);
    if (key === "\n" && this.lastWasReturn) return void (this.lastWasReturn = false);
    this.lastWasReturn = key === "\r";
    this.reader = undefined;
    reader.done(key);
  }

  private takeRun(reader: Reader & { kind: "line" }): void {
    if (this.quoting) {
      this.quoting = false;
      this.plainKey(reader, this.typed[0]!);
      this.typed = this.typed.slice(1);
      return;
    }
    const at = this.typed.search(special);
    const plain = at < 0 ? this.typed : this.typed.slice(0, at);
    if (plain !== "") {
      reader.text += plain;
      if (reader.echo) this.out += plain;
      this.lastWasReturn = false;
    }
    const key = at < 0 ? "" : this.typed[at]!;
    this.typed = this.typed.slice(plain.length + key.length);
    if (key !== "") this.takeSpecial(reader, key);
  }

  private takeSpecial(reader: Reader & { kind: "line" }, key: string): void {
    const afterReturn = this.lastWasReturn;
    this.lastWasReturn = key === "\r";
    if (key === "\n" && afterReturn) return;
    if (key === "\r" || key === "\n") return this.finish(reader, "\r\n");
    if (key === "\b" || key === "\u007F") return this.erase(reader, 1);
    if (key === "\u0015") return this.erase(reader, reader.text.length);
    if (key === "\u0017") return this.erase(reader, /\S*\s*$/.exec(reader.text)![0].length);
    if (key === "\u0016") return void (this.quoting = true);
    if (key === "\u0003") return this.abandon(reader);
    if (key === "\u001A") return this.top(reader);
    if (key === "?" && !reader.help) return this.plainKey(reader, key);
    if (key === "?") return this.help(reader);
    if (key === "\t") this.complete(reader);
  }

  private plainKey(reader: Reader & { kind: "line" }, key: string): void {
    reader.text += key;
    if (reader.echo) this.out += key;
  }

  private finish(reader: Reader & { kind: "line" }, echo: string): void {
    this.out += echo;
    this.reader = undefined;
    reader.done(reader.text);
  }

  private abandon(reader: Reader & { kind: "line" }): void {
    reader.text = "";
    this.finish(reader, "\r\n");
  }

  private top(reader: Reader & { kind: "line" }): void {
    this.toTop();
    this.abandon(reader);
  }

  private erase(reader: Reader & { kind: "line" }, count: number): void {
    const gone = Math.min(count, reader.text.length);
    reader.text = reader.text.slice(0, reader.text.length - gone);
    if (reader.echo) this.out += "\b \b".repeat(gone);
  }

  private help(reader: Reader & { kind: "line" }): void {
    const offers = this.offers(reader.text);
    const partial = reader.text !== "" && !reader.text.endsWith(" ");
    const text = partial ? offers.join("  ") : offers.map((offer) => `  ${offer}`).join("\n");
    this.emit(`?\n${text === "" ? "% Unrecognized command" : text}\n\n${this.prompt()}${reader.text}`);
  }

  private complete(reader: Reader & { kind: "line" }): void {
    const partial = /\S*$/.exec(reader.text)![0];
    const offers = partial === "" ? [] : this.offers(reader.text);
    if (offers.length !== 1) return;
    const rest = `${offers[0]!.slice(partial.length)} `;
    reader.text += rest;
    this.out += rest;
  }
}

const crlf = (text: string): string => (text.includes("\n") ? text.replaceAll("\n", "\r\n") : text);

const lined = (text: string): string => (text === "" || text.endsWith("\n") ? text : `${text}\n`);

/** Fills a text with comment lines up to a size, before its last line that says anything. */
function filled(text: string, bytes: number): string {
  const line = "! filler, so that this answer is long\n";
  const missing = Math.max(0, Math.ceil((bytes - text.length) / line.length));
  const end = text.trimEnd().lastIndexOf("\n") + 1;
  return text.slice(0, end) + line.repeat(missing) + text.slice(end);
}
