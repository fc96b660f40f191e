import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get, request, type RequestOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { loadSettings } from "#platform/settings";
import { silentLog } from "#platform/log";
import { testDatabase, type TestDatabase } from "#test/database";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { compose, type Holdfast } from "./compose.ts";
import { filesSource } from "./tls.ts";

let database: TestDatabase;
let directory: string;
let running: Holdfast | undefined;
const ada = { actor: "user:ada" };

beforeAll(async () => {
  database = await testDatabase();
  directory = mkdtempSync(join(tmpdir(), "holdfast-https-"));
  const { holdfast } = await start({ HOLDFAST_TLS: "internal" });
  const made = await holdfast.pki.issue({ kind: "server", name: "holdfast.lan", addresses: ["127.0.0.1"] }, ada);
  const other = await holdfast.pki.issue({ kind: "server", name: "other.lan" }, ada);
  writeFileSync(join(directory, "chain.pem"), made.chain);
  writeFileSync(join(directory, "key.pem"), made.privateKey ?? "");
  writeFileSync(join(directory, "other.pem"), other.privateKey ?? "");
  await holdfast.stop();
});
afterEach(() => running?.stop());
afterAll(async () => {
  await database.drop();
  rmSync(directory, { recursive: true });
});

async function start(environment: Record<string, string>): Promise<{ holdfast: Holdfast; address: string }> {
  const base = { HOLDFAST_HOME: directory, HOLDFAST_PORT: "0", HOLDFAST_ROLES: "api", DATABASE_URL: database.url };
  const holdfast = await compose({ settings: loadSettings({ ...base, ...environment }), log: silentLog });
  running = holdfast;
  return { holdfast, address: (await holdfast.start()) ?? "" };
}

interface Answer {
  status: number;
  text: string;
  certificate: string;
  headers: Record<string, unknown>;
}

function ask(url: string, options: RequestOptions): Promise<Answer | string> {
  return new Promise((resolve) => {
    const asking = get(url, { agent: false, ...options }, (answer) => {
      const certificate = (answer.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256 ?? "";
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text, certificate, headers: answer.headers }));
    });
    asking.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

describe("the API over TLS", () => {
  test("makes an authority of its own, answers under it, and hands out its roots and lists to anybody", async () => {
    const { holdfast, address } = await start({ HOLDFAST_TLS: "internal" });
    expect(address).toMatch(/^https:/);
    const ca = (await holdfast.pki.trust()).roots;
    const health = await ask(`${address}/health/live`, { ca });
    expect(health).toMatchObject({ status: 200 });
    expect((health as Answer).headers["strict-transport-security"]).toMatch(/max-age/);
    expect(await ask(`${address}/pki/roots.pem`, { ca })).toMatchObject({ status: 200, text: ca.join("") });
    const list = (await holdfast.pki.crls())[0];
    expect(await ask(`${address}/pki/${list?.authority}.crl.pem`, { ca })).toMatchObject({ status: 200, text: list?.pem });
    expect(await ask(`${address}/pki/ssh-users.pub`, { ca })).toMatchObject({ text: expect.stringMatching(/^ssh-ed25519 /) });
    for (const name of ["nothing.pem", "..%2fkeys.json", "ca_1.key"])
      expect(await ask(`${address}/pki/${name}`, { ca })).toMatchObject({ status: 404 });
    expect(await ask(`${address}/health/live`, { ca, maxVersion: "TLSv1.2" })).toMatch(/EPROTO|PROTOCOL_VERSION/);
    expect(await ask(`${address}/health/live`, {})).toMatch(/SELF_SIGNED|UNABLE_TO/);
  });

  test("takes certificates of agents where they are optional, and refuses bad ones", async () => {
    const { holdfast, address } = await start({ HOLDFAST_TLS: "internal", HOLDFAST_TLS_CLIENTS: "optional" });
    const ca = (await holdfast.pki.trust()).roots;
    const { chain, privateKey = "", id } = await holdfast.pki.issue({ kind: "agent", name: "lyon" }, ada);
    const shown = { ca, cert: chain, key: privateKey };
    expect(await ask(`${address}/health/live`, { ca })).toMatchObject({ status: 200 });
    expect(await ask(`${address}/health/live`, shown)).toMatchObject({ status: 200 });
    // A certificate says who somebody is; nobody has given this one a permission.
    expect(await ask(`${address}/api/v1/devices`, shown)).toMatchObject({ status: 401 });
    await holdfast.pki.revoke({ id, reason: "key_compromise" }, ada);
    await holdfast.stop();
    const again = await start({ HOLDFAST_TLS: "internal", HOLDFAST_TLS_CLIENTS: "optional" });
    expect(await ask(`${again.address}/health/live`, shown)).toMatch(/ECONNRESET|EPIPE|ERR_SSL/);
  });

  test("lets a request that has begun come to its end when the process stops", async () => {
    const { holdfast, address } = await start({ HOLDFAST_TLS: "internal" });
    const ca = (await holdfast.pki.trust()).roots;
    const body = JSON.stringify({ name: "ada", password: "not the password" });
    const headers = { "content-type": "application/json", "content-length": body.length, expect: "100-continue" };
    const asking = request(`${address}/api/v1/auth/sign-in`, { ca, agent: false, method: "POST", headers });
    asking.flushHeaders();
    await once(asking, "continue");
    const idle = connect({ host: "127.0.0.1", port: Number(new URL(address).port), ca });
    await once(idle, "secureConnect");
    const stopped = holdfast.stop();
    await once(idle.resume(), "close"); // who asked nothing is sent away
    asking.end(body);
    const [answer] = (await once(asking, "response")) as [IncomingMessage];
    expect(answer.statusCode).toBeLessThan(500);
    answer.resume();
    await stopped;
  });

  test("uses the operator's files", async () => {
    const [chain, key] = [join(directory, "chain.pem"), join(directory, "key.pem")];
    const { holdfast, address } = await start({ HOLDFAST_TLS: "files", HOLDFAST_TLS_CERTIFICATE: chain, HOLDFAST_TLS_KEY: key });
    const answer = await ask(`${address}/health/live`, { ca: (await holdfast.pki.trust()).roots });
    expect(answer).toMatchObject({ status: 200, certificate: new X509Certificate(readFileSync(chain)).fingerprint256 });
  });

  test("does not start with files that do not fit together", async () => {
    const files = {
      HOLDFAST_TLS: "files",
      HOLDFAST_TLS_CERTIFICATE: join(directory, "chain.pem"),
      HOLDFAST_TLS_KEY: join(directory, "other.pem"),
    };
    await expect(start(files)).rejects.toMatchObject({ code: "tls_files_invalid" });
  });
});

test("files are read again when they change, and a pair that does not fit is left alone", async () => {
  const files = { chain: join(directory, "chain.pem"), key: join(directory, "key.pem") };
  const source = filesSource(files, () => Promise.reject(new Error("nobody asks")));
  const first = await source.obtain();
  expect(await source.changed?.()).toBe(false);
  const key = readFileSync(files.key);
  renameSync(join(directory, "other.pem"), files.key);
  expect(await source.changed?.()).toBe(true);
  await expect(source.obtain()).rejects.toMatchObject({ code: "tls_files_invalid" });
  expect(await source.changed?.()).toBe(true);
  writeFileSync(files.key, key);
  expect(createPrivateKey((await source.obtain()).key).equals(createPrivateKey(first.key))).toBe(true);
  expect(await source.changed?.()).toBe(false);
});
