/** The SSH server in front of a router: keys, sign-in, channels, and the faults of the connection itself. */
import { createServer, type Server, type Socket } from "node:net";
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from "ssh2";
import { isSigned, type Accounts } from "./accounts.ts";
import { fingerprintOf, newHostKey } from "./host-key.ts";
import type { Router } from "./router.ts";
import type { Shell, Terminal } from "./shell.ts";

export interface FrontSpec {
  router: Router;
  accounts: Accounts;
  ident: string;
  /** How many terminals the device has. */
  lines: number;
  makeShell(terminal: Terminal, user: string): Shell;
  /** A program on the device's host that an exec channel may name instead of a command of the router. */
  program?(words: string[], user: string): { say: string; code: number } | undefined;
  logLine(): string;
}

export class SshFront {
  port = 0;
  readonly shells = new Set<Shell>();
  private readonly spec: FrontSpec;
  private readonly sockets = new Set<Socket>();
  private listener: Server | undefined;
  private muted = false;
  private swapped: string | undefined;
  private logging: ReturnType<typeof setInterval> | undefined;
  private wanted = false;
  private moving: Promise<void> = Promise.resolve();

  constructor(spec: FrontSpec) {
    this.spec = spec;
    spec.router.faults.onChange = () => this.faultsChanged();
  }

  get fingerprint(): string {
    return fingerprintOf(this.hostKey());
  }

  async listen(port: number): Promise<void> {
    this.wanted = true;
    this.port = port;
    await this.move();
  }

  async close(): Promise<void> {
    this.wanted = false;
    clearInterval(this.logging);
    this.cutAll();
    await this.move();
  }

  /** Resolves when the port is as open or closed as it should be by now. */
  settled(): Promise<void> {
    return this.moving;
  }

  private move(): Promise<void> {
    this.moving = this.moving.then(() => this.openOrShut());
    return this.moving;
  }

  private async openOrShut(): Promise<void> {
    const refuses = this.spec.router.faults.peek("unreachable")?.how === "refuse";
    const open = this.wanted && !refuses;
    if (open && !this.listener) await this.openPort();
    else if (!open && this.listener) await this.shutPort();
  }

  private openPort(): Promise<void> {
    return new Promise((resolve, reject) => {
      const listener = createServer({ noDelay: true }, (socket) => this.taken(socket));
      listener.once("error", reject);
      listener.listen(this.port, "127.0.0.1", 128, () => {
        this.port = (listener.address() as { port: number }).port;
        this.listener = listener;
        resolve();
      });
    });
  }

  private shutPort(): Promise<void> {
    const listener = this.listener;
    this.listener = undefined;
    this.cutAll();
    return new Promise((resolve) => (listener ? void listener.close(() => resolve()) : resolve()));
  }

  private cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private faultsChanged(): void {
    const { faults } = this.spec.router;
    const blackhole = faults.peek("unreachable")?.how === "blackhole";
    // What was said meanwhile is lost, so the old connections cannot go on.
    if (this.muted && !blackhole) this.cutAll();
    this.muted = blackhole;
    const swap = faults.peek("changed-host-key") !== undefined;
    if (swap !== (this.swapped !== undefined)) this.swapped = swap ? newHostKey() : undefined;
    clearInterval(this.logging);
    const syslog = faults.peek("syslog");
    if (syslog) this.logging = setInterval(() => this.logEverywhere(), syslog.everyMs).unref();
    void this.move();
  }

  private logEverywhere(): void {
    for (const shell of this.shells) shell.intrude(this.spec.logLine());
  }

  private taken(socket: Socket): void {
    this.sockets.add(socket);
    socket.once("close", () => this.sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    if (this.muted) return;
    if (this.shells.size >= this.spec.lines) return socket.destroySoon();
    // A server of its own for each connection: ssh2 does not say to which socket a connection belongs, and we must be able to cut it.
    const server = new ssh2.Server({ hostKeys: [this.hostKey()], ident: this.spec.ident }, (client) => this.connected(client, socket));
    server.injectSocket(socket);
  }

  private hostKey(): string {
    return this.swapped ?? this.spec.router.state.hostKey;
  }

  private connected(client: Connection, socket: Socket): void {
    let user = "";
    client.on("error", () => socket.destroy());
    client.on("authentication", (context) => {
      user = context.username;
      this.authenticate(context);
    });
    client.on("ready", () => {
      client.on("session", (accept) => this.session(accept(), { user, socket }));
    });
  }

  private authenticate(context: AuthContext): void {
    const { accounts, router } = this.spec;
    const { username: user } = context;
    const decide = (right: boolean): void =>
      right && !router.faults.peek("wrong-password") ? context.accept() : context.reject(["publickey", "password", "keyboard-interactive"]);
    if (context.method === "password") return decide(accounts.password(user, context.password));
    if (context.method === "publickey") return decide(accounts.key(user, context.key) && isSigned(context));
    if (context.method !== "keyboard-interactive") return decide(false);
    context.prompt([{ prompt: "Password: ", echo: false }], (answers) => decide(accounts.password(user, answers[0] ?? "")));
  }

  private session(session: Session, who: { user: string; socket: Socket }): void {
    let terminal = false;
    session.on("pty", (accept) => {
      terminal = true;
      accept?.();
    });
    session.on("window-change", (accept) => accept?.());
    session.on("env", (accept) => accept?.());
    session.on("shell", (accept) => this.talk(accept(), who));
    session.on("exec", (accept, _, { command }) => void this.execute(accept(), { ...who, command, terminal }));
  }

  private talk(channel: ServerChannel, { user, socket }: { user: string; socket: Socket }): void {
    const shell = this.spec.makeShell(this.terminalOf(channel, socket), user);
    this.follow(channel, shell);
    void shell.talk();
  }

  private follow(channel: ServerChannel, shell: Shell): void {
    this.shells.add(shell);
    this.spec.router.sessions += 1;
    channel.on("data", (data: Buffer) => {
      if (!this.muted) shell.input(data.toString("latin1"));
    });
    channel.on("error", () => {});
    channel.once("close", () => {
      if (this.shells.delete(shell)) this.spec.router.sessions -= 1;
      shell.close();
    });
  }

  private async execute(channel: ServerChannel, call: { user: string; socket: Socket; command: string; terminal: boolean }): Promise<void> {
    const terminal = this.terminalOf(channel, call.socket);
    const program = this.spec.program?.(call.command.trim().split(/\s+/), call.user);
    if (program) {
      terminal.write(`${program.say}\n`);
      return terminal.end(program.code);
    }
    const shell = this.spec.makeShell(terminal, call.user);
    shell.plainLines = !call.terminal;
    this.follow(channel, shell);
    const code = await shell.once(call.command);
    if (code !== 255) terminal.end(code);
  }

  private terminalOf(channel: ServerChannel, socket: Socket): Terminal {
    const { faults } = this.spec.router;
    let sent = 0;
    const cut = (): void => socket.destroySoon();
    const put = (text: string): void => {
      const limit = faults.peek("drop-after");
      const end = limit && sent + text.length >= limit.bytes ? limit.bytes - sent : text.length;
      sent += end;
      if (end > 0) channel.write(text.slice(0, end), "latin1");
      if (limit && end < text.length + 1 && sent >= limit.bytes) {
        faults.take("drop-after");
        cut();
      }
    };
    return {
      cut,
      write: (text) => {
        if (this.muted || channel.destroyed) return;
        const split = faults.peek("split");
        if (!split) return put(text);
        for (let at = 0; at < text.length; at += split.bytes) put(text.slice(at, at + split.bytes));
      },
      end: (code) => {
        if (channel.destroyed) return;
        channel.exit(code);
        channel.end();
      },
    };
  }
}
