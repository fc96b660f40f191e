import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "@holdfast/kit";
import { vaultScene, type VaultScene } from "#test/vault";
import type { VaultSettings } from "#platform/settings-secrets";
import type { Condition } from "#world/vault";
import { startVault } from "#world/vault";
import { createMetrics } from "#platform/metrics";
import { certificateRequest, tlsPair } from "#test/certificates";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createVault, type Vault } from "./index.ts";

let scene: VaultScene;
let vault: Vault;
let directory: string;
const minute = 60_000;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "holdfast-vault-"));
  scene = await vaultScene({ namespace: "network", databaseTtlS: 3600, databaseMaxTtlS: 7200 });
  vault = open();
});
afterEach(async () => {
  await vault.close();
  await scene.server.close();
  rmSync(directory, { recursive: true });
  // Whatever happened: nothing secret in an address or a log.
  const secret = [...scene.server.lives.tokens.keys(), ...scene.server.seen.flatMap((one) => tokensOf(one.headers, one.body))];
  expect(secret.length).toBeGreaterThan(0);
  const said = [...scene.server.seen.map(({ url }) => url), ...scene.lines].join("\n");
  for (const text of secret) expect(said).not.toContain(text);
});

function open(settings: Partial<VaultSettings> = {}): Vault {
  return createVault({ settings: { ...scene.settings, ...settings }, log: scene.log, clock: scene.clock });
}
async function reopen(settings: Partial<VaultSettings>): Promise<void> {
  await vault.close();
  vault = open(settings);
}
function tokensOf(headers: Record<string, unknown>, body: string): string[] {
  const inBody = body === "" ? {} : (JSON.parse(body) as Record<string, unknown>);
  return [headers["x-vault-token"], inBody["secret_id"], inBody["jwt"], inBody["token"]].filter((one) => typeof one === "string");
}
const count = (path: string): number => scene.server.seen.filter(({ url }) => url.startsWith(`/v1/${path}`)).length;
const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing was refused",
    (thrown: unknown) => (thrown as { code: string }).code,
  );
const given = (text: string) => ({ text: new Secret(text) });
const inFile = (text: string): { file: string } => {
  writeFileSync(join(directory, "given"), `${text}\n`);
  return { file: join(directory, "given") };
};

describe("signing in", () => {
  const use = () => vault.kv.read("kv/network/none");

  test("by AppRole happens at the first use, once for all who wait for it", async () => {
    expect(scene.server.seen).toEqual([]);
    await Promise.all(Array.from({ length: 20 }, use));
    expect(count("auth/approle/login")).toBe(1);
    expect(vault.epoch()).toBe(1);
  });

  test("by a Kubernetes service account reads its token anew each time", async () => {
    const { jwt } = scene.server.kubernetesRole("holdfast", { policies: ["holdfast"], ttlS: 600, maxTtlS: 600 });
    const jwtFile = inFile("stale.jwt.text").file;
    await reopen({ signIn: { by: "kubernetes", mount: "kubernetes", role: "holdfast", jwtFile } });
    expect(await code(use())).toBe("secrets_vault_signed_out");
    inFile(jwt);
    await use();
  });

  test("by a token takes the one that is given, and the file's newest", async () => {
    const first = scene.server.token({ policies: ["holdfast"], ttlS: 600, renewable: false });
    await reopen({ signIn: { by: "token", token: inFile(first) } });
    await use();
    scene.held.advance(11 * minute);
    inFile(scene.server.token({ policies: ["holdfast"], ttlS: 600 }));
    await use();
    expect(vault.epoch()).toBe(2);
  });

  test("with what does not count is refused with the place to mend", async () => {
    const { signIn } = scene.settings;
    if (signIn.by !== "approle") throw new Error("the scene signs in by AppRole");
    await reopen({ signIn: { ...signIn, secretId: given("wrong-secret-id") } });
    await expect(use()).rejects.toThrow("auth/approle/login refuses what it was given");
    await reopen({ signIn: { by: "token", token: given("hvs.wrong-token") } });
    await expect(use()).rejects.toThrow("the token that it was given does not count");
    await reopen({ signIn: { by: "token", token: { file: join(directory, "none") } } });
    await expect(use()).rejects.toThrow("cannot be read");
  });

  test("is done again when Vault forgot the token, and what was asked is answered", async () => {
    await use();
    for (const { id, policies } of scene.server.lives.tokens.values()) if (!policies.includes("root")) scene.server.lives.revokeToken(id);
    expect(await vault.kv.read("kv/network/none")).toBeUndefined();
    expect(count("auth/approle/login")).toBe(2);
  });

  test("is not done again where the token counts and only the path is not allowed", async () => {
    await expect(vault.kv.read("kv/other/secret")).rejects.toThrow("Vault does not allow Holdfast to use kv/data/other/secret");
    expect(count("auth/approle/login")).toBe(1);
  });

  test("is renewed at two thirds of the token's life, and repeated near its longest", async () => {
    const role = scene.server.appRole("short", { policies: ["holdfast"], ttlS: 3600, maxTtlS: 7200 });
    await reopen({ signIn: { by: "approle", mount: "approle", roleId: role.roleId, secretId: given(role.secretId), wrapped: false } });
    await use();
    const firstEnd = vault.tokenEndsMs() ?? 0;
    scene.held.advance(39 * minute);
    expect(count("auth/token/renew-self")).toBe(0);
    scene.held.advance(minute);
    await vi.waitFor(() => expect(vault.tokenEndsMs()).toBe(firstEnd + 40 * minute));
    scene.held.advance(40 * minute); // 80 minutes: 40 of 60 are left to give
    await vi.waitFor(() => expect(vault.tokenEndsMs()).toBe(firstEnd + 60 * minute));
    scene.held.advance(27 * minute); // 107 minutes: 13 are left, less than half a life
    await vi.waitFor(() => expect(vault.tokenEndsMs()).toBeUndefined());
    await use();
    expect(vault.epoch()).toBe(2);
  });

  test("is ended with the process", async () => {
    await use();
    expect(scene.server.lives.tokens.size).toBe(2);
    await vault.close();
    expect(scene.server.lives.tokens.size).toBe(1);
  });
});

describe("a wrapped secret id", () => {
  const wrappedBy = async (path: string): Promise<string> => {
    const response = await fetch(`${scene.server.address}/v1/${path}`, {
      method: "POST",
      headers: { "x-vault-token": scene.server.rootToken, "x-vault-wrap-ttl": "300s" },
      body: JSON.stringify({ data: { secret_id: "planted" } }),
    });
    return ((await response.json()) as { wrap_info: { token: string } }).wrap_info.token;
  };
  const signIn = (token: string): VaultSettings["signIn"] =>
    ({ ...scene.settings.signIn, secretId: given(token), wrapped: true }) as VaultSettings["signIn"];

  test("is unwrapped once and serves for later sign-ins", async () => {
    await reopen({ signIn: signIn(await wrappedBy("auth/approle/role/holdfast/secret-id")) });
    await vault.kv.read("kv/network/none");
    for (const { id, policies } of scene.server.lives.tokens.values()) if (!policies.includes("root")) scene.server.lives.revokeToken(id);
    await vault.kv.read("kv/network/none");
    expect(count("sys/wrapping/unwrap")).toBe(1);
  });

  test("that somebody else unwrapped is an alarm", async () => {
    const token = await wrappedBy("auth/approle/role/holdfast/secret-id");
    await vault.wrapping.unwrap(token);
    await reopen({ signIn: signIn(token) });
    await expect(vault.kv.read("kv/network/none")).rejects.toThrow("If nobody of yours unwrapped it, somebody else did");
  });

  test("that was wrapped by another path is not used", async () => {
    await reopen({ signIn: signIn(await wrappedBy("kv/data/planted")) });
    await expect(vault.kv.read("kv/network/none")).rejects.toThrow("was not wrapped by its AppRole");
    expect(count("sys/wrapping/unwrap")).toBe(0);
  });
});

test("what is asked of Vault is counted by how it ended, and the token's end can be watched", async () => {
  const metrics = createMetrics();
  const watched = createVault({ settings: scene.settings, log: scene.log, clock: scene.clock, metrics });
  const page = async (): Promise<string[]> => (await metrics.page()).text.split("\n").filter((line) => line.startsWith("holdfast_vault_"));
  expect(await page()).toEqual([]);
  await watched.kv.read("kv/holdfast/none");
  scene.server.condition = "sealed";
  await expect(watched.kv.read("kv/holdfast/none")).rejects.toMatchObject({ code: "secrets_vault_sealed" });
  expect(await page()).toEqual([
    'holdfast_vault_requests_total{outcome="ok"} 2',
    'holdfast_vault_requests_total{outcome="missing"} 1',
    'holdfast_vault_requests_total{outcome="sealed"} 3',
    "holdfast_vault_token_ttl_seconds 3600",
  ]);
  scene.server.condition = "active";
  await watched.close();
});

test("an answer may be wrapped for somebody else, who has it once", async () => {
  await scene.server.operate("POST", "kv/data/network/r1", { data: { password: "hunter2" } });
  const { token, ttlS } = await vault.wrapped("kv/data/network/r1", 60);
  expect(ttlS).toBe(60);
  expect(await vault.wrapping.lookUp(token)).toEqual({ creationPath: "kv/data/network/r1", ttlS: 60 });
  expect(await vault.wrapping.unwrap(token)).toMatchObject({ data: { data: { password: "hunter2" } } });
  expect(await code(vault.wrapping.unwrap(token))).toBe("secrets_vault_unwrapped");
  const late = await vault.wrapped("kv/data/network/r1", 60);
  scene.held.advance(minute);
  expect(await code(vault.wrapping.unwrap(late.token))).toBe("secrets_vault_unwrapped");
});

describe("a Vault that cannot be used", () => {
  const conditions: [Condition, string][] = [
    ["sealed", "secrets_vault_sealed"],
    ["uninitialized", "secrets_vault_uninitialized"],
    ["performance_standby", "secrets_vault_standby"],
    ["dr_secondary", "secrets_vault_standby"],
    ["unreachable", "secrets_vault_unreachable"],
  ];
  test.each(conditions)("because it is %s, says so, and is used again after", async (condition, expected) => {
    await vault.kv.read("kv/network/none");
    scene.server.condition = condition;
    expect(await code(vault.kv.read("kv/network/none"))).toBe(expected);
    expect(await vault.health()).toMatchObject({ state: condition });
    scene.server.condition = "active";
    expect(await vault.kv.read("kv/network/none")).toBeUndefined();
    expect(await vault.health()).toEqual({ state: "active", version: "0.0.0-simulated" });
  });

  test("because nobody listens there, says so", async () => {
    await reopen({ address: "http://127.0.0.1:1" });
    expect(await code(vault.kv.read("kv/network/none"))).toBe("secrets_vault_unreachable");
    expect(await vault.health()).toMatchObject({ state: "unreachable" });
    await reopen({});
    await vault.kv.read("kv/network/none");
  });

  test("because it is a standby, sends on to the active node", async () => {
    const standby = await startVault();
    standby.condition = "standby";
    standby.activeAddress = scene.server.address;
    await reopen({ address: standby.address });
    await scene.server.operate("POST", "kv/data/network/r1", { data: { password: "x" } });
    expect(await vault.kv.read("kv/network/r1")).toMatchObject({ version: 1 });
    expect(await vault.health()).toMatchObject({ state: "standby" });
    await standby.close();
  });

  test.each([[500], [502], [503], [0]])("for a moment (%i) is asked again for what may be read twice", async (fault) => {
    await vault.kv.read("kv/network/none");
    scene.server.faults.push(fault, fault);
    expect(await vault.kv.read("kv/network/none")).toBeUndefined();
  });

  test.each([[500], [0]])("for a moment (%i) is not asked twice for what makes something", async (fault) => {
    await vault.kv.mountOf("database/creds/reader");
    scene.server.faults.push(fault);
    await expect(vault.dynamic.take("database/creds/reader")).rejects.toMatchObject({ kind: "unavailable" });
    expect(count("database/creds/reader")).toBe(1);
    scene.server.faults.push(429); // it says that it did nothing
    await vault.dynamic.take("database/creds/reader");
    expect(scene.server.databaseUsers.size).toBe(1);
  });
});

describe("key/value secrets", () => {
  test("of version 2 have versions; a write that others overtook is refused", async () => {
    const path = "kv/holdfast/one";
    expect(await vault.kv.write(path, { a: "1" }, 0)).toBe(1);
    expect(await vault.kv.write(path, { a: "2" }, 1)).toBe(2);
    expect(await code(vault.kv.write(path, { a: "3" }, 1))).toBe("secrets_vault_conflict");
    expect(await vault.kv.read(path)).toEqual({ fields: { a: "2" }, version: 2 });
    expect(await vault.kv.read(path, 1)).toEqual({ fields: { a: "1" }, version: 1 });
    await vault.kv.destroy(path, 1);
    expect(await vault.kv.read(path, 1)).toBeUndefined();
    await vault.kv.forget(path);
    expect(await vault.kv.read(path)).toBeUndefined();
    expect(await vault.kv.write(path, { a: "1" }, 0)).toBe(1);
  });

  test("of version 1 have one value", async () => {
    expect(await vault.kv.write("secret/one", { a: "1" }, 0)).toBe(0);
    await vault.kv.write("secret/one", { a: "2" }, 0);
    expect(await vault.kv.read("secret/one")).toEqual({ fields: { a: "2" }, version: 0 });
    await vault.kv.forget("secret/one");
    expect(await vault.kv.read("secret/one")).toBeUndefined();
  });

  test("are asked for by their mount, which is asked for once in five minutes", async () => {
    for (let i = 0; i < 5; i++) await vault.kv.read(`kv/network/r${i}`);
    expect(count("sys/internal/ui/mounts/")).toBe(1);
    scene.held.advance(5 * minute);
    await vault.kv.read("kv/network/r1");
    expect(count("sys/internal/ui/mounts/")).toBe(2);
    await expect(vault.kv.read("database/creds/reader")).rejects.toMatchObject({ code: "secrets_vault_not_kv" });
  });

  test.each(["kv/../sys/seal", "kv//a", "kv/a.", "kv/a/", "kv/./a", "kv/a\u0000", "kv\\a", "kv/...", `kv/${"a".repeat(600)}`])(
    "at %j are not asked for",
    async (path) => {
      await vault.kv.read("kv/network/none");
      const before = scene.server.seen.length;
      expect(await code(vault.kv.read(path))).toBe("secrets_vault_path");
      expect(scene.server.seen.length).toBe(before);
    },
  );

  test("with ? and # and spaces in their names are what they are", async () => {
    await scene.server.operate("POST", "kv/data/network/a?b#c d%2e", { data: { a: "1" } });
    expect(await vault.kv.read("kv/network/a?b#c d%2e")).toMatchObject({ version: 1 });
  });

  test("of a namespace are its own", async () => {
    const policies = ["holdfast"];
    const mine = scene.server.token({ policies, namespace: "network" });
    const signIn = { by: "token", token: given(mine) } as const;
    await reopen({ signIn, namespace: "network" });
    await vault.kv.write("kv/holdfast/one", { a: "1" }, 0);
    await reopen({ signIn });
    expect(await code(vault.kv.read("kv/holdfast/one"))).toBe("secrets_vault_signed_out");
    await reopen({});
    expect(await vault.kv.read("kv/holdfast/one")).toBeUndefined();
  });
});

describe("the engines of Vault", () => {
  beforeEach(() => reopen({ signIn: { by: "token", token: given(scene.server.rootToken) } }));

  test("transit: what was encrypted opens after rotations, also rewrapped", async () => {
    const transit = vault.transit("transit");
    const [plain, first] = [Buffer.from("key ring"), await transit.encrypt("holdfast", Buffer.from("key ring"))];
    expect(first).toMatch(/^vault:v1:/);
    await transit.rotate("holdfast");
    const second = await transit.rewrap("holdfast", first);
    expect(second).toMatch(/^vault:v2:/);
    expect(await transit.decrypt("holdfast", first)).toEqual(plain);
    expect(await transit.decrypt("holdfast", second)).toEqual(plain);
    await expect(transit.decrypt("holdfast", `${second.slice(0, -6)}AAAA==`)).rejects.toMatchObject({ code: "secrets_vault_refused" });
  });

  test("PKI: a certificate with its key, one for a key of ours, a revocation", async () => {
    const pki = vault.pki("pki");
    const wanted = { commonName: "r1.example.net", altNames: ["r1-alt.example.net"], ipSans: ["192.0.2.1"], ttl: "1h" };
    const issued = await pki.issue("device", wanted);
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.verify(new X509Certificate(issued.issuer).publicKey)).toBe(true);
    expect(certificate.subjectAltName).toBe("DNS:r1.example.net, DNS:r1-alt.example.net, IP Address:192.0.2.1");
    expect(issued.privateKey).toContain("PRIVATE KEY");
    expect(issued.serial.replaceAll(":", "").toUpperCase()).toBe(certificate.serialNumber);
    const signed = await pki.sign("device", await certificateRequest("r2.example.net"), { commonName: "r2.example.net" });
    expect(new X509Certificate(signed.certificate).subject).toBe("CN=r2.example.net");
    expect(signed).not.toHaveProperty("privateKey");
    await expect(pki.issue("device", { commonName: "evil.example.org" })).rejects.toMatchObject({ code: "secrets_vault_refused" });
    await pki.revoke(signed.serial);
    expect(scene.server.pki.revoked).toEqual(new Set([signed.serial]));
  });

  test("SSH: a certificate for a key of ours, by the authority that devices trust", async () => {
    const ssh = vault.ssh("ssh");
    const { x = "" } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
    const blob = Buffer.concat([Buffer.from("\0\0\0\u000bssh-ed25519\0\0\0 ", "latin1"), Buffer.from(x, "base64url")]);
    const { certificate, serial } = await ssh.sign("device", {
      publicKey: `ssh-ed25519 ${blob.toString("base64")}`,
      principals: ["netops"],
      ttl: "5m",
    });
    const bytes = Buffer.from(certificate.split(" ")[1] ?? "", "base64");
    const ca = await ssh.publicKey();
    expect(ca).toBe(scene.server.sshCaLine);
    expect(bytes.includes(Buffer.from(ca.split(" ")[1] ?? "", "base64"))).toBe(true);
    expect(bytes.includes(Buffer.from("\0\0\0\u0006netops", "latin1"))).toBe(true);
    expect(serial).toBe("0000000000000001");
    await expect(ssh.sign("device", { publicKey: "ssh-rsa AAAA", principals: ["netops"] })).rejects.toMatchObject({
      code: "secrets_vault_refused",
    });
  });

  test("database credentials live as long as their lease", async () => {
    const { leaseId, ttlMs, renewable, fields } = await vault.dynamic.take("database/creds/reader");
    expect({ ttlMs, renewable }).toEqual({ ttlMs: 60 * minute, renewable: true });
    expect(scene.server.databaseUsers).toEqual(new Set([fields["username"]]));
    scene.held.advance(50 * minute);
    expect(await vault.dynamic.renew(leaseId, ttlMs)).toBe(60 * minute);
    scene.held.advance(50 * minute);
    expect(await vault.dynamic.renew(leaseId, ttlMs)).toBe(20 * minute); // two hours are its longest life
    await vault.dynamic.revoke(leaseId);
    expect(scene.server.databaseUsers.size).toBe(0);
    await vault.dynamic.revoke(leaseId);
    expect(await code(vault.dynamic.renew(leaseId, ttlMs))).toBe("secrets_vault_refused");
  });
});

describe("over TLS", () => {
  test("a Vault with a certificate of the authority that is given is trusted, and no other", async () => {
    const pair = await tlsPair();
    const server = await startVault({ tls: { key: pair.key, cert: pair.cert }, now: scene.held.now });
    const caFile = join(directory, "ca.pem");
    writeFileSync(caFile, pair.ca);
    const signIn = { by: "token", token: given(server.rootToken) } as const;
    await reopen({ address: server.address, caFile, signIn });
    expect(await vault.kv.read("kv/network/none")).toBeUndefined();
    await reopen({ address: server.address, signIn });
    expect(await code(vault.kv.read("kv/network/none"))).toBe("secrets_vault_untrusted");
    expect(() => open({ address: server.address, caFile: join(directory, "none.pem") })).toThrow("which cannot be read");
    await server.close();
    await reopen({});
    await vault.kv.read("kv/network/none");
  });
});
