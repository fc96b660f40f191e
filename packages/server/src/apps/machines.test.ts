/** Machines of service accounts over real TLS: enrolled once, known by their certificate, renewed by it, and out when it counts no more. */
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAudit } from "#core/audit";
import { createPki, type Pki } from "#core/pki";
import { silentLog } from "#platform/log";
import { loadSettings } from "#platform/settings";
import { machineRequest, tlsPair, type MachineRequest } from "#test/certificates";
import { testDatabase, type TestDatabase } from "#test/database";
import { runHoldfast, type Given } from "#test/holdfast-program";
import { testSecrets } from "#test/secrets";
import { compose, type Holdfast } from "./compose.ts";

interface Shown {
  cert?: string;
  key?: string;
}
interface Asked {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}
interface Answer {
  status: number;
  body: Record<string, string>;
}

const root = { actor: "system:test", access: "unlimited" } as const;
let database: TestDatabase;
let directory: string;
let holdfast: Holdfast;
let address: string;
let ca: string[];
let account: { id: string; etag: string };

/** Whoever asks, on a connection of its own. A connection that is refused gives the error's code. */
function ask(path: string, shown: Shown = {}, { method = "GET", body, headers = {} }: Asked = {}): Promise<Answer | string> {
  return new Promise((resolve) => {
    const text = body === undefined ? "" : JSON.stringify(body);
    const json = body === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) };
    const asking = request(`${address}${path}`, { agent: false, ca, method, ...shown, headers: { ...json, ...headers } }, (answer) => {
      let got = "";
      answer.on("data", (chunk: Buffer) => (got += chunk.toString()));
      answer.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: got === "" ? {} : (JSON.parse(got) as Answer["body"]) }));
    });
    asking.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asking.end(text);
  });
}

const enrolment = () => holdfast.identity.createEnrolment({ accountId: account.id, minutes: 10 }, root);
const enrol = (token: string, { csr }: MachineRequest) => ask("/api/v1/machines/enrol", {}, { method: "POST", body: { token, csr } });

async function machine(): Promise<Shown & { cert: string; key: string }> {
  const made = await machineRequest();
  const answer = await enrol((await enrolment()).token, made);
  if (typeof answer === "string") throw new Error(answer);
  return { cert: answer.body["chain"] ?? "", key: made.key };
}

beforeAll(async () => {
  database = await testDatabase();
  directory = mkdtempSync(join(tmpdir(), "holdfast-machines-"));
  const told = { HOLDFAST_TLS: "internal", HOLDFAST_TLS_CLIENTS: "optional" };
  const base = { HOLDFAST_HOME: directory, HOLDFAST_PORT: "0", HOLDFAST_ROLES: "api", DATABASE_URL: database.url };
  holdfast = await compose({ settings: loadSettings({ ...base, ...told }), log: silentLog, revocationsEveryMs: 200 });
  address = (await holdfast.start()) ?? "";
  ca = (await holdfast.pki.trust()).roots;
  account = await holdfast.identity.createServiceAccount({ name: "collector", grants: [{ role: "viewer", selector: "" }] }, root);
});
afterAll(async () => {
  await holdfast.stop();
  await database.drop();
  rmSync(directory, { recursive: true });
});

describe("a machine of a service account", () => {
  test("is enrolled by a token once, and may from then on what its account may", async () => {
    const { token, spiffeId } = await enrolment();
    const made = await machineRequest();
    const answer = await enrol(token, made);
    expect(answer).toMatchObject({ status: 201, body: { spiffeId, roots: ca } });
    const cert = (answer as Answer).body["chain"] ?? "";
    expect(new X509Certificate(cert).subjectAltName).toBe(`URI:${spiffeId}`);
    expect(spiffeId).toMatch(/^spiffe:\/\/holdfast\.internal\/agent\/usr_/);
    const shown = { cert, key: made.key };
    expect(await ask("/api/v1/auth/me", shown)).toMatchObject({ status: 200, body: { via: "certificate", user: { name: "collector" } } });
    expect(await ask("/api/v1/devices", shown)).toMatchObject({ status: 200 });
    expect(await ask("/api/v1/secrets", shown)).toMatchObject({ status: 403 });
    expect(await enrol(token, await machineRequest())).toMatchObject({ status: 401, body: { code: "identity_enrolment_refused" } });
    const { items } = await holdfast.audit.list({ action: "identity.machine.enrol", limit: 10 });
    expect(items.map((item) => item.subject)).toContain("user:collector");
  });

  test("gets its certificate and the next one by command; its key is for its owner alone", async () => {
    const run = (args: string[], given: Given = {}) => runHoldfast(directory, args, given);
    const { token } = await holdfast.identity.createEnrolment({ accountId: account.id, minutes: 5 }, root);
    writeFileSync(join(directory, "roots.pem"), ca.join(""));
    const place = ["--url", address, "--out", join(directory, "machine")];
    const made = await run(["machine", "enrol", ...place, "--ca", join(directory, "roots.pem")], { stdin: `${token}\n` });
    expect(made).toMatchObject({ code: 0, err: expect.stringMatching(/^spiffe:\/\/holdfast\.internal\/agent\/usr_\S+: good until /) });
    const read = (name: string) => readFileSync(join(directory, name), "utf8");
    const first = { cert: read("machine.pem"), key: read("machine.key") };
    expect(statSync(join(directory, "machine.key")).mode & 0o777).toBe(0o600);
    expect(await ask("/api/v1/auth/me", first)).toMatchObject({ status: 200 });
    expect(await run(["machine", "renew", ...place, "--due"])).toMatchObject({ code: 0, err: "" });
    expect(read("machine.pem")).toBe(first.cert);
    expect(await run(["machine", "renew", ...place])).toMatchObject({ code: 0 });
    const second = { cert: read("machine.pem"), key: read("machine.key") };
    expect([second.cert === first.cert, second.key === first.key]).toEqual([false, false]);
    expect(await ask("/api/v1/auth/me", second)).toMatchObject({ status: 200 });
    expect(await run(["machine", "enrol", ...place], { stdin: `${token}\n` })).toMatchObject({
      code: 6,
      err: expect.stringContaining("is there already"),
    });
    const elsewhere = ["--url", address, "--out", join(directory, "other"), "--ca", join(directory, "roots.pem")];
    expect(await run(["machine", "enrol", ...elsewhere], { stdin: `${token}\n` })).toMatchObject({ code: 2 });
  });

  test("that asks with a bad request keeps its token", async () => {
    const { token } = await enrolment();
    expect(await enrol(token, { csr: "nonsense", key: "" })).toMatchObject({ status: 400, body: { code: "pki_request_invalid" } });
    expect(await enrol(token, await machineRequest())).toMatchObject({ status: 201 });
  });

  test("renews by its certificate, with a key that never leaves it; nobody else can", async () => {
    const shown = await machine();
    const next = await machineRequest();
    const renewed = await ask("/api/v1/machines/renew", shown, { method: "POST", body: { csr: next.csr } });
    expect(renewed).toMatchObject({ status: 201 });
    const newer = { cert: (renewed as Answer).body["chain"] ?? "", key: next.key };
    expect(await ask("/api/v1/auth/me", newer)).toMatchObject({ status: 200, body: { via: "certificate" } });
    const { key } = await holdfast.identity.createServiceKey({ accountId: account.id, name: "k", scopes: [], expiresInDays: 1 }, root);
    const byKey = { method: "POST", body: { csr: next.csr }, headers: { authorization: `Bearer ${key}` } };
    expect(await ask("/api/v1/machines/renew", {}, byKey)).toMatchObject({ status: 403, body: { code: "identity_certificate_needed" } });
    expect(await ask("/api/v1/machines/renew", {}, { method: "POST", body: { csr: next.csr } })).toMatchObject({ status: 401 });
  });

  test("cannot be made by whoever may issue certificates: its name is enrolled alone", async () => {
    const by = { actor: "user:ada" };
    await expect(holdfast.pki.issue({ kind: "agent", name: account.id }, by)).rejects.toMatchObject({ code: "pki_name_reserved" });
    const shown = await machine();
    const serial = new X509Certificate(shown.cert).serialNumber.toLowerCase();
    const { items } = await holdfast.pki.list({ name: account.id });
    const id = items.find((item) => item.serial.replace(/^0+/, "") === serial.replace(/^0+/, ""))?.id ?? "";
    const stolen = holdfast.pki.renew({ id, csr: (await machineRequest()).csr }, by);
    await expect(stolen).rejects.toMatchObject({ code: "pki_name_reserved" });
  });

  test("is nobody with another agent's certificate or none, and refused with one that counts nowhere", async () => {
    expect(await ask("/api/v1/auth/me")).toMatchObject({ status: 401 });
    const agent = await holdfast.pki.issue({ kind: "agent", name: "lyon" }, root);
    expect(await ask("/api/v1/auth/me", { cert: agent.chain, key: agent.privateKey ?? "" })).toMatchObject({ status: 401 });
    const process = await holdfast.pki.issue({ kind: "process", name: account.id }, root);
    expect(await ask("/api/v1/auth/me", { cert: process.chain, key: process.privateKey ?? "" })).toMatchObject({ status: 401 });
    const self = await tlsPair();
    expect(await ask("/api/v1/auth/me", { cert: self.cert, key: self.key })).toMatch(/ECONNRESET|EPIPE|CERT/);
    expect(await ask("/api/v1/auth/me", await foreign())).toMatch(/ECONNRESET|EPIPE|CERT/);
    expect(await ask("/api/v1/auth/me", await expired())).toMatch(/ECONNRESET|EPIPE|CERT/);
  });

  test("is let in by no page in a browser, which shows the certificate to whoever asks", async () => {
    const shown = await machine();
    const csr = (await machineRequest()).csr;
    const fromPage = { method: "POST", body: { csr }, headers: { origin: "https://evil.example" } };
    expect(await ask("/api/v1/machines/renew", shown, fromPage)).toMatchObject({ status: 403 });
  });

  test("is out when its certificate is revoked, and at once when its account is disabled", async () => {
    const [shown, other] = [await machine(), await machine()];
    const serial = new X509Certificate(shown.cert).serialNumber.toLowerCase().replace(/^0+/, "");
    const { items } = await holdfast.pki.list({ name: account.id });
    const id = items.find((item) => item.serial.replace(/^0+/, "") === serial)?.id ?? "";
    await holdfast.pki.revoke({ id, reason: "key_compromise" }, root);
    await expect.poll(() => ask("/api/v1/auth/me", shown), { timeout: 10_000 }).toMatch(/ECONNRESET|EPIPE|CERT/);
    expect(await ask("/api/v1/auth/me", other)).toMatchObject({ status: 200 });
    const { etag } = (await holdfast.identity.listUsers({})).items.find((user) => user.id === account.id) ?? account;
    await holdfast.identity.updateUser({ id: account.id, etag, disabled: true }, root);
    expect(await ask("/api/v1/auth/me", other)).toMatchObject({ status: 401 });
    await expect(enrolment().then(({ token }) => machineRequest().then((made) => enrol(token, made)))).resolves.toMatchObject({
      status: 401,
    });
  });
});

/** Of an authority like ours that is not ours, for the same id. */
async function foreign(): Promise<Shown> {
  const elsewhere = await testDatabase();
  try {
    const pki = await authorityOn(elsewhere);
    const made = await machineRequest();
    const { chain } = await elsewhere.db.transaction().execute((tx) => pki.enrol(tx, { account: account.id, csr: made.csr }, root));
    return { cert: chain, key: made.key };
  } finally {
    await elsewhere.drop();
  }
}

async function authorityOn({ db }: TestDatabase): Promise<Pki> {
  const audit = createAudit({ db });
  const pki = createPki({ db, audit, secrets: await testSecrets({ db, audit }) });
  await pki.init({ trustDomain: "elsewhere.internal", name: "Elsewhere" }, root);
  return pki;
}

/** Ours, for the same id, of two months ago. */
async function expired(): Promise<Shown> {
  const audit = createAudit({ db: database.db });
  const clock = { now: () => Date.now() - 60 * 86_400_000, sleep: () => Promise.resolve() };
  const past = createPki({ db: database.db, audit, secrets: holdfast.secrets, clock });
  const made = await machineRequest();
  const { chain } = await database.db.transaction().execute((tx) => past.enrol(tx, { account: account.id, csr: made.csr }, root));
  return { cert: chain, key: made.key };
}
