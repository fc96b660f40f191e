/** FRR's vtysh, as the login shell of its host. */
import { ConfigSession, type LineResult } from "../config/session.ts";
import { filtered } from "../exec.ts";
import { Shell, type Reply } from "../shell.ts";
import { frrExec } from "./exec.ts";
import { frrVersion } from "./platform.ts";

export class FrrShell extends Shell {
  enabled = true;
  configuring: ConfigSession | undefined;
  /** What the host says before vtysh starts. */
  lastLogin = "";
  // The host's terminal shows what is typed while vtysh is busy, and vtysh shows it again when it reads it.
  protected override readonly echoesWhileBusy = true;

  prompt(): string {
    const name = this.router.config.root.statements.has("hostname") ? this.router.hostname() : "(null)";
    if (this.configuring) return `${name}(${this.configuring.prompt})# `;
    return `${name}${this.enabled ? "#" : ">"} `;
  }

  protected greeting(): string {
    return `${this.lastLogin}\nHello, this is FRRouting (version ${frrVersion}).\nCopyright 1996-2005 Kunihiro Ishiguro, et al.\n\n`;
  }

  protected offers(line: string): string[] {
    return this.configuring ? this.configuring.next(line) : frrExec.commands.next(line);
  }

  protected toTop(): void {
    this.configuring = undefined;
  }

  protected refusal(line: string): string {
    return `% Unknown command: ${line}`;
  }

  protected run(line: string): Reply | Promise<Reply> {
    const done = /^\s*do\s+(.*)$/.exec(line);
    if (done) return this.execLine(done[1]!, line);
    return this.configuring ? this.configLine(line, this.configuring) : this.execLine(line, line);
  }

  private async execLine(line: string, typed: string): Promise<Reply> {
    const [command = "", ...filters] = line.split("|");
    if (command.trim() === "" || /^\s*[!#]/.test(command)) return { text: "" };
    const reading = frrExec.commands.read(command);
    if (reading.is === "incomplete") return failed(`% Command incomplete: ${typed}`);
    if (reading.is === "ambiguous") return failed(`% Ambiguous command: ${typed}`);
    const rule = reading.is === "command" ? frrExec.rules[reading.index]! : undefined;
    if (!rule || (rule.enabled && !this.enabled)) return failed(this.refusal(typed));
    const answer = await rule.run(this, reading.is === "command" ? reading.args : {}, command.trim());
    const reply = typeof answer === "string" ? { text: answer } : answer;
    return filters.length === 0 ? reply : { ...reply, text: filtered(reply.text, filters.join("|")) ?? this.refusal(typed) };
  }

  private configLine(line: string, session: ConfigSession): Reply {
    const where = session.path.map((step) => step.key);
    const result = session.line(line);
    if (result.changed) this.router.record({ user: this.user, via: "ssh", event: "line", text: [...where, line.trim()].join(" / ") });
    if (result.left) this.configuring = undefined;
    return this.say(result, line);
  }

  private say(result: LineResult, line: string): Reply {
    if (result.is === "unknown") return failed(this.refusal(line));
    if (result.is === "incomplete") return failed(`% Command incomplete: ${line}`);
    if (result.is === "ambiguous") return failed(`% Ambiguous command: ${line}`);
    return { text: result.says.join("\n"), ...(result.is === "refused" ? { failed: true } : {}) };
  }

  enterConfig(): string {
    this.configuring = new ConfigSession(this.router.config);
    return "";
  }

  print(text: string): void {
    this.emit(text);
  }

  pause(ms: number, stopped?: Promise<void>): Promise<void> {
    return this.wait(ms, stopped);
  }

  stoppable(work: (stopped: Promise<void>, isStopped: () => boolean) => Promise<void>): Promise<boolean> {
    return this.unlessStopped(work);
  }

  logout(): void {
    this.flush();
    this.terminal.end(0);
    this.close();
  }
}

const failed = (text: string): Reply => ({ text, failed: true });
