import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, createServer, request, type RequestOptions, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { systemClock, type Clock } from "@holdfast/kit";
import { createAudit } from "#core/audit";
import { createSecrets } from "#core/secrets";
import { silentLog } from "#platform/log";
import { testDatabase, type TestDatabase } from "#test/database";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createPki, createTls, type Accept, type Pki, type ServeOptions, type SpiffeName, type Tls } from "./index.ts";
import { makeIntermediate, makeLeaf, makeRoot } from "./make.ts";
import { newLeafKey } from "./certificates.ts";
import { newSerial, pemOf, signingKey, spkiOf, X509CertificateGenerator } from "./x509.ts";

let database: TestDatabase;
let directory: string;
let pki: Pki;
/** How far our authority's clock is from that of OpenSSL, which is the real one. */
let offMs = 0;
const clock: Clock = { now: () => Date.now() + offMs, sleep: (ms, signal) => systemClock.sleep(ms, signal) };
const ada = { actor: "user:ada" };
const dayMs = 86_400_000;
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  database = await testDatabase();
  directory = mkdtempSync(join(tmpdir(), "holdfast-tls-"));
  const audit = createAudit({ db: database.db, clock });
  const secrets = await createSecrets({ db: database.db, audit, keys: { file: join(directory, "keys.json") }, log: silentLog, clock });
  pki = createPki({ db: database.db, audit, secrets, clock });
  offMs = -20 * dayMs;
  await pki.init({ trustDomain: "holdfast.test", name: "Test" }, ada);
  offMs = 0;
  await pki.maintain();
});
afterEach(async () => {
  offMs = 0;
  for (const one of cleanUp.splice(0).reverse()) await one();
});
afterAll(async () => {
  await database.drop();
  rmSync(directory, { recursive: true });
});

const anyProcess: Accept = ({ kind }) => kind === "process";

async function face(name: string, termMs?: number): Promise<Tls> {
  const wish = { kind: "process" as const, name, dnsNames: ["localhost"], addresses: ["127.0.0.1"] };
  const source = pki.tlsSource({ ...wish, ...(termMs === undefined ? {} : { termMs }) });
  const tls = await createTls({ source, clock: systemClock, log: silentLog, everyMs: 3_600_000 });
  cleanUp.push(() => tls.close());
  return tls;
}

/** Answers with who asked. */
async function serve(tls: Tls, options: ServeOptions): Promise<{ server: Server; port: number; asked: (SpiffeName | undefined)[] }> {
  const asked: (SpiffeName | undefined)[] = [];
  const server = createServer(tls.serverOptions(options), (incoming, answer) => {
    asked.push(tls.identityOf(incoming.socket));
    answer.end(JSON.stringify(tls.identityOf(incoming.socket) ?? null));
  });
  tls.serve(server, options);
  server.keepAliveTimeout = 0; // who hangs up in these tests does so for a reason
  server.on("tlsClientError", () => undefined).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return { server, port: (server.address() as AddressInfo).port, asked };
}

/** The answer, or the code of what went wrong. */
function ask(port: number, options: RequestOptions): Promise<string> {
  return new Promise((resolve) => {
    const asking = request({ host: "127.0.0.1", port, path: "/", agent: false, ...options }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.on("end", () => resolve(text));
      answer.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    asking.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asking.end();
  });
}

const refusals = /^(ECONNRESET|EPIPE|ERR_SSL_\w+)$/;

/** What a client shows. */
async function shows(kind: "agent" | "process", name: string, more: object = {}): Promise<{ cert: string; key: string; id: string }> {
  const { chain, privateKey = "", id } = await pki.issue({ kind, name, ...more }, ada);
  return { cert: chain, key: privateKey, id };
}

async function foreign(): Promise<{ cert: string; key: string }> {
  const [rootKey, middleKey, key] = [newLeafKey(), newLeafKey(), newLeafKey()];
  const term = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + dayMs) };
  const authority = { organization: "holdfast.test", ...term };
  const root = await makeRoot({ ...authority, name: "Test root", publicKey: spkiOf(rootKey) }, signingKey(rootKey));
  const above = { certificate: root, signing: signingKey(rootKey) };
  const middle = await makeIntermediate({ ...authority, name: "Test intermediate", publicKey: spkiOf(middleKey) }, above);
  const spiffeId = "spiffe://holdfast.test/process/worker";
  const parts = { name: "worker", publicKey: spkiOf(key), serial: newSerial(), spiffeId, dnsNames: [], addresses: [], rsa: false, ...term };
  const leaf = await makeLeaf({ ...parts, usages: ["client", "server"] }, { certificate: middle, signing: signingKey(middleKey) });
  return {
    cert: [leaf, middle, root].map((der) => pemOf("CERTIFICATE", der)).join(""),
    key: key.export({ format: "pem", type: "pkcs8" }) as string,
  };
}

async function selfSigned(): Promise<{ cert: string; key: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const made = await X509CertificateGenerator.createSelfSigned({ name: "CN=worker", keys, signingAlgorithm: algorithm });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  return { cert: made.toString("pem"), key: key.export({ format: "pem", type: "pkcs8" }) as string };
}

describe("a server that requires certificates", () => {
  test("knows nobody any more on a connection that outlived the certificate it began with", async () => {
    let laterMs = 0;
    const later: Clock = { now: () => Date.now() + laterMs, sleep: (ms, signal) => systemClock.sleep(ms, signal) };
    const source = pki.tlsSource({ kind: "process", name: "api", addresses: ["127.0.0.1"] });
    const tls = await createTls({ source, clock: later, log: silentLog, everyMs: 3_600_000 });
    cleanUp.push(() => tls.close());
    const { port, asked } = await serve(tls, { clients: "optional" });
    const { cert, key } = await shows("agent", "lyon", { days: 1 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    cleanUp.push(() => agent.destroy());
    const options = { agent, ca: (await pki.trust()).roots, cert, key };
    await ask(port, options);
    laterMs = 2 * dayMs;
    await ask(port, options);
    expect(asked).toMatchObject([{ kind: "agent", name: "lyon" }, undefined]);
    expect(Object.values(agent.sockets).length + Object.values(agent.freeSockets).length).toBe(1);
  });

  test("answers a process of ours, and knows its name", async () => {
    const [api, worker] = [await face("api"), await face("worker")];
    const { port } = await serve(api, { clients: "required", accept: anyProcess });
    const agent = worker.agent(({ name }) => name === "api");
    cleanUp.push(() => agent.destroy());
    expect(JSON.parse(await ask(port, { agent }))).toEqual({ trustDomain: "holdfast.test", kind: "process", name: "worker" });
  });

  test("speaks TLS 1.3 only", async () => {
    const { port } = await serve(await face("api"), { clients: "required" });
    const { roots } = await pki.trust();
    const shown = await shows("process", "worker");
    expect(await ask(port, { ...shown, ca: roots, maxVersion: "TLSv1.2" })).toMatch(/EPROTO|PROTOCOL_VERSION/);
    expect(await ask(port, { ...shown, ca: roots })).toContain("worker");
  });

  const bad: [what: string, made: () => Promise<{ cert?: string; key?: string }>][] = [
    ["none", async () => ({})],
    [
      "an expired one",
      async () => {
        offMs = -3 * dayMs;
        return shows("process", "worker");
      },
    ],
    [
      "one that is not valid yet",
      async () => {
        offMs = dayMs;
        return shows("process", "worker");
      },
    ],
    ["one for servers only", () => shows("process", "worker", { usages: ["server"] })],
    ["one of somebody else", () => shows("agent", "worker")],
    ["one of another authority with the same names", foreign],
    [
      "a revoked one",
      async () => {
        const shown = await shows("process", "worker");
        await pki.revoke({ id: shown.id, reason: "key_compromise" }, ada);
        return shown;
      },
    ],
    ["a self-signed one", selfSigned],
  ];
  test.each(bad)("refuses %s, also when certificates are optional", async (what, made) => {
    const { cert, key } = await made();
    offMs = 0;
    const tls = await face("api");
    const { roots } = await pki.trust();
    const shown = { ca: roots, ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
    for (const clients of ["required", "optional"] as const) {
      const { port, asked } = await serve(tls, { clients, accept: anyProcess });
      const answer = await ask(port, shown);
      if (what === "none" && clients === "optional") expect(answer).toBe("null");
      else {
        expect(answer).toMatch(refusals);
        expect(asked).toEqual([]);
      }
    }
  });

  test("does not let a revoked one back in by taking up its old session", async () => {
    const tls = await face("api");
    const { port, asked } = await serve(tls, { clients: "required", accept: anyProcess });
    const { roots } = await pki.trust();
    const { id, ...shown } = await shows("process", "worker");
    const sessions: Buffer[] = [];
    const first = connect({ host: "127.0.0.1", port, ca: roots, ...shown }).on("session", (session) => void sessions.push(session));
    first.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    await once(first.resume(), "close");
    expect(asked).toHaveLength(1);
    await pki.revoke({ id, reason: "key_compromise" }, ada);
    await tls.refresh();
    for (const session of [...sessions, undefined]) {
      expect(await ask(port, { ca: roots, ...shown, ...(session ? { session } : {}) })).toMatch(refusals);
    }
    expect(asked).toHaveLength(1);
  });
});

describe("a client", () => {
  test("refuses a server that is not the one it wants, or shows no good certificate", async () => {
    const [api, worker] = [await face("api"), await face("worker")];
    const { port, asked } = await serve(api, { clients: "required" });
    const agent = worker.agent(({ name }) => name === "gateway");
    cleanUp.push(() => agent.destroy());
    expect(await ask(port, { agent })).toBe("PKI_WRONG_NAME");
    for (const shown of [await foreign(), await selfSigned(), await shows("process", "api", { usages: ["client"] })]) {
      const server = createServer({ cert: shown.cert, key: shown.key }, (_incoming, answer) => answer.end("come in"));
      server.on("tlsClientError", () => undefined).listen(0, "127.0.0.1");
      await once(server, "listening");
      cleanUp.push(() => server.close());
      const said = await ask((server.address() as AddressInfo).port, worker.clientOptions(anyProcess) as RequestOptions);
      expect(said).toMatch(/SELF_SIGNED|UNABLE_TO|INVALID_PURPOSE|CERT_SIGNATURE_FAILURE|PKI_/);
    }
    expect(asked).toEqual([]);
  });
});

describe("while connections are open", () => {
  const revoke = async (tls: Tls): Promise<void> => {
    const fingerprint = new X509Certificate(tls.current().chain).fingerprint256.replaceAll(":", "").toLowerCase();
    const { items } = await pki.list({ limit: 500 });
    const id = items.find((one) => one.fingerprint === fingerprint)?.id ?? "";
    await pki.revoke({ id, reason: "key_compromise" }, ada);
  };
  const opened = async (port: number, worker: Tls): Promise<{ socket: TLSSocket; closed: Promise<unknown> }> => {
    const socket = connect({ host: "127.0.0.1", port, ...worker.clientOptions(anyProcess) });
    await once(socket, "secureConnect");
    socket.on("error", () => undefined).write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "data");
    return { socket, closed: once(socket.resume(), "close") };
  };

  test("a revoked client is cut, the others stay", async () => {
    const [api, worker, other] = [await face("api"), await face("worker"), await face("gateway")];
    const { port } = await serve(api, { clients: "required" });
    const [cut, stays] = [await opened(port, worker), await opened(port, other)];
    await revoke(worker);
    await api.refresh();
    await cut.closed;
    expect(stays.socket.destroyed).toBe(false);
    stays.socket.destroy();
  });

  test("revocations are seen without being told, within the set time", async () => {
    const source = pki.tlsSource({ kind: "process", name: "api", addresses: ["127.0.0.1"] });
    const api = await createTls({ source, clock: systemClock, log: silentLog, everyMs: 1000 });
    cleanUp.push(() => api.close());
    const worker = await face("worker");
    const { port } = await serve(api, { clients: "required" });
    const { closed } = await opened(port, worker);
    const revokedAt = Date.now();
    await revoke(worker);
    await closed;
    expect(Date.now() - revokedAt).toBeLessThan(60_000);
  });
});

describe("renewal", () => {
  const askOn = async (port: number, how: () => RequestOptions, until: () => boolean): Promise<{ good: number; bad: string[] }> => {
    const result = { good: 0, bad: [] as string[] };
    while (!until()) {
      const answer = await ask(port, how());
      if (answer.includes("worker")) result.good++;
      else result.bad.push(answer);
    }
    return result;
  };

  test("three times on both sides, under load on new and kept connections, fails no request", async () => {
    const [api, worker] = [await face("api"), await face("worker")];
    const { port } = await serve(api, { clients: "required", accept: anyProcess });
    const kept = worker.agent(anyProcess);
    cleanUp.push(() => kept.destroy());
    let over = false;
    const fresh = (): RequestOptions => worker.clientOptions(anyProcess);
    const asking = [() => ({ agent: kept }), () => ({ agent: kept }), fresh, fresh].map((how) => askOn(port, how, () => over));
    const seen = new Set([api.current().chain]);
    for (let i = 0; i < 3; i++) {
      await Promise.all([api.renew(), worker.renew()]);
      seen.add(api.current().chain);
      expect(await ask(port, { ...worker.clientOptions(anyProcess), agent: false })).toContain("worker");
    }
    over = true;
    const results = await Promise.all(asking);
    expect(seen.size).toBe(4);
    expect(results.flatMap(({ bad }) => bad)).toEqual([]);
    for (const { good } of results) expect(good).toBeGreaterThan(3);
  });

  test("happens by itself when two thirds of the term are over", async () => {
    let nowMs = Date.now();
    const waits: (() => void)[] = [];
    const stepped: Clock = {
      now: () => nowMs,
      sleep: (_ms, signal) =>
        new Promise((resolve, reject) => {
          waits.push(resolve);
          signal?.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    };
    const source = pki.tlsSource({ kind: "process", name: "api", termMs: 3 * 3_600_000 });
    const tls = await createTls({ source, clock: stepped, log: silentLog });
    cleanUp.push(() => tls.close());
    const first = tls.current().chain;
    const turn = async (): Promise<void> => {
      const before = waits.length;
      waits.at(-1)?.();
      while (waits.length === before) await new Promise((resolve) => setImmediate(resolve));
    };
    nowMs += 1.9 * 3_600_000;
    await turn();
    expect(tls.current().chain).toBe(first);
    nowMs += 0.2 * 3_600_000;
    await turn();
    expect(tls.current().chain).not.toBe(first);
  });
});
