import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "@holdfast/kit";
import { silentLog } from "#platform/log";
import { startVault } from "#world/vault";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { importKeys, protectKeys } from "./key-acts.ts";
import { openKeySource } from "./key-source.ts";
import { makeKeyRing, readKeyRing } from "./key-ring.ts";
import type { Protection, WrappingTransit } from "./key-wrap.ts";
import { createVault } from "./vault/index.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "holdfast-wrap-"));
  file = join(directory, "keys.json");
});
afterEach(() => rmSync(directory, { recursive: true }));

const passphrase = (text = "correct horse battery"): Protection => ({ by: "passphrase", passphrase: new Secret(text) });
const text = () => readFileSync(file, "utf8");
const keyOf = (byte: number) => Buffer.alloc(32, byte).toString("base64");

describe("a key ring that a passphrase protects", () => {
  test("shows no key in its file, and opens with the passphrase", async () => {
    const source = await openKeySource({ file, protection: passphrase() });
    const ring = await source.make();
    expect(ring?.keys.size).toBe(1);
    for (const key of ring?.keys.values() ?? []) expect(text()).not.toContain(key.toString("base64"));
    expect(JSON.parse(text())).toMatchObject({ wrappedBy: { by: "passphrase", kdf: "scrypt", n: 131_072, r: 8, p: 1 } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await openKeySource({ file, protection: passphrase() })).read()).toEqual(ring);
  });

  test("follows rotations of another process without asking for the passphrase again", async () => {
    const [one, two] = [await openKeySource({ file, protection: passphrase() }), await openKeySource({ file, protection: passphrase() })];
    const made = await Promise.all([one.make(), two.make()]);
    expect(made[0]).toEqual(made[1]);
    const added = one.add();
    expect(two.read()).toEqual(added);
    expect(one.read()?.keys.size).toBe(2);
  });

  test("does not open with another one, nor without, and says where to look", async () => {
    await (await openKeySource({ file, protection: passphrase() })).make();
    await expect(openKeySource({ file, protection: passphrase("another passphrase") })).rejects.toThrow(
      "the passphrase is wrong, or the file was changed",
    );
    const unset = await openKeySource({ file });
    expect(() => unset.read()).toThrow("it is protected, and nothing is set to open it with");
  });

  test("that was changed does not open", async () => {
    await (await openKeySource({ file, protection: passphrase() })).make();
    for (const change of [
      (whole: string) => whole.replace(/"sealed": "(.)/, (_all, first: string) => `"sealed": "${first === "A" ? "B" : "A"}`),
      (whole: string) => whole.replace(/"r": 8/, '"r": 4'),
    ]) {
      const before = text();
      writeFileSync(file, change(before));
      expect(text()).not.toBe(before);
      await expect(openKeySource({ file, protection: passphrase() })).rejects.toMatchObject({ code: "secrets_key_ring_locked" });
      writeFileSync(file, before);
    }
  });

  test("that asks for more memory than is reasonable is refused before it is used", async () => {
    await (await openKeySource({ file, protection: passphrase() })).make();
    writeFileSync(file, text().replace('"n": 131072', '"n": 1073741824'));
    await expect(openKeySource({ file, protection: passphrase() })).rejects.toThrow("beyond reason");
  });

  test("needs a passphrase of some length", async () => {
    await expect(openKeySource({ file, protection: passphrase("short") })).rejects.toMatchObject({ code: "secrets_passphrase_weak" });
  });

  test("is not taken for protected when it is not", async () => {
    makeKeyRing(file);
    const source = await openKeySource({ file, protection: passphrase() });
    expect(() => source.read()).toThrow("Run: npm run admin -- protect-keys");
  });
});

describe("a key ring that Vault protects", () => {
  const withTransit = async (work: (transit: WrappingTransit, vault: Awaited<ReturnType<typeof startVault>>) => Promise<void>) => {
    const server = await startVault();
    const signIn = { by: "token", token: { text: new Secret(server.rootToken) } } as const;
    const vault = createVault({ settings: { address: server.address, signIn, keepAt: "kv/holdfast", references: [] }, log: silentLog });
    const { encrypt, decrypt } = vault.transit("transit");
    try {
      await work(
        { key: "transit/holdfast", encrypt: (plain) => encrypt("holdfast", plain), decrypt: (sealed) => decrypt("holdfast", sealed) },
        server,
      );
    } finally {
      await vault.close();
      await server.close();
    }
  };

  test("opens while Vault does, also after its key is rotated there", () =>
    withTransit(async (transit, server) => {
      const protection: Protection = { by: "transit", transit };
      const ring = await (await openKeySource({ file, protection })).make();
      for (const key of ring?.keys.values() ?? []) expect(text()).not.toContain(key.toString("base64"));
      await server.operate("POST", "transit/keys/holdfast/rotate");
      const source = await openKeySource({ file, protection });
      expect(source.read()).toEqual(ring);
      server.condition = "sealed";
      expect(source.add().keys.size).toBe(2); // who has opened it goes on
      await expect(openKeySource({ file, protection })).rejects.toMatchObject({ code: "secrets_vault_sealed" });
    }));

  test("does not open with a passphrase", () =>
    withTransit(async (transit) => {
      await (await openKeySource({ file, protection: { by: "transit", transit } })).make();
      await expect(openKeySource({ file, protection: passphrase() })).rejects.toThrow("it is protected by Vault");
    }));
});

describe("an administrator", () => {
  test("protects a key ring, changes its passphrase, and takes the protection away; the keys stay", async () => {
    makeKeyRing(file);
    const ring = readKeyRing({ file });
    await protectKeys({ file, protection: passphrase() }, passphrase());
    expect((await openKeySource({ file, protection: passphrase() })).read()).toEqual(ring);
    await protectKeys({ file, protection: passphrase() }, passphrase("another passphrase"));
    await expect(openKeySource({ file, protection: passphrase() })).rejects.toMatchObject({ code: "secrets_key_ring_locked" });
    await protectKeys({ file, protection: passphrase("another passphrase") }, undefined);
    expect(readKeyRing({ file })).toEqual(ring);
    rmSync(file);
    await expect(protectKeys({ file }, passphrase())).rejects.toMatchObject({ code: "secrets_key_ring_missing" });
  });

  test("takes in keys of a list, of another file, and into a protected one", async () => {
    expect(await importKeys({ file }, new Secret(`a:${keyOf(1)}`), false)).toEqual(["a"]);
    expect(await importKeys({ file }, new Secret(`b:${keyOf(2)},a:${keyOf(1)}`), false)).toEqual(["b"]);
    expect(readKeyRing({ file })?.active).toBe("a");
    const other = JSON.stringify({ active: "c", keys: { c: keyOf(3) } });
    expect(await importKeys({ file }, new Secret(other), true)).toEqual(["c"]);
    expect(readKeyRing({ file })?.active).toBe("c");
    await protectKeys({ file }, passphrase());
    await importKeys({ file, protection: passphrase() }, new Secret(`d:${keyOf(4)}`), true);
    const ring = (await openKeySource({ file, protection: passphrase() })).read();
    expect([ring?.active, [...(ring?.keys.keys() ?? [])].sort()]).toEqual(["d", ["a", "b", "c", "d"]]);
  });

  test("is refused another key under the id of one that is there, and the file stays as it was", async () => {
    await importKeys({ file }, new Secret(`a:${keyOf(1)}`), false);
    const before = text();
    await expect(importKeys({ file }, new Secret(`a:${keyOf(2)}`), true)).rejects.toMatchObject({ code: "secrets_key_ring_clash" });
    await expect(importKeys({ file }, new Secret("nonsense"), true)).rejects.toMatchObject({ code: "secrets_key_ring_invalid" });
    expect(text()).toBe(before);
  });
});
