/** Git servers for tests, on loopback: https with a user name and token, ssh with a key, both over the repositories of one directory. */
import { execFileSync, spawn } from "node:child_process";
import { timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Server as SshServer, utils, type Connection } from "ssh2";
import { keyPair } from "./devices/bare-server.ts";

export interface HttpsGit {
  url: string;
  /** The authority to trust. */
  caFile: string;
  /** What the server does from now on. */
  behave: "serve" | "stall" | "redirect" | "fail";
  /** Resolves when a request with the right credential is at the server. */
  entered(): Promise<void>;
  stop(): Promise<void>;
}

const certificateArgs =
  "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1";

export async function startHttpsGit(root: string, { username, token }: { username: string; token: string }): Promise<HttpsGit> {
  const [keyFile, caFile] = [join(root, "tls.key"), join(root, "tls.crt")];
  execFileSync("openssl", [...certificateArgs.split(" "), "-keyout", keyFile, "-out", caFile], { stdio: "ignore" });
  let enter: () => void = () => undefined;
  const wanted = Buffer.from(`Basic ${Buffer.from(`${username}:${token}`).toString("base64")}`);
  const server = createServer({ key: readFileSync(keyFile), cert: readFileSync(caFile) }, (request, response) => {
    if (git.behave === "redirect") return void response.writeHead(302, { location: `https://127.0.0.1:1${request.url ?? ""}` }).end();
    const given = Buffer.from(request.headers.authorization ?? "");
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      return void response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    enter();
    if (git.behave === "stall") return;
    if (git.behave === "fail") return void response.writeHead(503).end("no");
    runBackend(root, request, response);
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const git: HttpsGit = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caFile,
    behave: "serve",
    entered: () => new Promise((resolve) => (enter = resolve)),
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return git;
}

/** `git http-backend` by the rules of CGI. */
function runBackend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "https://localhost");
  const headers = {
    REQUEST_METHOD: request.method ?? "GET",
    PATH_INFO: url.pathname,
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: request.headers["content-type"] ?? "",
  };
  const protocol = request.headers["git-protocol"];
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      ...headers,
      ...(typeof protocol === "string" ? { GIT_PROTOCOL: protocol } : {}),
      ...(request.headers["content-encoding"] === "gzip" ? { HTTP_CONTENT_ENCODING: "gzip" } : {}),
    },
  });
  request.pipe(child.stdin);
  child.stdin.on("error", () => undefined);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdout.on("end", () => {
    const output = Buffer.concat(chunks);
    const end = output.indexOf("\r\n\r\n");
    const lines = output.subarray(0, end).toString().split("\r\n");
    const fields = lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()] as const);
    const status = Number(fields.find(([name]) => name === "Status")?.[1]?.slice(0, 3) ?? 200);
    response.writeHead(status, Object.fromEntries(fields.filter(([name]) => name !== "Status")));
    response.end(output.subarray(end + 4));
  });
}

export interface SshGit {
  /** `ssh://git@127.0.0.1:<port>`. */
  url: string;
  /** The line for known_hosts. */
  knownHosts: string;
  /** The key that may sign in. */
  privateKey: string;
  stop(): Promise<void>;
}

export async function startSshGit(root: string): Promise<SshGit> {
  const hostKey = keyPair("ed25519");
  const clientKey = keyPair("ed25519");
  const allowed = utils.parseKey(clientKey.public);
  const server = new SshServer({ hostKeys: [hostKey.private] }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", (context) => {
      if (context.method !== "publickey" || allowed instanceof Error) return context.reject(["publickey"]);
      const same = context.key.data.equals(allowed.getPublicSSH());
      const signed =
        context.signature === undefined || allowed.verify(context.blob ?? Buffer.alloc(0), context.signature, context.hashAlgo);
      if (same && signed) context.accept();
      else context.reject(["publickey"]);
    });
    client.on("ready", () => serveUploadPack(client, root));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ssh://git@127.0.0.1:${port}`,
    knownHosts: `[127.0.0.1]:${port} ${hostKey.public}\n`,
    privateKey: clientKey.private,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** `git-upload-pack '/path'`, and no other command. */
function serveUploadPack(client: Connection, root: string): void {
  client.on("session", (accept) => {
    const session = accept();
    session.on("env", (acceptEnv) => acceptEnv?.());
    session.on("exec", (acceptExec, reject, { command }) => {
      const path = /^git-upload-pack '\/([A-Za-z0-9._/-]+)'$/.exec(command)?.[1];
      if (path === undefined) return reject();
      const channel = acceptExec();
      const child = spawn("git", ["upload-pack", join(root, path)]);
      channel.pipe(child.stdin);
      child.stdin.on("error", () => undefined);
      child.stdout.pipe(channel, { end: false });
      child.stderr.pipe(channel.stderr, { end: false });
      child.on("close", (code) => {
        channel.exit(code ?? 1);
        channel.end();
      });
    });
  });
}

/** A key that no server knows. */
export function strangeKey(): string {
  return keyPair("ed25519").private;
}
