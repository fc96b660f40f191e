/** The IOS terminal: user, enabled and configuration mode. */
import { ConfigSession, type LineResult } from "../config/session.ts";
import { opens } from "../crypt.ts";
import { filtered } from "../exec.ts";
import { Shell, type Reply, type ShellSpec } from "../shell.ts";
import { logTime } from "../times.ts";
import { iosExec } from "./exec.ts";
import { revertNotice, warning } from "./rollback.ts";

export interface IosShellSpec extends ShellSpec {
  /** Opens the enabled mode where no `enable secret` is configured; with it the session starts in user mode. */
  enablePassword?: string | undefined;
}

export class IosShell extends Shell {
  enabled: boolean;
  monitors = false;
  configuring: ConfigSession | undefined;
  private collecting = false;
  private changed = false;
  private readonly enablePassword: string | undefined;
  private stopWarning: (() => void) | undefined;
  private readonly tellRevert = (file: string): void => this.intrude(revertNotice(this.router, file));

  constructor(spec: IosShellSpec) {
    super(spec);
    this.enablePassword = spec.enablePassword;
    this.enabled = spec.enablePassword === undefined;
    this.pageLines = this.lineSetting("length") ?? 24;
  }

  /** What `line vty 0 4` says of new terminals. */
  private lineSetting(word: string): number | undefined {
    const text = this.router.config.root.statements.get("line vty 0 4")?.child?.statements.get(word)?.text.split(" ")[1];
    return text === undefined ? undefined : Number(text);
  }

  setPage(lines: number): void {
    this.pageLines = lines;
  }

  prompt(): string {
    if (this.collecting) return "";
    const name = this.router.hostname();
    if (this.configuring) return `${name.slice(0, 20)}(${this.configuring.prompt})#`;
    return name + (this.enabled ? "#" : ">");
  }

  protected greeting(): string {
    const text = (kind: string): string =>
      this.router.config.root.statements.get(`banner ${kind}`)?.text.replaceAll("^C", "").slice(`banner ${kind} `.length) ?? "";
    const shown = [text("motd"), text("exec")].filter((one) => one !== "").map((one) => (one.startsWith("\n") ? one : `\n${one}\n`));
    return `${shown.join("")}\n`;
  }

  protected override helps(): boolean {
    return !this.collecting;
  }

  protected offers(line: string): string[] {
    return this.configuring ? this.configuring.next(line) : iosExec.commands.next(line);
  }

  protected toTop(): void {
    this.leaveConfig();
  }

  protected refusal(line: string): string {
    return `${" ".repeat(this.prompt().length + line.search(/\S|$/))}^\n% Invalid input detected at '^' marker.\n\n`;
  }

  protected run(line: string): Reply | Promise<Reply> {
    if (this.configuring) return this.configLine(line);
    return this.execLine(line);
  }

  async execLine(line: string): Promise<Reply> {
    const [command = "", ...filters] = line.split("|");
    if (command.trim() === "" || command.trim().startsWith("!")) return { text: "" };
    const reading = iosExec.commands.read(command);
    if (reading.is === "ambiguous") return failed(`% Ambiguous command:  "${line.trim()}"`);
    if (reading.is === "incomplete") return failed("% Incomplete command.\n\n");
    const rule = reading.is === "command" ? iosExec.rules[reading.index]! : undefined;
    if (!rule || (rule.enabled && !this.enabled)) return this.unread(command, reading.is === "unknown" ? reading.at : 0);
    const answer = await rule.run(this, reading.is === "command" ? reading.args : {}, command.trim());
    const reply = typeof answer === "string" ? { text: answer } : answer;
    const filter = filters.join("|");
    return filters.length === 0 ? reply : { ...reply, text: filtered(reply.text, filter) ?? "% Incomplete command.\n\n" };
  }

  /** A single word that is no command is taken for the name of a host to connect to. */
  private async unread(command: string, at: number): Promise<Reply> {
    const word = command.trim();
    const looksUp = !this.router.config.root.statements.has("ip domain lookup");
    if (!/\s/.test(word) && looksUp) {
      this.emit(`Translating "${word}"...domain server (255.255.255.255)\n`);
      await this.wait(3000);
      return failed("% Unknown command or computer name, or unable to find computer address");
    }
    return failed(`${" ".repeat(this.prompt().length + at)}^\n% Invalid input detected at '^' marker.\n\n`);
  }

  private configLine(line: string): Reply | Promise<Reply> {
    const session = this.configuring!;
    const word = line.trim();
    const done = /^do\s+(.*)$/i.exec(word);
    if (done && !this.collecting) return this.execLine(done[1]!);
    const where = session.path.map((step) => step.key);
    const result = session.line(line);
    return this.settle(result, [...where, word].join(" / "));
  }

  private settle(result: LineResult, text: string): Reply | Promise<Reply> {
    this.collecting = result.is === "collecting";
    if (result.changed) {
      this.changed = true;
      this.router.record({ user: this.user, via: "ssh", event: "line", text });
    }
    if (result.is === "question") return this.question(result.question!, text);
    const said = this.say(result, text);
    if (result.left) this.leaveConfig();
    return said;
  }

  private async question(question: string, text: string): Promise<Reply> {
    const key = await this.askKey(question);
    this.emit("\n");
    return this.settle(this.configuring!.answer(/[\ry\n]/i.test(key)), text);
  }

  private say(result: LineResult, text: string): Reply {
    if (result.is === "unknown")
      return failed(`${" ".repeat(this.prompt().length + (result.at ?? 0))}^\n% Invalid input detected at '^' marker.\n\n`);
    if (result.is === "incomplete") return failed("% Incomplete command.\n\n");
    if (result.is === "ambiguous") return failed(`% Ambiguous command:  "${text.split(" / ").at(-1)}"`);
    return { text: result.says.join("\n"), ...(result.is === "refused" ? { failed: true } : {}) };
  }

  enterConfig(): string {
    this.configuring = new ConfigSession(this.router.config);
    this.changed = false;
    return "Enter configuration commands, one per line.  End with CNTL/Z.";
  }

  leaveConfig(): void {
    if (!this.configuring) return;
    this.configuring = undefined;
    this.collecting = false;
    if (this.monitors && this.changed)
      this.intrude(`\n*${logTime(this.router.clock.now())}: %SYS-5-CONFIG_I: Configured from console by ${this.user} on vty0\n`);
  }

  /** The terminal that armed the switch hears of it. */
  watchSwitch(seconds: number): void {
    this.router.onRevert.add(this.tellRevert);
    this.stopWarning = this.router.clock.after(Math.max(0, (seconds - 60) * 1000), () => {
      if (this.router.state.armed) this.intrude(warning);
    });
  }

  async enable(): Promise<Reply> {
    const secret = this.router.config.root.statements.get("enable secret")?.text.split(" ").at(-1);
    if (secret === undefined && this.enablePassword === undefined) return failed("% Error in authentication.\n\n");
    for (let tries = 0; tries < 3; tries += 1) {
      const given = await this.ask("Password: ", { echo: false });
      if (this.closed) return { text: "" };
      if (secret === undefined ? given === this.enablePassword : opens(secret, given)) {
        this.enabled = true;
        return { text: "" };
      }
    }
    return failed("% Bad secrets\n\n");
  }

  /** Asks a question to be answered with Enter or a word. */
  askFor(question: string): Promise<string> {
    return this.ask(question);
  }

  /** `[confirm]`: Enter or y goes on. */
  async confirmed(question: string): Promise<boolean> {
    const key = await this.askKey(question);
    this.emit("\n");
    return /[\ry\n]/i.test(key);
  }

  pause(ms: number, stopped?: Promise<void>): Promise<void> {
    return this.wait(ms, stopped);
  }

  stoppable(work: (stopped: Promise<void>, isStopped: () => boolean) => Promise<void>): Promise<boolean> {
    return this.unlessStopped(work);
  }

  print(text: string): void {
    this.emit(text);
  }

  logout(): void {
    this.flush();
    this.terminal.end(0);
    this.close();
  }

  override close(): void {
    super.close();
    this.stopWarning?.();
    this.router.onRevert.delete(this.tellRevert);
  }
}

const failed = (text: string): Reply => ({ text, failed: true });
