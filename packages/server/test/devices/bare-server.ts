/** For tests: a real SSH server without a device behind it. What it says on a terminal is up to the test, byte by byte. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import ssh2, { type AcceptConnection, type Algorithms, type Connection, type ServerChannel, type Session } from "ssh2";
import { fingerprintOf } from "../../src/domains/devices/drivers/host-key.ts";
import type { SshTarget } from "../../src/domains/devices/drivers/ssh.ts";

export interface BareOptions {
  /** Host keys by type; one Ed25519 key unless told. */
  keys?: KeyType[];
  algorithms?: Algorithms;
  /** Prompts of a keyboard-interactive sign-in, which is then the only way in. */
  dialog?: string[];
  /** Public key that may sign in. */
  authorized?: string;
  /** Requests to connect further are left without an answer. */
  ignoresForwards?: boolean;
  onShell?: (channel: ServerChannel) => void;
  onExec?: (command: string, channel: ServerChannel) => void;
}

export interface BareServer {
  port: number;
  /** Of the host keys, in the order asked for. */
  fingerprints: string[];
  /** Sign-ins tried, as `method:secret`. */
  tried: string[];
  /** Connections seen so far. */
  connections: number;
  /** Ends all connections. */
  drop(): void;
  target(changes?: Partial<SshTarget>): SshTarget;
  close(): Promise<void>;
}

export const password = "correct horse";
const credential = { kind: "password" as const, username: "ops", password };

export type KeyType = "ed25519" | "rsa" | "ecdsa";

/** Some keys that ssh2 makes cannot be read by ssh2: then another one is made. */
export function keyPair(type: KeyType, passphrase?: string): { public: string; private: string } {
  for (;;) {
    const pair = newPair(type, passphrase);
    if (!(ssh2.utils.parseKey(pair.private, passphrase) instanceof Error)) return pair;
  }
}

function newPair(type: KeyType, passphrase: string | undefined): { public: string; private: string } {
  if (type === "ed25519") return ssh2.utils.generateKeyPairSync("ed25519");
  if (type === "ecdsa") return ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
  return ssh2.utils.generateKeyPairSync(
    "rsa",
    passphrase === undefined ? { bits: 2048 } : { bits: 2048, passphrase, cipher: "aes256-ctr" },
  );
}

export async function bareServer(options: BareOptions = {}): Promise<BareServer> {
  const keys = (options.keys ?? ["ed25519"]).map((type) => keyPair(type));
  const open = new Set<Connection>();
  const bare: BareServer = {
    port: 0,
    fingerprints: keys.map((key) => fingerprintOf(publicPart(key.public))),
    tried: [],
    connections: 0,
    target: (changes = {}) => ({
      name: "r1",
      address: "127.0.0.1",
      port: bare.port,
      hostKey: bare.fingerprints[0] ?? "",
      credential,
      ...changes,
    }),
    drop: () => {
      for (const client of open) client.end();
    },
    close: async () => {
      bare.drop();
      door.close();
      await once(door, "close");
    },
  };
  const server = new ssh2.Server(
    { hostKeys: keys.map((key) => key.private), ...(options.algorithms ? { algorithms: options.algorithms } : {}) },
    (client) => {
      bare.connections++;
      open.add(client);
      client.on("close", () => open.delete(client)).on("error", () => undefined);
      signIns(client, options, bare.tried);
      client.on("session", (accept) => sessions(accept, options));
      client.on("tcpip", (accept, reject, { destIP, destPort }) => {
        if (options.ignoresForwards) return;
        const onward = connect({ host: destIP, port: destPort, noDelay: true });
        onward.once("error", () => reject());
        onward.once("connect", () => {
          const channel = accept();
          onward.pipe(channel).pipe(onward);
          channel.on("close", () => onward.destroy()).on("error", () => undefined);
          onward.on("error", () => channel.close()).on("close", () => channel.close());
        });
      });
    },
  );
  const door = createServer({ noDelay: true }, (socket) => server.injectSocket(socket)).listen(0, "127.0.0.1");
  await once(door, "listening");
  bare.port = (door.address() as AddressInfo).port;
  return bare;
}

function publicPart(line: string): Buffer {
  return Buffer.from(line.split(" ")[1] ?? "", "base64");
}

function signIns(client: Connection, { dialog, authorized }: BareOptions, tried: string[]): void {
  client.on("authentication", (ctx) => {
    if (dialog) {
      if (ctx.method !== "keyboard-interactive") return ctx.reject(["keyboard-interactive"]);
      return ctx.prompt(
        dialog.map((prompt) => ({ prompt, echo: false })),
        (answers) => {
          tried.push(`dialog:${answers.join(",")}`);
          if (answers.join(",") === password) ctx.accept();
          else ctx.reject(["keyboard-interactive"]);
        },
      );
    }
    if (ctx.method === "publickey" && authorized !== undefined && ctx.key.data.equals(publicPart(authorized))) {
      if (ctx.signature) tried.push("publickey");
      return ctx.accept();
    }
    if (ctx.method !== "password") return ctx.reject(["password", "keyboard-interactive"]);
    tried.push(`password:${ctx.password}`);
    if (ctx.password === password) ctx.accept();
    else ctx.reject(["password", "keyboard-interactive"]);
  });
}

function sessions(accept: AcceptConnection<Session>, { onShell, onExec }: BareOptions): void {
  const session = accept();
  session.on("pty", (acceptPty) => acceptPty());
  session.on("shell", (acceptShell) => {
    const channel = acceptShell();
    channel.on("error", () => undefined);
    onShell?.(channel);
  });
  session.on("exec", (acceptExec, _reject, { command }) => {
    const channel = acceptExec();
    channel.on("error", () => undefined);
    onExec?.(command, channel);
  });
}

/** A terminal that echoes lines and answers each with what `answer` says; undefined says nothing more. */
export function talk(channel: ServerChannel, prompt: string, answer: (line: string) => string | undefined): string[] {
  const lines: string[] = [];
  let typed = "";
  channel.write(`\r\n${prompt}`);
  channel.on("data", (chunk: Buffer) => {
    typed += chunk.toString("utf8");
    for (let end = typed.indexOf("\n"); end >= 0; end = typed.indexOf("\n")) {
      const line = typed.slice(0, end).replaceAll("\u0016", "");
      typed = typed.slice(end + 1);
      lines.push(line);
      const said = line.startsWith("!") || line.startsWith("terminal ") ? prompt : answer(line);
      channel.write(`${line}\r\n${said ?? ""}`);
    }
  });
  return lines;
}

export interface Wire {
  port: number;
  /** Nothing passes any more, and nobody is told. */
  freeze(): void;
  close(): Promise<void>;
}

/** A stretch of network before a server, which may fail: cut after so many bytes from the server, or frozen. */
export async function wireTo(port: number, cutAfterBytes = Number.POSITIVE_INFINITY): Promise<Wire> {
  let frozen = false;
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: "127.0.0.1", port, noDelay: true });
    for (const socket of [near, far]) sockets.add(socket.on("error", () => undefined));
    let left = cutAfterBytes;
    near.on("data", (chunk) => void (frozen || far.write(chunk)));
    near.on("close", () => far.destroy());
    far.on("close", () => void (frozen || near.destroy()));
    far.on("data", (chunk) => {
      if (frozen) return;
      near.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) near.destroySoon();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    freeze: () => {
      frozen = true;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
