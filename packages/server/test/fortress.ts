/** A whole server in this process, as an attacker meets it: over HTTP, with people of every sort, and all that it says kept. */
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BuiltInRole, Grant } from "@holdfast/contract";
import { sessionCookie, type Caller } from "#core/identity";
import { createLog } from "#platform/log";
import { loadSettings } from "#platform/settings";
import { compose, type Holdfast } from "../src/apps/compose.ts";
import { testDatabase, type TestDatabase } from "./database.ts";
import { opened, root } from "./identity.ts";

export interface Person {
  id: string;
  name: string;
  /** An API key with all that the person may do. */
  key: string;
  /** Of a session that has just begun. */
  cookie: string;
}

export interface Call {
  /** An API key. */
  key?: string | undefined;
  /** A session's cookie; then the call comes from our own page. */
  cookie?: string | undefined;
  /** Sent as JSON; a text goes as it is. */
  body?: unknown;
  headers?: Record<string, string> | undefined;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: { [key: string]: unknown } & { code?: string; items?: { id: string }[] };
}

export interface Fortress {
  url: string;
  holdfast: Holdfast;
  database: TestDatabase;
  home: string;
  /** None unless the settings say HOLDFAST_LOG_LEVEL. */
  logLines: string[];
  /** Somebody with these grants, signed in. */
  person(name: string, ...grants: (BuiltInRole | Grant)[]): Promise<Person>;
  /** With the address byte by byte: `fetch` would take dots away. */
  call(method: string, path: string, call?: Call): Promise<Answer>;
  drop(): Promise<void>;
}

/** No limits on calls unless the settings say so. */
export async function startFortress(settings: Record<string, string> = {}): Promise<Fortress> {
  const database = await testDatabase();
  const home = await mkdtemp(join(tmpdir(), "holdfast-fortress-"));
  const logLines: string[] = [];
  const quiet = { HOLDFAST_RATE_LIMIT_USER: "0", HOLDFAST_RATE_LIMIT_ADDRESS: "0", HOLDFAST_ROLES: "api", HOLDFAST_LOG_LEVEL: "silent" };
  const own = { HOLDFAST_HOME: home, HOLDFAST_PORT: "0", DATABASE_URL: database.ownerUrl };
  const loaded = loadSettings({ ...quiet, ...settings, ...own });
  const log = createLog({ level: loaded.logLevel, to: { write: (line: string) => void logLines.push(line) } });
  const holdfast = await compose({ settings: loaded, log });
  const url = (await holdfast.start()) ?? "";
  const agent = new Agent({ keepAlive: true });
  return {
    url,
    holdfast,
    database,
    home,
    logLines,
    person: (name, ...grants) =>
      makePerson(
        holdfast,
        name,
        grants.map((one) => (typeof one === "string" ? { role: one } : one)),
      ),
    call: (method, path, call) => send({ url, agent, method, path }, call ?? {}),
    async drop() {
      agent.destroy();
      await holdfast.stop();
      await database.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function makePerson({ identity }: Holdfast, name: string, grants: Grant[]): Promise<Person> {
  const { id } = await identity.createUser({ name, grants }, root);
  const { token } = await identity.createSignInLink(name, { actor: root.actor });
  const { token: cookie } = opened(await identity.redeemLink(token, { address: "127.0.0.1", userAgent: "test" }));
  const caller = (await identity.authenticate({ headers: {}, cookies: { [sessionCookie]: cookie } })) as Caller;
  const { key } = await identity.createKey({ name: "all", scopes: [...caller.access.keys()], expiresInDays: 1 }, caller);
  return { id, name, key, cookie };
}

function headersOf({ key, cookie, body, headers }: Call): Record<string, string> {
  return {
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(cookie === undefined ? {} : { cookie: `${sessionCookie}=${cookie}`, "sec-fetch-site": "same-origin" }),
    ...headers,
  };
}

const bodyOf = ({ body }: Call): string => (typeof body === "string" ? body : JSON.stringify(body));

interface Sending {
  url: string;
  agent: Agent;
  method: string;
  path: string;
}

function send({ url, agent, method, path }: Sending, call: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = call.body === undefined ? {} : { "content-length": String(Buffer.byteLength(bodyOf(call))) };
    const going = request(url, { agent, method, path, headers: { ...headersOf(call), ...length } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        const headers = Object.entries(response.headersDistinct).flatMap(([name, all = []]) =>
          all.map((one): [string, string] => [name, one]),
        );
        resolve(answerOf(response.statusCode ?? 0, new Headers(headers), text));
      });
    });
    going.on("error", reject).end(call.body === undefined ? undefined : bodyOf(call));
  });
}

function answerOf(status: number, headers: Headers, text: string): Answer {
  const isJson = headers.get("content-type")?.includes("json") === true && text !== "";
  return { status, headers, text, body: (isJson ? JSON.parse(text) : {}) as Answer["body"] };
}
