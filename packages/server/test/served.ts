/** A server as `npm start` starts it, in a process of its own, and its first administrator. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { permissions } from "@holdfast/contract";
import { compileCache } from "./compile-cache.ts";

const program = fileURLToPath(new URL("../src/apps/serve.ts", import.meta.url));
/** Of the administrator, and good for others. */
export const servedPassword = "correct horse battery";

export type Post = (path: string, body: object) => Promise<Record<string, unknown>>;

export interface Served {
  origin: string;
  pid: number;
  administrator: { id: string };
  /** As the administrator at the console. */
  post: Post;
  /** SIGTERM; how it ended. */
  stop(): Promise<number | null>;
}

/** `line` is told of each line of its log. @throws Error when it ends before it answers */
export async function startServed(env: Record<string, string>, line: (text: string) => void = () => undefined): Promise<Served> {
  const server = spawn(process.execPath, [program], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...compileCache, PATH: process.env["PATH"], HOLDFAST_PORT: "0", ...env },
  });
  // Asked, not cut: its database would outlive it.
  const kill = (): void => void server.kill("SIGTERM");
  process.once("exit", kill);
  const ended = once(server, "close") as Promise<[number | null]>;
  const lines = createInterface({ input: server.stdout }).on("line", line);
  const setup = await new Promise<URL>((resolve, reject) => {
    lines.on("line", (text) => {
      const address = /first administrator: (\S+)/.exec(text)?.[1];
      if (address !== undefined) resolve(new URL(address));
    });
    void ended.then(() => reject(new Error("the server ended before it answered")));
  });
  const post = poster(setup.origin, {});
  const { user } = await post("/setup", { token: setup.hash.replace("#token=", ""), name: "ada", password: servedPassword });
  return {
    origin: setup.origin,
    pid: server.pid ?? 0,
    administrator: user as { id: string },
    post,
    async stop() {
      server.kill("SIGTERM");
      const [code] = await ended;
      process.off("exit", kill);
      return code;
    },
  };
}

/** Posts as a browser on the console's page does, and keeps its cookie; or with the headers given. @throws Error with what was refused */
export function poster(origin: string, headers: Record<string, string>): Post {
  const kept = { ...headers };
  return async (path, body) => {
    const answer = await fetch(`${origin}/api/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin, ...kept },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${text}`);
    const cookie = answer.headers.getSetCookie()[0]?.split(";")[0];
    if (cookie !== undefined) kept["cookie"] = cookie;
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
}

/** Signs in at the console; the cookie of the session. */
export async function cookieOf(origin: string, name: string): Promise<string> {
  const answer = await fetch(`${origin}/api/v1/auth/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json", origin },
    body: JSON.stringify({ name, password: servedPassword }),
  });
  const cookie = answer.headers.getSetCookie()[0]?.split(";")[0];
  if (cookie === undefined) throw new Error(await answer.text());
  return cookie;
}

/** An API key of whoever posts, with every permission among its scopes. */
export async function allPowerfulKey(post: Post): Promise<{ id: string; key: string }> {
  const scopes = permissions.filter((one) => one !== "public" && one !== "self");
  return (await post("/api-keys", { name: "everything", scopes })) as { id: string; key: string };
}
