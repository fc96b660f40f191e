/**
 * Secrets of every sort go through real acts, rightly and wrongly; then everything that the server says, keeps or starts is searched for them,
 * in every form in which they might have got there. What is kept sealed or hashed is searched as well: it must not be them.
 */
import { createPrivateKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { generateSync } from "otplib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startFleet, type Fleet } from "#world/fleet";
import { startVault, type SimulatedVault } from "#world/vault";
import { keyPair } from "#test/devices/bare-server";
import { startFortress, type Answer, type Call, type Fortress, type Person } from "#test/fortress";

const word = (name: string) => `${name}-${randomBytes(12).toString("hex")}`;
/** What nobody may ever see again, by what it is. */
const canaries: Record<string, string> = {
  "device password": word("canary-device"),
  "enable password": word("canary-enable"),
  "passphrase of an SSH key": word("canary-ssh"),
  "Git token": word("canary-git"),
  "SMTP password": word("canary-smtp"),
  "OpenID Connect client secret": word("canary-oidc"),
  "passphrase of the key ring": word("canary-ring"),
  "a person's password": word("Canary Person"),
  "a password typed wrongly": word("Canary Typo"),
  "a password that is refused": word("c"),
  "passphrase of an exported root": word("canary-root"),
};

let fortress: Fortress;
let vault: SimulatedVault;
let fleet: Fleet;
/** A Git server that takes connections and says nothing. */
let silent: Server;
let ada: Person;
const at = "/api/v1";
const said: string[] = [];
let inChildren = "";
const over = new AbortController();

const act = async (method: string, path: string, call: Call): Promise<Answer> => {
  const answer = await fortress.call(method, at + path, call);
  // What is given once is the point of its route; everything else that is answered is searched.
  if (answer.status >= 300 || method === "GET") said.push(answer.text);
  said.push([...answer.headers].filter(([name]) => name !== "set-cookie").join("\n"));
  return answer;
};
const must = async (status: number, method: string, path: string, call: Call): Promise<Answer["body"]> => {
  const answer = await act(method, path, call);
  expect([path, answer.status, answer.status === status ? "" : answer.text]).toEqual([path, status, ""]);
  return answer.body;
};

beforeAll(async () => {
  vault = await startVault();
  canaries["Vault token"] = vault.token({ policies: ["default"], ttlS: 3600 });
  silent = createServer();
  await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
  fortress = await startFortress({
    HOLDFAST_KEY_PASSPHRASE: canaries["passphrase of the key ring"] ?? "",
    HOLDFAST_SMTP_URL: `smtp://holdfast:${canaries["SMTP password"]}@127.0.0.1:1`,
    HOLDFAST_VAULT_ADDR: vault.address,
    HOLDFAST_VAULT_AUTH: "token",
    HOLDFAST_VAULT_TOKEN: canaries["Vault token"] ?? "",
    HOLDFAST_VAULT_REFERENCES: "kv/network",
    HOLDFAST_PUBLIC_URL: "http://holdfast.example",
    HOLDFAST_EGRESS_ALLOW: "127.0.0.1",
    HOLDFAST_PASSWORD_PROFILE: "asvs",
    HOLDFAST_LOG_LEVEL: "trace",
  });
  fleet = await startFleet({
    devices: [
      {
        name: "r1",
        platform: "frr",
        config: "frr version 8.4.4\nhostname r1\n",
        username: "holdfast",
        password: canaries["device password"] ?? "",
      },
    ],
  });
  ada = await fortress.person("ada", "admin");
  canaries["API key"] = ada.key;
  canaries["session cookie"] = ada.cookie;
  void listen();
}, 60_000);
afterAll(async () => {
  over.abort();
  silent.close();
  await fleet.stop();
  await fortress.drop();
  await vault.close();
});

/** What the live stream tells an administrator. */
async function listen(): Promise<void> {
  const stream = await fetch(`${fortress.url}${at}/events`, { headers: { authorization: `Bearer ${ada.key}` }, signal: over.signal });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of stream.body ?? []) said.push(decoder.decode(chunk as Uint8Array));
  } catch (thrown) {
    if (!over.signal.aborted) throw thrown;
  }
}

describe("secrets", () => {
  test("of devices and repositories are stored, used, misused and removed", async () => {
    const pair = keyPair("rsa", canaries["passphrase of an SSH key"]);
    canaries["SSH private key"] = pair.private.split("\n")[2] ?? "";
    const password = {
      kind: "password",
      username: "holdfast",
      password: canaries["device password"],
      enablePassword: canaries["enable password"],
    };
    const key = { kind: "ssh_key", username: "holdfast", privateKey: pair.private, passphrase: canaries["passphrase of an SSH key"] };
    const device = await must(201, "POST", "/secrets", { key: ada.key, body: { name: "device", value: password } });
    await must(201, "POST", "/secrets", {
      key: ada.key,
      body: { name: "key", value: key },
      headers: { "idempotency-key": "store-the-key" },
    });
    await must(201, "POST", "/secrets", {
      key: ada.key,
      body: { name: "git", value: { kind: "git_https", username: "ada", token: canaries["Git token"] } },
    });
    for (const value of [
      { ...password, kind: "passwort" },
      { ...password, username: "" },
      { ...key, privateKey: 5, passphrase: [canaries["passphrase of an SSH key"]] },
    ])
      await must(400, "POST", "/secrets", { key: ada.key, body: { name: "wrong", value } });
    await must(400, "POST", "/secrets", { key: ada.key, body: `{"name": "x", "value": "${canaries["device password"]}` });
    await must(409, "POST", "/secrets", { key: ada.key, body: { name: "device", value: password } });
    const r1 = { name: "r1", platform: "frr", address: "127.0.0.1", port: fleet.device("r1").port, credential: "device" };
    await must(201, "POST", "/devices", { key: ada.key, body: r1 });
    await must(201, "POST", "/devices", { key: ada.key, body: { ...r1, name: "r2", credential: "key" } });
    await must(201, "POST", "/devices", { key: ada.key, body: { ...r1, name: "r3", credential: "vault:kv/network/r3#password" } });
    const trusted = { key: ada.key, body: { fingerprint: fleet.device("r1").fingerprint, reason: "known" } };
    for (const name of ["r1", "r2"]) await must(200, "POST", `/devices/${name}/host-key/trust`, trusted);
    expect((await act("POST", "/devices/r3/host-key/trust", trusted)).body.code).toBe("secrets_vault_forbidden"); // Vault was asked
    const { items } = (await must(202, "POST", "/backups", { key: ada.key, body: {} })) as unknown as { items: { problem?: string }[] };
    expect(items.map(({ problem }) => problem === undefined)).toEqual([true, false, false]);
    await must(200, "GET", "/secrets", { key: ada.key });
    const headers = { "if-match": `"${String(device["etag"])}"` };
    await must(200, "PUT", `/secrets/${String(device["id"])}`, { key: ada.key, body: { value: password }, headers });
    await must(200, "GET", `/secrets/${String(device["id"])}/versions`, { key: ada.key });
  });

  test("of a repository are with git while it fetches, in no argument and no environment", async () => {
    const asked = once(silent, "connection") as Promise<[Socket]>;
    const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/net.git`;
    const created = act("POST", "/repositories", { key: ada.key, body: { name: "net", url, secret: "git" } });
    const [socket] = await asked;
    inChildren = childrenOf(process.pid);
    socket.destroy();
    expect((await created).status).toBe(201);
    expect(inChildren).toContain(url);
  });

  test("of people are chosen, typed, mistyped and changed", async () => {
    const { identity } = fortress.holdfast;
    const password = canaries["a person's password"] ?? "";
    await identity.createUser({ name: "bob", grants: [{ role: "viewer" }], password }, { actor: "system:test", access: "unlimited" });
    await must(401, "POST", "/auth/sign-in", { body: { name: "bob", password: canaries["a password typed wrongly"] } });
    await must(401, "POST", "/auth/sign-in", { body: { name: canaries["a password typed wrongly"]?.slice(0, 60), password } });
    const signedIn = await act("POST", "/auth/sign-in", { body: { name: "bob", password } });
    const cookie = /holdfast_session=([^;]*)/.exec(signedIn.headers.get("set-cookie") ?? "")?.[1] ?? "";
    canaries["session of a person"] = cookie;
    const refused = { current: password, new: canaries["a password that is refused"]?.slice(0, 10) };
    expect((await act("POST", "/auth/password", { cookie, body: refused })).status).toBe(400);
    const { secret } = (await must(200, "POST", "/auth/factors/totp", { cookie })) as { secret: string };
    canaries["TOTP seed"] = secret;
    const code = generateSync({ secret, epoch: Math.floor(Date.now() / 1000) });
    const { backupCodes } = (await must(200, "POST", "/auth/factors/totp/confirm", { cookie, body: { code } })) as {
      backupCodes: string[];
    };
    canaries["backup code"] = backupCodes[0] ?? "";
    const traded = await must(201, "POST", "/auth/token", { cookie });
    canaries["access token"] = String(traded["accessToken"]);
    canaries["refresh token"] = String(traded["refreshToken"]);
    await must(200, "POST", "/auth/token/refresh", { body: { refreshToken: canaries["refresh token"] } });
    await must(401, "POST", "/auth/token/refresh", { body: { refreshToken: canaries["refresh token"] } });
    const { token } = await identity.createSignInLink("bob", { actor: "system:test" });
    canaries["sign-in link"] = token;
    await act("POST", "/auth/reset-request", { body: { who: "bob" } });
    await must(401, "POST", "/auth/link", { body: { token: `${token.slice(0, -1)}_` } });
  });

  test("of programs, providers and our own authority are made and used", async () => {
    const settings = { kind: "oidc", issuer: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`, clientId: "holdfast" };
    const provider = { id: "idp", name: "idp", settings, secret: canaries["OpenID Connect client secret"] };
    await must(201, "POST", "/identity-providers", { key: ada.key, body: provider });
    silent.once("connection", (socket) => socket.destroy());
    await act("POST", "/auth/providers/idp/start", { body: {} });
    const { id } = await must(201, "POST", "/service-accounts", { key: ada.key, body: { name: "bot", grants: [{ role: "viewer" }] } });
    const made = await must(201, "POST", `/service-accounts/${String(id)}/secrets`, { key: ada.key, body: {} });
    canaries["client secret of a program"] = String(made["clientSecret"]);
    const { privateKey } = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    canaries["a key that was pasted into the wrong field"] = privateKey.split("\n")[1] ?? "";
    await must(400, "POST", "/pki/import", { key: ada.key, body: { certificate: privateKey, key: privateKey } });
    expect(createPrivateKey(privateKey).asymmetricKeyType).toBe("ec");
  });
});

describe("none of them is", () => {
  test("in any line of the log, at the level trace", () => expect(foundIn(fortress.logLines.join(""))).toEqual([]));

  test("in any answer that does not give it out, any refusal, any header, the live stream or the metrics", async () => {
    await vi.waitUntil(() => said.some((text) => text.includes("event:") || text.includes("data:")));
    const { text } = await fortress.call("GET", "/metrics");
    expect(foundIn(said.join("\n") + text)).toEqual([]);
  });

  test("in the audit trail as it is shown and exported", async () => {
    const exports = await Promise.all(
      ["/audit?limit=500", "/audit/export", "/audit/export?format=csv"].map((path) => fortress.call("GET", at + path, ada)),
    );
    expect(exports.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(exports[1]?.text).toContain("secrets.secret.create");
    expect(foundIn(exports.map(({ text }) => text).join("\n"))).toEqual([]);
  });

  test("in the clear in any row of any table", async () => {
    const { rows: tables } = await fortress.database.owner.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
    );
    expect(tables.length).toBeGreaterThan(40);
    const union = tables.map(({ name }) => `select '${name}' as name, t::text as row from ${name} t`).join(" union all ");
    const { rows } = await fortress.database.owner.query<{ name: string; row: string }>(union);
    expect(rows.length).toBeGreaterThan(100);
    const found = rows.flatMap(({ name, row }) => foundIn(row).map((what) => `${what} in ${name}`));
    expect(found).toEqual([]);
  });

  test("in any file of the server's home", () => {
    const files = readdirSync(fortress.home, { recursive: true, encoding: "utf8" }).map((name) => join(fortress.home, name));
    const texts = files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file, "latin1"));
    expect(texts.length).toBeGreaterThan(0);
    expect(foundIn(texts.join("\n"))).toEqual([]);
  });

  test("in an argument or the environment of a program that was started, or of this one", () => {
    expect(inChildren.length).toBeGreaterThan(0);
    expect(foundIn(inChildren + readFileSync("/proc/self/cmdline", "latin1"))).toEqual([]);
  });

  test("missed: each form of each would be found", () => {
    expect(Object.keys(canaries).length).toBeGreaterThanOrEqual(20);
    for (const [what, secret] of Object.entries(canaries)) {
      expect([what, secret.length >= 10]).toEqual([what, true]);
      for (const form of [
        secret,
        ...["", "x", "xy"].map((lead) => Buffer.from(`${lead}${secret}!`).toString("base64")),
        Buffer.from(secret).toString("hex"),
      ])
        expect([what, foundIn(`before ${form} behind`)]).toEqual([what, expect.arrayContaining([what])]);
    }
  });
});

/** The canaries that are in a text: as they are, in an address, in JSON, in base64 at any place, in hexadecimal. */
function foundIn(text: string): string[] {
  const lower = text.toLowerCase();
  return Object.entries(canaries)
    .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)) || lower.includes(Buffer.from(secret).toString("hex")))
    .map(([what]) => what);
}

const known = new Map<string, string[]>();
function formsOf(secret: string): string[] {
  const forms = known.get(secret) ?? [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), ...inBase64(secret)];
  known.set(secret, forms);
  return forms;
}

/** As part of a longer text it may begin at each of three places of a group; its ends depend on its neighbours. */
function inBase64(secret: string): string[] {
  const all = [0, 1, 2].map((lead) => {
    const text = Buffer.concat([Buffer.alloc(lead), Buffer.from(secret)])
      .toString("base64")
      .replace(/=+$/, "");
    return text.slice(lead === 0 ? 0 : lead + 1, text.length - 1);
  });
  return all.flatMap((text) => [text, text.replaceAll("+", "-").replaceAll("/", "_")]);
}

/** Command lines and environments of what a process has started, and of what that has. */
function childrenOf(parent: number): string {
  const stats = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid: Number(pid), parent: Number(read(`/proc/${pid}/stat`).split(") ")[1]?.split(" ")[1]) }));
  const below = (of: number): number[] => stats.filter((one) => one.parent === of).flatMap(({ pid }) => [pid, ...below(pid)]);
  return below(parent)
    .flatMap((pid) => [read(`/proc/${pid}/cmdline`), read(`/proc/${pid}/environ`)])
    .join("\n");
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // it ended meanwhile
  }
}
