import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { heldClock, type HeldClock } from "../clock.ts";
import { startDevice, type SimulatedDevice } from "../device.ts";
import { execOnce, openTerminal, type ExecResult } from "../ssh-client.ts";

const signIn = { username: "netops", password: "secret" };
const config = `frr version 8.4.4
frr defaults traditional
hostname turin-core-1
!
interface eth1
 ip address 10.0.0.2/30
exit
!
router bgp 65001
 neighbor 10.0.0.1 remote-as 65002
exit
`;

let device: SimulatedDevice;
let clock: HeldClock;

beforeEach(async () => {
  clock = heldClock();
  device = await startDevice({ name: "turin-core-1", platform: "frr", config, clock, ...signIn });
});

afterEach(() => device.stop());

const run = (command: string): Promise<ExecResult> => execOnce({ port: device.port, ...signIn }, command);

describe("vtysh on a terminal", () => {
  test("takes a question mark after control-V for text, without it for a call for help", async () => {
    const client = await openTerminal({ port: device.port, ...signIn });
    await client.until(/# $/);
    for (const line of ["configure terminal", "interface eth1", "description why\u0016? yes"]) {
      client.type(`${line}\n`);
      await client.until(/# $/);
    }
    expect(device.running()).toContain(" description why? yes\n");
    client.close();
  });

  test("greets, prompts with a space, and keeps the words of FRR", async () => {
    const client = await openTerminal({ port: device.port, ...signIn });
    expect(await client.until(/# $/)).toContain("Hello, this is FRRouting (version 8.4.4).");
    expect(await client.command("show running-config")).toBe(
      `Building configuration...\n\nCurrent configuration:\n!\n${device.running()}\n`,
    );
    expect(await client.command("shw version")).toBe("% Unknown command: shw version\n");
    expect(await client.command("show")).toBe("% Command incomplete: show\n");
    client.type("configure terminal\n");
    expect(await client.until(/# $/)).toContain("turin-core-1(config)# ");
    expect(await client.command("interface eth1")).toBe("");
    expect(await client.command(" ip address 300.1.1.1/24")).toBe("% Unknown command:  ip address 300.1.1.1/24\n");
    expect(await client.command("description link to Lyon")).toBe("");
    expect(await client.command("do show interface description")).toContain("link to Lyon");
    client.type("\u001A");
    await client.until(/turin-core-1# $/);
    expect(await client.command("write memory")).toContain("Integrated configuration saved to /etc/frr/frr.conf\n[OK]\n");
    expect(device.startup()).toContain("link to Lyon");
    client.close();
  });

  test("pings until it is told to stop", async () => {
    const client = await openTerminal({ port: device.port, ...signIn });
    await client.until(/# $/);
    client.type("ping 10.0.0.2\n");
    await client.until(/icmp_seq=1 /);
    client.type("\u0003");
    expect(await client.until(/# $/)).toMatch(/1 packets transmitted, 1 received, 0% packet loss/);
    client.close();
  });
});

describe("an exec channel", () => {
  test("ends with 0, or with 1 at the first command that fails", async () => {
    expect(await run("show version")).toMatchObject({
      code: 0,
      output: expect.stringContaining("FRRouting 8.4.4 (turin-core-1)") as string,
    });
    expect(await run("show versoin")).toEqual({ code: 1, output: "% Unknown command: show versoin\n" });
  });

  test("a script stops at its first bad line and keeps what came before", async () => {
    const result = await run("configure terminal\ninterface eth1\nip ospf cost 7\nbogus\ndescription never");
    expect(result).toEqual({ code: 1, output: "% Unknown command: bogus\n" });
    expect(device.running()).toContain(" ip ospf cost 7\n");
    expect(device.running()).not.toContain("never");
  });

  test("tells of neighbours as JSON", async () => {
    const { output } = await run("show bgp summary json");
    expect(JSON.parse(output)).toMatchObject({ ipv4Unicast: { as: 65001, peers: { "10.0.0.1": { state: "Active", remoteAs: 65002 } } } });
    expect(JSON.parse((await run("show ip ospf neighbor json")).output)).toEqual({});
    expect(JSON.parse((await run("show interface brief json")).output)).toMatchObject({ eth1: { addresses: ["10.0.0.2/30"] } });
  });
});

describe("the dead-man's switch of the host", () => {
  const now = (): number => Math.floor(clock.now() / 1000);

  test("a change that nobody confirms is gone when the time is up, whatever became of the connection", async () => {
    const before = device.running();
    expect(await run("holdfast-switch arm t-1 30")).toEqual({ code: 0, output: `armed t-1 ${now() + 30}\n` });
    const client = await openTerminal({ port: device.port, ...signIn });
    await client.until(/# $/);
    await client.command("configure terminal");
    await client.command("interface eth1");
    await client.command("shutdown");
    client.close();
    await client.ended;
    expect(device.running()).toContain(" shutdown");
    clock.advance(29_000);
    expect(await run("holdfast-switch status")).toEqual({ code: 0, output: "armed t-1 1\n" });
    clock.advance(1000);
    expect(await run("holdfast-switch status")).toEqual({ code: 0, output: "reverting t-1\n" });
    clock.advance(200);
    expect(device.running()).toBe(before);
    expect((await run("holdfast-switch status")).output).toBe(`reverted t-1 ${now()}\n`);
    expect(await run("holdfast-switch confirm t-1")).toEqual({ code: 4, output: "reverted t-1\n" });
  });

  test("a confirmed change stays, and confirming again is told the same", async () => {
    await run("holdfast-switch arm t-2 30");
    await run("configure terminal\ninterface eth1\nip ospf cost 9");
    expect(await run("holdfast-switch arm other 30")).toEqual({ code: 1, output: "busy t-2\n" });
    expect(await run("holdfast-switch confirm other")).toEqual({ code: 1, output: "busy t-2\n" });
    expect(await run("holdfast-switch confirm t-2")).toEqual({ code: 0, output: "confirmed t-2\n" });
    clock.advance(60_000);
    expect(device.running()).toContain("ip ospf cost 9");
    expect(await run("holdfast-switch confirm t-2")).toEqual({ code: 0, output: "confirmed t-2\n" });
    expect(await run("holdfast-switch confirm other")).toEqual({ code: 3, output: "idle\n" });
    expect(await run("holdfast-switch status")).toEqual({ code: 0, output: "idle\n" });
  });

  test("goes back when told, and says so again when told again", async () => {
    const before = device.running();
    expect(await run("holdfast-switch revert t-3")).toEqual({ code: 3, output: "idle\n" });
    expect(await run("holdfast-switch arm t-3 0")).toMatchObject({ code: 2 });
    await run("holdfast-switch arm t-3 30");
    await run("configure terminal\nno router bgp 65001");
    expect(await run("holdfast-switch revert t-3")).toEqual({ code: 0, output: "reverted t-3\n" });
    expect(device.running()).toBe(before);
    expect(await run("holdfast-switch revert t-3")).toEqual({ code: 0, output: "reverted t-3\n" });
  });
});
