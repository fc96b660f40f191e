import { createHash, generateKeyPairSync } from "node:crypto";
import ssh2 from "ssh2";
import { afterEach, expect, test } from "vitest";
import { startDevice, type DeviceSpec, type SimulatedDevice } from "./device.ts";
import { newHostKey } from "./host-key.ts";
import { connect, execOnce } from "./ssh-client.ts";

const user = "netops";
let device: SimulatedDevice;

async function start(spec: Partial<DeviceSpec>): Promise<void> {
  const base = { name: "r1", platform: "frr" as const, config: "hostname r1\n", username: user, password: "as-it-came" };
  device = await startDevice({ ...base, ...spec });
}
afterEach(() => device.stop());

const publicOf = (privateKey: string): Buffer => {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return key.getPublicSSH();
};
const takes = async (how: { password: string } | { privateKey: string }, username = user): Promise<boolean> => {
  try {
    const target = { port: device.port, username, password: "" };
    // A client that has both would try the empty password first.
    (await connect(target, { authHandler: "password" in how ? ["password"] : ["publickey"], ...how })).end();
    return true;
  } catch {
    return false;
  }
};

test("a host's account takes the keys of its file, as long as they stand there", async () => {
  const [old, next, strange] = [newHostKey(), newHostKey(), newHostKey()];
  const line = (key: string): string => `ssh-ed25519 ${publicOf(key).toString("base64")}`;
  await start({ authorizedKeys: [`from="127.0.0.1" ${line(old)} old`] });
  expect([await takes({ privateKey: old }), await takes({ privateKey: next }), await takes({ privateKey: strange })]).toEqual([
    true,
    false,
    false,
  ]);
  const say = (words: string) => execOnce({ port: device.port, username: user, password: "as-it-came" }, `holdfast-keys ${words}`);
  expect(await say(`add ${line(next)} like ${line(old)}`)).toMatchObject({ output: "added\n", code: 0 });
  expect(device.router.state.authorizedKeys?.[1]).toBe(`from="127.0.0.1" ${line(next)} holdfast`);
  expect(await say(`add ${line(next)}`)).toMatchObject({ output: "there\n", code: 0 });
  expect([await takes({ privateKey: old }), await takes({ privateKey: next })]).toEqual([true, true]);
  expect(await say(`remove ${line(old)}`)).toMatchObject({ output: "removed\n", code: 0 });
  expect(await say(`has ${line(old)}`)).toMatchObject({ output: "no\n", code: 1 });
  expect(await say(`remove ${line(next)}`)).toMatchObject({ output: "last\n", code: 1 });
  expect([await takes({ privateKey: old }), await takes({ privateKey: next }), await takes({ privateKey: next }, "root")]).toEqual([
    false,
    true,
    false,
  ]);
});

test("an IOS goes by its own accounts and by its chain of public keys, which knows RSA alone", async () => {
  const config = `hostname r1\nusername ${user} privilege 15 secret 0 its-own\n`;
  await start({ platform: "ios", config });
  expect([await takes({ password: "as-it-came" }), await takes({ password: "its-own" })]).toEqual([false, true]);
  const privateKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "pem", type: "pkcs1" }) as string;
  expect(await takes({ privateKey })).toBe(false);
  const hash = createHash("md5").update(publicOf(privateKey)).digest("hex").toUpperCase();
  device.edit(["ip ssh pubkey-chain", `username ${user}`, `key-hash ssh-rsa ${hash} holdfast`]);
  expect(device.running()).toContain(`ip ssh pubkey-chain\n username ${user}\n  key-hash ssh-rsa ${hash} holdfast\n`);
  expect(await takes({ privateKey })).toBe(true);
  expect(await takes({ privateKey: newHostKey() })).toBe(false);
  device.edit(["ip ssh pubkey-chain", `username ${user}`, `no key-hash ssh-rsa ${hash}`]);
  expect(await takes({ privateKey })).toBe(false);
  expect(device.running()).not.toContain("pubkey");
});
