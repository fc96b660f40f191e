import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { heldClock, type HeldClock } from "./clock.ts";
import { startDevice, type SimulatedDevice } from "./device.ts";
import { connect, execOnce, openTerminal, type TerminalClient } from "./ssh-client.ts";

const signIn = { username: "netops", password: "secret" };
const config = `hostname r1
archive
 path flash:kept
interface GigabitEthernet1
 ip address 10.0.0.1 255.255.255.252
`;

let device: SimulatedDevice;
let clock: HeldClock;
const open: TerminalClient[] = [];

beforeEach(async () => {
  clock = heldClock();
  device = await startDevice({ name: "r1", platform: "ios", config, clock, ...signIn });
});

afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await device.stop();
});

async function terminal(): Promise<TerminalClient> {
  const client = await openTerminal({ port: device.port, ...signIn });
  open.push(client);
  await client.until(/#$/);
  await client.command("terminal length 0");
  return client;
}

const target = (): { port: number; username: string; password: string } => ({ port: device.port, ...signIn });

describe("faults of the connection", () => {
  test("a refusing device is gone for old and new connections, and comes back under the same port", async () => {
    const client = await terminal();
    const lift = await device.fault({ kind: "unreachable", how: "refuse" });
    await client.ended;
    await expect(connect(target())).rejects.toThrow(/ECONNREFUSED/);
    await lift();
    await terminal();
  });

  test("a silent device takes the connection and never says a word", async () => {
    const client = await terminal();
    const lift = await device.fault({ kind: "unreachable", how: "blackhole" });
    await expect(connect(target(), { readyTimeout: 300 })).rejects.toThrow(/Timed out/);
    client.type("show clock\n");
    await expect(client.until(/UTC/, 100)).rejects.toThrow(/nothing like/);
    await lift();
    await client.ended;
    await terminal();
  });

  test("a wrong password and a changed host key", async () => {
    const { fingerprint } = device;
    await device.fault({ kind: "wrong-password" });
    await expect(connect(target())).rejects.toThrow(/authentication/);
    await device.clearFaults();
    await device.fault({ kind: "changed-host-key" });
    expect(device.fingerprint).not.toBe(fingerprint);
    await expect(connect({ ...target(), fingerprint })).rejects.toThrow(/verification failed/);
    await device.clearFaults();
    (await connect({ ...target(), fingerprint })).end();
  });

  test("a connection that breaks after so many bytes breaks exactly there", async () => {
    await device.fault({ kind: "drop-after", bytes: 300 }, 1);
    const client = await openTerminal(target());
    await client.until(/#$/);
    client.type("show version\n");
    const rest = await client.ended;
    expect(rest.length + "\r\nr1#".length).toBe(300);
    await terminal();
  });

  test("output in pieces of one byte is the same output", async () => {
    const whole = await (await terminal()).command("show version");
    await device.fault({ kind: "split", bytes: 1 });
    expect(await (await terminal()).command("show version")).toBe(whole);
  });
});

describe("faults of a command", () => {
  test("it hangs before or in the middle of its answer", async () => {
    await device.fault({ kind: "hang", at: "show clock" }, 1);
    await device.fault({ kind: "hang", at: "show version", afterBytes: 40 }, 1);
    const first = await terminal();
    first.type("show clock\n");
    await expect(first.until(/#$/, 100)).rejects.toThrow(/nothing like/);
    const second = await terminal();
    second.type("show version\n");
    await second.until(/Cisco IOS XE Software, Version 17\.03\.04/);
    await expect(second.until(/#$/, 100)).rejects.toThrow(/nothing like/);
    const third = await terminal();
    expect(await third.command("show clock")).toContain("UTC");
  });

  test("the connection is cut before it has any effect, or right after", async () => {
    for (const [when, has] of [
      ["before", false],
      ["after", true],
    ] as const) {
      await device.fault({ kind: "drop", at: "description", when }, 1);
      const client = await terminal();
      await client.command("configure terminal");
      await client.command("interface GigabitEthernet1");
      client.type(`description cut ${when}\n`);
      await client.ended;
      expect(device.running().includes(`cut ${when}`)).toBe(has);
    }
  });

  test("it is refused, or taken and ignored", async () => {
    await device.fault({ kind: "refuse", at: "ip route" });
    await device.fault({ kind: "ignore", at: "ntp server" });
    const client = await terminal();
    await client.command("configure terminal");
    expect(await client.command("ip route 10.1.0.0 255.255.0.0 10.0.0.2")).toContain("% Invalid input detected");
    expect(await client.command("ntp server 10.1.1.1")).toBe("");
    expect(device.running()).not.toMatch(/ip route|ntp/);
    expect(device.history).toHaveLength(0);
  });

  test("its answer is two megabytes long, and whole", async () => {
    await device.fault({ kind: "huge", at: "show running-config", bytes: 2_000_000 });
    const text = await (await terminal()).command("show running-config");
    expect(text.length).toBeGreaterThan(2_000_000);
    expect(text.trimEnd().endsWith("\nend")).toBe(true);
  });

  test("log lines come between, and answers take their time", async () => {
    const client = await terminal();
    await device.fault({ kind: "syslog", everyMs: 20 });
    await client.until(/%SYS-6-LOGGINGHOST_STARTSTOP.*\n/);
    await device.clearFaults();
    await device.fault({ kind: "slow", ms: 60_000 });
    client.type("show clock\n");
    await expect(client.until(/UTC/, 100)).rejects.toThrow(/nothing like/);
    clock.advance(60_000);
    await client.until(/UTC/);
  });
});

describe("faults of the device itself", () => {
  test("the switch does not fire, or fires too early", async () => {
    const before = device.running();
    const client = await terminal();
    await device.fault({ kind: "switch-silent" });
    await client.command("configure terminal revert timer 1");
    await client.command("ntp server 10.1.1.1");
    clock.advance(120_000);
    expect(device.running()).toContain("ntp server");
    await device.clearFaults();
    await client.command("end");
    expect(await client.command("configure revert now")).toContain("Rollback Done");
    await device.fault({ kind: "switch-early", afterMs: 500 });
    await client.command("configure terminal revert timer 1");
    await client.command("ntp server 10.1.1.1");
    clock.advance(500);
    expect(device.running()).toBe(before);
  });

  test("a full disk keeps the old saved configuration and says so", async () => {
    await device.fault({ kind: "disk-full" });
    device.edit(["ntp server 10.1.1.1"]);
    const { output } = await execOnce(target(), "write memory");
    expect(output).toContain("Not enough space");
    expect(device.startup()).not.toContain("ntp server");
  });

  test("a busy processor shows", async () => {
    await device.fault({ kind: "cpu", percent: 95 });
    expect((await execOnce(target(), "show processes cpu")).output).toContain("CPU utilization for five seconds: 95%/0%");
  });
});
