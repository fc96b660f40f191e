/** What devices are signed in to with is exchanged on them: wave by wave, proved before the old one goes, and nobody is ever locked out. */
import { createHash, generateKeyPairSync } from "node:crypto";
import type { Plan, SecretSummary } from "@holdfast/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publicKeyOf } from "../../src/domains/devices/credential-make.ts";
import type { PublicKey } from "../../src/domains/devices/platforms/account.ts";
import { iosAccountLines } from "../../src/domains/devices/platforms/ios-account.ts";
import { lets, openLanes, publicBlob, type LaneSpec, type Lanes, type Way } from "./credential-exchange.ts";
import { problemOf, targetOf } from "./expectations.ts";
import { filesOf, user } from "./network.ts";
import { oneByOne, setScene, type Scene } from "./scene.ts";

/** As the lab tests do; here some points of two ways. */
const everyPoint = process.env["CRASH_MATRIX"] === "all";
const oldKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "pem", type: "pkcs1" }) as string;
const oldPassword = user.password;
let scene: Scene;

const letsIn = (name: string, way: Way): Promise<boolean> => lets(scene.device(name), way);

async function secretNamed(name: string): Promise<SecretSummary> {
  const found = (await scene.client.secrets.list({})).items.find((one) => one.name === name);
  if (!found) throw new Error(`there is no secret ${name}`);
  return found;
}

/** What the secret holds, for the test to try at the device's door. */
async function wayOf(name: string, version: number): Promise<Way> {
  const value = await scene.holdfast.secrets.reveal(name, { actor: "system:test", purpose: "try it", version });
  if (value.kind === "password") return { password: value.password };
  if (value.kind === "ssh_key") return { privateKey: value.privateKey };
  throw new Error(value.kind);
}

async function rotate(wish: { secret: string; selector?: string; again?: boolean }): Promise<Plan> {
  const { plan, problems } = await scene.client.credentials.rotate(wish);
  if (!plan) throw new Error(`no plan: ${JSON.stringify(problems)}`);
  return plan;
}

const versions = async (secret: string): Promise<Record<string, number | undefined>> =>
  Object.fromEntries((await scene.client.credentials.list({ secret })).items.map((one) => [one.deviceName, one.version]));

async function give(name: string, credential: string): Promise<void> {
  const { id, etag } = await scene.client.devices.get({ id: name });
  await scene.client.devices.update({ id, credential }, { context: { ifMatch: etag } });
}

/** The repository says: the two hosts share a key, the two IOS have an account of their own. */
function accounts(): Record<string, string> {
  const [inventory, template] = ["inventory/devices.yaml", "templates/ios/device.j2"];
  const files = filesOf(scene.fleet);
  const devices = (files[inventory] ?? "")
    .split("---\n")
    .map((one) => (one.includes("platform: frr") ? one.replace("lab/device", "lab/key") : one));
  const account = `username ${user.username} privilege 15 secret ${oldPassword}\n`;
  return { [inventory]: devices.join("---\n"), [template]: (files[template] ?? "").replace("ip http server", `${account}ip http server`) };
}

/** The key as the first of the account's on an IOS. */
function chainOf(key: PublicKey): string[] {
  const account = ["ip ssh pubkey-chain", `no username ${user.username}`, `username ${user.username}`];
  return [...account, ...iosAccountLines.allow(user.username, key).slice(2), "exit", "exit"];
}

describe("the exchange of credentials", () => {
  beforeAll(async () => {
    scene = await setScene({ pairs: 2 });
    // Everybody has a key of its own account besides the password that the scene began with.
    for (const name of ["r1", "r3"]) {
      const { router } = scene.device(name);
      router.state.authorizedKeys = [`from="127.0.0.1" ssh-rsa ${publicBlob(oldKey).toString("base64")} ops`];
    }
    await scene.client.secrets.create({ name: "lab/key", value: { kind: "ssh_key", username: user.username, privateKey: oldKey } });
    expect((await scene.carryOut(accounts())).state).toBe("succeeded");
  });
  afterAll(() => scene.stop());

  test("a key that two hosts share moves on one after the other; in between each signs in with its own version", async () => {
    const told = await scene.client.credentials.rotate({ secret: "lab/key", dryRun: true });
    expect(told.items.map(({ deviceName, from, to, made }) => [deviceName, from, to, made])).toEqual([
      ["r1", 1, 2, true],
      ["r3", 1, 2, true],
    ]);
    expect([told.plan, (await secretNamed("lab/key")).version]).toEqual([undefined, 1]);
    const plan = await rotate({ secret: "lab/key", selector: "device=r1" });
    expect(plan.changes).toMatchObject([
      { targetName: "r1", kind: "devices.credential", summary: "SSH key of holdfast: version 1 of lab/key → 2" },
    ]);
    expect(await versions("lab/key")).toEqual({ r1: 1, r3: 1 });
    const detail = await scene.client.plans.change({ id: plan.id, target: plan.changes[0]?.target ?? "" });
    expect(detail.commands.join("\n")).toMatch(/^holdfast-keys add ssh-ed25519 \S+ like ssh-rsa \S+\nholdfast-keys remove ssh-rsa \S+$/);
    const done = await scene.end(await scene.roll(plan));
    expect(targetOf(done, "r1")).toMatchObject({ outcome: "applied", side: "new" });
    expect(await versions("lab/key")).toEqual({ r1: 2, r3: 1 });
    const next = await wayOf("lab/key", 2);
    expect(await Promise.all([letsIn("r1", next), letsIn("r1", { privateKey: oldKey }), letsIn("r3", { privateKey: oldKey })])).toEqual([
      true,
      false,
      true,
    ]);
    // The restrictions of the old one are those of the new one.
    expect(scene.device("r1").router.state.authorizedKeys?.[0]).toMatch(/^from="127.0.0.1" ssh-ed25519 /);
    const { items } = await scene.client.devices.backup({ devices: ["r1", "r3"] });
    expect(items.map((item) => item.problem)).toEqual([undefined, undefined]);
    const lines = (await scene.journal(done)).map((line) => line.say);
    expect(lines).toEqual(expect.arrayContaining(["signs in with version 2 from now on", "version 1 is refused"]));
  });

  test("a version that a device is behind with is kept; carried on with, the rest moves to the one that is there", async () => {
    const { id, etag } = await secretNamed("lab/key");
    const destroyed = await problemOf(scene.client.secrets.destroyVersion({ id, version: 1 }, { context: { ifMatch: etag } }));
    expect(destroyed.message).toBe('Version 1 of "lab/key" still signs in to device r3; rotate them to the newest one first.');
    const plan = await rotate({ secret: "lab/key" });
    expect([plan.changes.map((change) => change.targetName), plan.unchanged]).toEqual([["r3"], 1]);
    expect((await scene.end(await scene.roll(plan))).state).toBe("succeeded");
    expect((await secretNamed("lab/key")).version).toBe(2);
    expect(await versions("lab/key")).toEqual({ r1: 2, r3: 2 });
    const nothing = await scene.client.credentials.rotate({ secret: "lab/key", selector: "device=nobody" });
    expect(nothing).toMatchObject({ items: [], problems: [] });
  });

  test("a rollout is taken back: the devices have their old key again, and only that", async () => {
    const done = (await scene.client.rollouts.list({})).items.find((one) => one.title === "Exchange lab/key on 1 device");
    const next = await wayOf("lab/key", 2);
    const back = await scene.client.rollouts.rollback({ id: done?.id ?? "", reason: "the key was needed elsewhere" });
    const ended = await scene.end(back);
    expect([ended.state, targetOf(ended, "r3").outcome]).toEqual(["succeeded", "applied"]);
    expect(await Promise.all([letsIn("r3", { privateKey: oldKey }), letsIn("r3", next)])).toEqual([true, false]);
    expect(await versions("lab/key")).toEqual({ r1: 2, r3: 1 });
    // What was changed by hand on a device: give it its secret again, and the newest version counts.
    const { id, etag } = await scene.client.devices.get({ id: "r3" });
    const without = await scene.client.devices.update({ id, credential: null }, { context: { ifMatch: etag } });
    await scene.client.devices.update({ id, credential: "lab/key" }, { context: { ifMatch: without.etag } });
    expect(await versions("lab/key")).toEqual({ r1: 2, r3: 2 });
    scene.device("r3").router.state.authorizedKeys = [
      `ssh-ed25519 ${publicBlob("privateKey" in next ? next.privateKey : "").toString("base64")} ops`,
    ];
  });

  test("an IOS gets another password as a hash under its dead-man's switch, and the repository has no quarrel with it", async () => {
    const [r2, r4] = [scene.device("r2"), scene.device("r4")];
    const before = r4.running();
    const typed = r2.history.length;
    const plan = await rotate({ secret: "lab/device" });
    expect(plan.changes.map((change) => change.targetName)).toEqual(["r2", "r4"]);
    // The second of two is told to take back what it took: nobody is locked out of it.
    await r4.fault({ kind: "drop", at: "configure confirm" });
    const rollout = await scene.roll(plan, oneByOne);
    const done = await scene.end(rollout);
    expect([targetOf(done, "r2").outcome, targetOf(done, "r4").outcome]).toEqual(["reverted", "reverted"]);
    await r4.clearFaults();
    expect([await letsIn("r2", { password: oldPassword }), await letsIn("r4", { password: oldPassword }), r4.running()]).toEqual([
      true,
      true,
      before,
    ]);
    expect(await versions("lab/device")).toEqual({ r2: 1, r4: 1 });
    const again = await scene.end(await scene.roll(await rotate({ secret: "lab/device" })));
    expect(again.state).toBe("succeeded");
    const next = await wayOf("lab/device", 2);
    expect(await Promise.all([letsIn("r2", next), letsIn("r2", { password: oldPassword })])).toEqual([true, false]);
    expect(r2.startup()).toBe(r2.running());
    // No password went over the wire to a command line, where logs of commands would keep it.
    const said = JSON.stringify([r2.history.slice(typed), await scene.journal(again)]);
    expect(said).toContain("secret 9 $9$");
    expect([said.includes(oldPassword), said.includes("password" in next ? next.password : "-")]).toEqual([false, false]);
    expect((await scene.plan({ ...accounts(), "README.md": "Another commit.\n" })).changes).toEqual([]);
    expect(await scene.openFindings("r2")).toEqual([]);
  });

  test("what cannot be exchanged is said: a password of a host, an account that is kept elsewhere, a device that has drifted", async () => {
    await give("r1", "lab/device");
    const { problems } = await scene.client.credentials.rotate({ secret: "lab/device", selector: "device=r1", dryRun: true });
    expect(problems).toMatchObject([{ targetName: "r1", code: "devices_credential_kind" }]);
    await give("r1", "lab/key");
    const r2 = scene.device("r2");
    r2.edit(["interface GigabitEthernet1", "description by hand"]);
    const drifted = await scene.end(await scene.roll(await rotate({ secret: "lab/device", selector: "device=r2" })));
    expect(targetOf(drifted, "r2")).toMatchObject({
      outcome: "refused",
      say: expect.stringMatching(/^it has drifted \(.*\); mend that first/),
    });
    const mend = await scene.client.devices.revertDrift({ id: "r2" });
    expect((await scene.end(await scene.roll(mend))).state).toBe("succeeded");
  });

  test("a key of RSA goes into the chain of keys of an IOS beside the old one, which then goes", async () => {
    const r4 = scene.device("r4");
    const hash = createHash("md5").update(publicBlob(oldKey)).digest("hex").toUpperCase();
    const chain = `ip ssh pubkey-chain\n username ${user.username}\n  key-hash ssh-rsa ${hash} ops\n`;
    const template = "templates/ios/device.j2";
    const chained = { [template]: (accounts()[template] ?? "").replace("line vty", `${chain}line vty`) };
    expect((await scene.carryOut(chained)).state).toBe("succeeded");
    await scene.client.secrets.create({ name: "lab/ios", value: { kind: "ssh_key", username: user.username, privateKey: oldKey } });
    await give("r4", "lab/ios");
    const edwards = await scene.client.credentials.rotate({ secret: "lab/ios", algorithm: "ed25519" });
    const refused = await scene.end(await scene.roll(edwards.plan ?? (await rotate({ secret: "lab/ios" }))));
    expect(targetOf(refused, "r4").say).toBe("it takes keys of RSA alone; rotate again, with the algorithm rsa");
    const done = await scene.end(await scene.roll(await rotate({ secret: "lab/ios", again: true })));
    expect(targetOf(done, "r4")).toMatchObject({ outcome: "applied", side: "new" });
    expect(r4.running()).not.toContain(hash);
    expect(await Promise.all([letsIn("r4", await wayOf("lab/ios", 3)), letsIn("r4", { privateKey: oldKey })])).toEqual([true, false]);
    expect(r4.startup()).toBe(r4.running());
  });

  test("whoever may not change secrets may not exchange them, and a person proves again who they are", async () => {
    const operator = await scene.as("operator");
    expect(await problemOf(operator.credentials.rotate({ secret: "lab/key" }))).toMatchObject({ kind: "forbidden" });
    expect((await operator.credentials.list({})).items.length).toBe(4);
  });

  describe("whose controller dies at any point leaves a version that works, and the next controller ends what was begun:", () => {
    let lanes: Lanes;
    beforeAll(() => {
      lanes = openLanes(scene);
    });
    afterAll(() => lanes.close());
    const hostKey = { kind: "ssh_key" as const, username: user.username, privateKey: oldKey };

    const spread = everyPoint ? ["r1", "r2", "r4"] : ["r1", "r2"];
    const specs: [string, LaneSpec][] = [
      ["a key of a host", { name: "r1", secret: "crash/host-key", value: hostKey }],
      ["a password of an IOS", { name: "r2", secret: "crash/ios-password", value: { kind: "password" as const, ...user } }],
      ["a key of an IOS", { name: "r4", secret: "crash/ios-key", value: hostKey }],
    ];
    test.each(specs.filter(([, { name }]) => spread.includes(name)))("%s", async (_what, spec) => {
      const device = scene.device(spec.name);
      const key = publicKeyOf(hostKey);
      if (device.platform === "frr") device.router.state.authorizedKeys = [`${key.type} ${key.body} ops`];
      else device.edit([`username ${user.username} privilege 15 secret 0 ${user.password}`, ...chainOf(key)]);
      device.router.save("console");
      const lane = await lanes.open(spec);
      let point = 1;
      for (let made = await lane.dieAt(point); made; made = await lane.dieAt(point)) {
        const { exchange, from, to } = made;
        const back = point % 2 === 0;
        // As the engine does: what was interrupted while it was applied goes back first.
        if (exchange.at === "apply" || (back && exchange.at !== "prepare")) {
          expect(await exchange.act("revert"), `back from ${exchange.at} at point ${point}`).toEqual({ ok: true });
          expect([await lane.lets(from), await lane.lets(to), await lane.version()]).toEqual([true, false, from]);
        }
        if (!back) {
          const results = await exchange.forward(exchange.at === "apply" ? "prepare" : exchange.at);
          expect(results.at(-1), `on from ${exchange.at} at point ${point}`).toEqual({ ok: true });
          expect([await lane.lets(from), await lane.lets(to), await lane.version()]).toEqual([false, true, to]);
        }
        expect(device.armed).toBeUndefined();
        point += everyPoint ? 1 : 5;
      }
      expect(point).toBeGreaterThan(6);
      expect((await scene.client.devices.backup({ devices: [spec.name] })).items[0]?.problem).toBeUndefined();
      expect((await scene.client.devices.get({ id: spec.name })).drift).toBe("as_intended");
      expect(device.platform === "frr" || device.running() === device.startup()).toBe(true);
    });
  });
});
