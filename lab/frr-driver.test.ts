/** The FRR driver against real FRR behind real OpenSSH; what it says is compared with what the router itself shows. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { signSshCertificate, sshPublicBlob, sshPublicLine } from "../packages/server/src/core/pki/ssh-certificate.ts";
import { spkiOf } from "../packages/server/src/core/pki/x509.ts";
import { DeviceError } from "../packages/server/src/domains/devices/drivers/error.ts";
import { openDevice, scanHostKey, type OpenOptions, type OpenSession } from "../packages/server/src/domains/devices/platforms/index.ts";
import { inside, razeLab, runningOf, type Lab } from "./lab.ts";
import { endpointOf, setManagementLink, skippedBecause, testLab, typeAt } from "./test-lab.ts";

const discard = "ip route 198.51.100.0/24 blackhole";
const router = "lyon-1";
const unavailable = skippedBecause();
/** The switch counts whole seconds, rounded up, and loading the old configuration takes a second or two. */
const revertedWithin = { timeout: 60_000, interval: 200 };
/** Time for a change before its switch expires. What is asserted of the time before holds only then, however slow the machine is. */
const switchMs = 15_000;

describe.skipIf(unavailable !== undefined)(`FRR behind OpenSSH${unavailable === undefined ? "" : ` (skipped: ${unavailable})`}`, () => {
  let lab: Lab;
  const open: OpenSession[] = [];
  const session = async (
    change: Partial<ReturnType<typeof endpointOf>> = {},
    limits: Pick<OpenOptions, "connectMs" | "handshakeMs" | "timeoutMs"> = {},
  ): Promise<OpenSession> => {
    const opened = await openDevice({ ...endpointOf(lab, router), ...change }, limits);
    open.push(opened);
    return opened;
  };
  const running = (): Promise<string> => runningOf(lab, router);
  const has = async (line: string): Promise<boolean> => (await running()).includes(line);
  const reasonOf = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "nothing went wrong",
      (thrown: unknown) => (thrown instanceof DeviceError ? thrown.reason : String(thrown)),
    );

  beforeAll(async () => {
    lab = await testLab(4);
  });
  afterEach(async () => {
    for (const one of open.splice(0)) one.kill(new DeviceError("closed", { say: "the test is over" }));
    await setManagementLink(lab, router, "up");
    if (await has(discard)) await typeAt(lab, router, `no ${discard}`);
  });
  afterAll(() => razeLab(lab.name));

  test("signs in with a password and with a key, and reads the running configuration exactly as the router shows it", async () => {
    const itself = (await running()).replace(/\nend\n$/, "\n");
    const withKey = { kind: "ssh_key" as const, username: lab.user, privateKey: lab.privateKey };
    for (const one of [await session(), await session({ credential: withKey })]) expect(await one.running()).toBe(itself);
  });

  test("signs in with a certificate that lives minutes, where the router trusts our SSH authority, and not with that of another", async () => {
    const [ours, another] = [generateKeyPairSync("ed25519").privateKey, generateKeyPairSync("ed25519").privateKey];
    await inside(lab, router, ["sh", "-c", `echo '${sshPublicLine(spkiOf(ours)).line}' > /run/holdfast/users.pub`]);
    const signedBy = (authority: KeyObject) => ({
      kind: "ssh_certificate" as const,
      username: lab.user,
      async certify() {
        const { privateKey } = generateKeyPairSync("ed25519");
        const term = { validAfter: new Date(Date.now() - 60_000), validBefore: new Date(Date.now() + 300_000) };
        const publicBlob = sshPublicBlob(privateKey);
        const wish = { publicBlob, serial: 1n, keyId: "lab", principals: [lab.user], ...term };
        const { type, blob } = signSshCertificate(wish, authority);
        const key = privateKey.export({ format: "pem", type: "pkcs8" }) as string;
        return { privateKey: key, certificate: `${type} ${blob.toString("base64")}` };
      },
    });
    const one = await session({ credential: signedBy(ours) });
    expect(await one.running()).toBe((await running()).replace(/\nend\n$/, "\n"));
    expect(await reasonOf(session({ credential: signedBy(another) }))).toBe("auth_failed");
  });

  test("a wrong password, another host key, an unknown host key and a router that is cut off are told apart", async () => {
    const wrong = { kind: "password" as const, username: lab.user, password: "not it" };
    expect(await reasonOf(session({ credential: wrong }))).toBe("auth_failed");
    expect(await reasonOf(session({ hostKey: lab.fingerprints["oslo-1"] ?? "" }))).toBe("host_key_changed");
    const { hostKey, ...unpinned } = endpointOf(lab, router);
    expect(await reasonOf(openDevice(unpinned))).toBe("host_key_unknown");
    expect(await scanHostKey(unpinned)).toBe(hostKey);
    await setManagementLink(lab, router, "down");
    expect(["unreachable", "timeout"]).toContain(await reasonOf(session({}, { connectMs: 2000, handshakeMs: 2000 })));
  });

  test("what it configures is in force in the kernel", async () => {
    const one = await session();
    expect(await one.configure([discard, "interface eth1", " description seen from outside"])).toEqual({ sent: 3 });
    // zebra tells the kernel a moment after vtysh has answered.
    const routes = (): Promise<string> => inside(lab, router, ["ip", "route", "show", "type", "blackhole"]);
    await expect.poll(routes, revertedWithin).toContain("198.51.100.0/24");
    expect(await has("description seen from outside")).toBe(true);
  });

  test("stops at the line that the router refuses, with the router's own words", async () => {
    const one = await session();
    const done = await one.configure([discard, "interface eth1", " ip address 300.1.1.1/24", " description too late"]);
    expect(done.refused).toMatchObject({ index: 2, line: " ip address 300.1.1.1/24" });
    expect(done.refused?.vendorText).toContain("Unknown command");
    expect(await has(discard)).toBe(true);
    expect(await has("too late")).toBe(false);
    // The session is in step after it.
    expect(await one.run("show version")).toContain("FRRouting");
  });

  test("a router that is cut off in the middle of a change goes back by itself", async () => {
    const before = await running();
    const one = await session({}, { timeoutMs: 10_000 });
    await one.arm("cut", switchMs);
    await one.configure([discard, "interface eth1", " shutdown", "exit", "no router bgp 65001"]);
    await setManagementLink(lab, router, "down");
    const lost = reasonOf(one.running());
    await expect.poll(running, revertedWithin).toBe(before);
    expect(["timeout", "connection_lost"]).toContain(await lost);
    await setManagementLink(lab, router, "up");
    const again = await session();
    expect(await again.confirm("cut")).toBe("already_reverted");
    expect(await again.pending()).toBeUndefined();
  });

  test("the switch outlives the SSH session that armed it", async () => {
    const before = await running();
    const one = await session();
    await one.arm("killed", switchMs);
    await one.configure([discard]);
    // Only this router's own sessions: it has a process namespace of its own.
    await inside(lab, router, ["pkill", "-KILL", "-f", `^sshd: ${lab.user}`]);
    await one.over;
    expect(await has(discard)).toBe(true);
    await expect.poll(running, revertedWithin).toBe(before);
  });

  test("a change that is confirmed in time stays, is saved, and cannot be saved before that", async () => {
    const one = await session();
    const armed = await one.arm("kept", switchMs);
    await one.configure([discard]);
    expect(await reasonOf(one.save())).toBe("switch_armed");
    expect(await one.pending()).toMatchObject({ token: "kept" });
    expect(await one.confirm("kept")).toBe("confirmed");
    await one.save();
    expect(await inside(lab, router, ["cat", `/etc/frr/${router}/frr.conf`])).toContain(discard);
    // Past the time at which it would have gone back.
    await expect.poll(() => Date.now() > armed.expiresAtMs + 2000, { timeout: switchMs + 10_000 }).toBe(true);
    expect(await has(discard)).toBe(true);
    expect(await one.confirm("kept")).toBe("confirmed");
    expect(await one.confirm("never-armed")).toBe("not_armed");
  });

  test("a second change has to wait for the first, which goes back when it is told to", async () => {
    const before = await running();
    const [one, other] = [await session(), await session()];
    await one.arm("first", 60_000);
    await one.configure([discard]);
    expect(await reasonOf(other.arm("second", 60_000))).toBe("switch_busy");
    expect(await other.revertNow("first")).toBe("reverted");
    expect(await running()).toBe(before);
    expect(await one.revertNow("unheard-of")).toBe("not_armed");
  });

  test("a revert that leaves something behind says so, and can be done again", async () => {
    const settings = `/etc/frr/holdfast.conf`;
    const before = await running();
    const one = await session();
    await one.arm("half", 60_000);
    await one.configure([discard]);
    await inside(lab, router, ["sh", "-c", `echo 'reload /bin/false' >> ${settings}`]);
    expect(await reasonOf(one.revertNow("half"))).toBe("revert_incomplete");
    expect(await one.pending()).toBeUndefined();
    await inside(lab, router, ["sed", "-i", "/^reload/d", settings]);
    expect(await one.revertNow("half")).toBe("reverted");
    expect(await running()).toBe(before);
  });

  test("of a confirmation and the expiry exactly one wins, and the router agrees with the answer", async () => {
    const names = lab.topology.routers.map(({ name }) => name);
    const race = async (name: string, index: number): Promise<string> => {
      const say = (...words: string[]): Promise<string> =>
        inside(lab, name, ["/run/holdfast/holdfast-switch", ...words]).then(
          (text) => text.trim(),
          (failed: { stdout: string }) => failed.stdout.trim(),
        );
      const armedAt = Date.now();
      expect(await say("arm", "race", "4")).toMatch(/^armed race \d+$/);
      await typeAt(lab, name, discard);
      await inside(lab, name, ["sleep", String(Math.max(0, (armedAt + 4000 - Date.now()) / 1000 + index * 0.3))]);
      const answer = await say("confirm", "race");
      const kept = (await runningOf(lab, name)).includes(discard);
      if (kept) await typeAt(lab, name, `no ${discard}`);
      return `${answer}, ${kept ? "kept" : "gone"}`;
    };
    for (const answer of await Promise.all(names.map(race))) expect(["confirmed race, kept", "reverted race, gone"]).toContain(answer);
  });

  test("a timer that is killed is noticed by whoever comes next", async () => {
    const before = await running();
    const one = await session();
    await one.arm("orphan", switchMs);
    await one.configure([discard]);
    await inside(lab, router, ["sh", "-c", `kill -9 $(cat /run/holdfast/switch/${router}/timer)`]);
    await expect.poll(() => one.pending(), revertedWithin).toBeUndefined();
    expect(await running()).toBe(before);
  });

  test("tells health as the router has it, and pings", async () => {
    const one = await session();
    const health = await one.health();
    expect(health.interfacesUp).toEqual(expect.arrayContaining(["eth1", "eth2", "lo", "mgmt0"]));
    await expect.poll(async () => (await one.health()).ospfFull, revertedWithin).toEqual(["10.255.1.2"]);
    await expect.poll(async () => (await one.health()).bgpEstablished.length, revertedWithin).toBe(2);
    expect(await one.ping("10.99.0.2", 2)).toMatchObject({ sent: 2, received: 2 });
    expect(await one.ping("10.99.0.99", 2)).toMatchObject({ received: 0 });
  });
});
