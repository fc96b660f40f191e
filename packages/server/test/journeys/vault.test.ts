import { holdfastPolicy } from "#test/vault";
import { startVault, type SimulatedVault } from "#world/vault";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deviceData, filesOf, user } from "./network.ts";
import { setScene, type Scene } from "./scene.ts";

let vault: SimulatedVault;
let scene: Scene;

beforeAll(async () => {
  vault = await startVault();
  vault.policies.set("holdfast", holdfastPolicy);
  const { roleId, secretId } = vault.appRole("holdfast", { policies: ["holdfast"], ttlS: 3600, maxTtlS: 86_400 });
  const settings = {
    HOLDFAST_SECRETS_ENGINE: "vault",
    HOLDFAST_VAULT_ADDR: vault.address,
    HOLDFAST_VAULT_ROLE: roleId,
    HOLDFAST_VAULT_SECRET_ID: secretId,
    HOLDFAST_VAULT_REFERENCES: "kv/network",
    HOLDFAST_VAULT_TRANSIT_KEY: "transit/holdfast",
  };
  scene = await setScene({ settings });
});
afterAll(async () => {
  await scene.stop();
  await vault.close();
});

test("a change reaches routers with credentials that only Vault holds", async () => {
  expect((await scene.client.secrets.list({})).items).toMatchObject([{ name: "lab/device", engine: "vault" }]);
  expect(await vault.operate("GET", "kv/data/holdfast/lab/device")).toMatchObject({ data: { data: { password: user.password } } });
  const files = {
    ...deviceData(scene.device("r1"), "description: by Vault\n"),
    ...deviceData(scene.device("r2"), "description: by Vault\n"),
  };
  expect(await scene.carryOut(files)).toMatchObject({ state: "succeeded" });
  expect(scene.device("r1").running()).toContain("by Vault");
});

test("a router whose document names a place in Vault is signed in to with what Vault holds there", async () => {
  await vault.operate("POST", "kv/data/network/r1", { data: { username: user.username, password: user.password } });
  const documents = Object.entries(filesOf(scene.fleet)).filter(
    ([, text]) => text.includes("name: r1") && text.includes("credential: lab/device"),
  );
  expect(documents).toHaveLength(1);
  const named = documents.map(([path, text]) => [
    path,
    text.replace("credential: lab/device", `credential: "vault:kv/network/r1#password"`),
  ]);
  const asked = (): number => vault.seen.filter(({ url }) => url === "/v1/kv/data/network/r1").length;
  expect(asked()).toBe(0);
  const files = Object.fromEntries(named) as Record<string, string>;
  expect(await scene.carryOut({ ...files, ...deviceData(scene.device("r1"), "description: by reference\n") })).toMatchObject({
    state: "succeeded",
  });
  expect((await scene.client.devices.get({ id: "r1" })).credential).toBe("vault:kv/network/r1#password");
  expect(scene.device("r1").running()).toContain("by reference");
  expect(asked()).toBeGreaterThan(0);
});
