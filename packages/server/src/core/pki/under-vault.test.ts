import { X509Certificate } from "node:crypto";
import { createAudit, type Audit } from "#core/audit";
import { createVault, type Secrets, type Vault } from "#core/secrets";
import { certificateRequest } from "#test/certificates";
import { testDatabase, type TestDatabase } from "#test/database";
import { testSecrets } from "#test/secrets";
import { vaultScene, type VaultScene } from "#test/vault";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createPki, type Pki } from "./index.ts";

let database: TestDatabase;
let scene: VaultScene;
let vault: Vault;
let audit: Audit;
let secrets: Secrets;
let pki: Pki;
const ada = { actor: "user:ada", requestId: "req_1" };
const wish = { trustDomain: "holdfast.test", name: "Lab", root: "vault" } as const;

beforeAll(async () => {
  [database, scene] = [await testDatabase(), await vaultScene()];
  vault = createVault({ settings: scene.settings, log: scene.log, clock: scene.clock });
  audit = createAudit({ db: database.db, clock: scene.clock });
  secrets = await testSecrets({ db: database.db, audit, clock: scene.clock });
});
afterAll(async () => {
  await vault.close();
  await scene.server.close();
  await database.drop();
});
beforeEach(async () => {
  scene.server.condition = "active";
  scene.server.pki.revoked.clear();
  await database.pool.query("delete from pki.certificate; delete from pki.authority");
  pki = make(vault.pki("pki"));
});

function make(above: NonNullable<Parameters<typeof createPki>[0]["vault"]> | undefined): Pki {
  return createPki({ db: database.db, audit, secrets: { ...secrets, addResealer: () => undefined }, clock: scene.clock, vault: above });
}

const issue = async (name: string) => pki.issue({ kind: "agent", name, csr: await certificateRequest("x") }, ada);
/** Roots first. */
const authorities = async () =>
  (await pki.status()).authorities.filter(({ role }) => role !== "ssh").toSorted((a, b) => b.role.localeCompare(a.role));

describe("an intermediate under an authority in Vault", () => {
  test("issues here; what it issues leads to Vault's root, and its key has not left", async () => {
    expect(await pki.init(wish, ada)).toMatchObject({ ready: true, trustDomain: "holdfast.test" });
    expect(await authorities()).toMatchObject([
      { role: "root", keyHere: false, issuing: true, name: "Simulated Vault CA" },
      { role: "intermediate", keyHere: true, issuing: true, name: expect.stringMatching(/^Lab intermediate \w{6}$/) as string },
    ]);
    const { chain } = await issue("lyon");
    const [leaf, intermediate] =
      chain.match(/-----BEGIN[^-]+-----[^-]+-----END CERTIFICATE-----/g)?.map((pem) => new X509Certificate(pem)) ?? [];
    const root = new X509Certificate(scene.server.pki.ca);
    expect([leaf?.verify(intermediate!.publicKey), intermediate?.verify(root.publicKey)]).toEqual([true, true]);
    expect(intermediate?.subject).toContain("O=holdfast.test");
    expect(await pki.verifyChain({ chain })).toMatchObject({ ok: true, spiffeId: "spiffe://holdfast.test/agent/lyon" });
    const asked = scene.server.seen.filter(({ url }) => url.includes("/pki/"));
    expect(asked.map(({ url }) => url)).toEqual(["/v1/pki/root/sign-intermediate"]);
    expect(asked[0]?.body).not.toContain("PRIVATE");
    expect((await audit.list({ action: "pki.authority.import" })).items[0]).toMatchObject({ actor: "user:ada", severity: "critical" });
  });

  test("goes on while Vault is sealed: it issues, revokes and lists; a new one has to wait, and nothing is left of the try", async () => {
    await pki.init(wish, ada);
    scene.server.condition = "sealed";
    const { id, chain } = await issue("lyon");
    await pki.revoke({ id, reason: "key_compromise" }, ada);
    expect(await pki.verifyChain({ chain })).toMatchObject({ ok: false });
    const before = await authorities();
    await expect(pki.rotateIntermediate(ada)).rejects.toMatchObject({ code: "secrets_vault_sealed" });
    expect(await authorities()).toEqual(before);
  });

  test("is followed by another one under the same root; what the first issued stays good", async () => {
    await pki.init(wish, ada);
    const { chain } = await issue("lyon");
    await pki.rotateIntermediate(ada);
    const all = await authorities();
    expect(all.map(({ role, issuing }) => `${role} ${issuing}`).toSorted()).toEqual([
      "intermediate false",
      "intermediate true",
      "root true",
    ]);
    expect(all.filter(({ name }) => name.startsWith("Lab intermediate"))).toHaveLength(2);
    expect(await pki.verifyChain({ chain })).toMatchObject({ ok: true });
    expect(await pki.verifyChain({ chain: (await issue("nice")).chain })).toMatchObject({ ok: true });
  });

  test("does not follow under another root by itself, and what Vault signed is revoked there", async () => {
    await pki.init(wish, ada);
    const other = await vaultScene();
    const elsewhere = createVault({ settings: other.settings, log: other.log, clock: other.clock });
    pki = make(elsewhere.pki("pki"));
    await expect(pki.rotateIntermediate(ada)).rejects.toMatchObject({ code: "pki_vault_other_root" });
    expect(other.server.pki.revoked.size).toBe(1);
    expect(await authorities()).toHaveLength(2);
    await pki.init(wish, ada);
    expect((await authorities()).filter(({ issuing }) => issuing)).toHaveLength(2);
    await elsewhere.close();
    await other.server.close();
  });

  test("that cannot issue is refused with what is wrong, and revoked in Vault", async () => {
    const real = vault.pki("pki");
    const leafFor = { ...real, signIntermediate: (csr: string) => real.sign("device", csr, { commonName: "r1.example.net" }) };
    scene.server.policies.set("holdfast", { ...scene.server.policies.get("holdfast"), "pki/sign/device": ["create", "update"] });
    pki = make(leafFor);
    await expect(pki.init(wish, ada)).rejects.toMatchObject({
      code: "pki_chain_invalid",
      message: expect.stringContaining("is no authority") as string,
    });
    expect(scene.server.pki.revoked.size).toBe(1);
    expect(await authorities()).toEqual([]);
  });

  test("is not had where no engine is named, and a root of ours is not given up for it", async () => {
    await expect(make(undefined).init(wish, ada)).rejects.toMatchObject({ code: "pki_vault_unset" });
    await pki.init({ ...wish, root: "own" }, ada);
    const root = (await authorities()).find(({ role }) => role === "root")?.id;
    await pki.rotateIntermediate(ada);
    expect((await authorities()).filter(({ role }) => role === "root").map(({ id }) => id)).toEqual([root]);
  });
});
