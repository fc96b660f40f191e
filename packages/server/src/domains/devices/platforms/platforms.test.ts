/** What every platform promises, tried on simulated devices that have real configuration, timers and faults. */
import { describe, expect, test } from "vitest";
import type { SimulatedDevice } from "#world/device";
import { startFleet } from "#world/fleet";
import { createDevicePool, openDevice, type OpenSession } from "./index.ts";
import { both, changes, cleanUp, configs, endpointOf, essence, failure, login, open, quick, start } from "#test/devices/on-world";

/** A running configuration, or what went wrong. */
async function attempt(device: SimulatedDevice): Promise<unknown> {
  try {
    const session = await openDevice(endpointOf(device), quick);
    cleanUp.push(() => session.close());
    return await session.running();
  } catch (thrown) {
    return thrown;
  }
}

describe.each(both)("%s", (platform) => {
  const change = changes[platform];

  test("gives its whole running configuration, without noise", async () => {
    const device = await start(platform);
    const session = await open(device);
    const running = await session.running();
    expect(essence(running)).toEqual(essence(device.running()));
    expect(running).not.toMatch(/Building|Current configuration|Last configuration change|^end$/m);
    await session.configure(change.good);
    await session.save();
    expect(essence(await session.running())).toEqual(essence(device.running()));
  });

  test("gives the same whatever the size of the pieces, with log lines in between, and slowly", async () => {
    const device = await start(platform);
    const whole = await (await open(device)).running();
    await device.fault({ kind: "split", bytes: 1 });
    await device.fault({ kind: "slow", ms: 3 });
    const session = await open(device);
    expect(await session.running()).toBe(whole);
    await device.fault({ kind: "syslog", everyMs: 25 });
    for (let turn = 0; turn < 5; turn++) {
      const answer = await session.run(platform === "ios" ? "show version | include uptime is" : "show version");
      expect(answer).toContain(platform === "ios" ? "edge1 uptime is" : "FRRouting");
    }
  });

  test("a configuration into which the device printed a log line is read again, or not given at all", async () => {
    const device = await start(platform);
    const session = await open(device);
    const whole = await session.running();
    const answer = device.router.running.bind(device.router);
    const logLine =
      platform === "ios" ? "*Jan  5 08:00:00.000: %SYS-5-CONFIG_I: Configured" : "2026/01/05 08:00:00 OSPF: [M7Q4P-46WDR] vty";
    // On a line of its own, or wherever the cursor was.
    for (const over of [`\n${logLine}\n address`, `${logLine}\n address`]) {
      let disturbed = 1;
      device.router.running = () => (disturbed-- > 0 ? answer().replace(" address", over) : answer());
      expect(await session.running()).toBe(whole);
    }
    let disturbed = 100;
    device.router.running = () => (disturbed-- > 0 ? answer().replace(" address", `\n${logLine}\n address`) : answer());
    expect(await failure(session.running())).toMatchObject({ reason: "output_incomplete" });
  });

  test("a long answer comes whole: 2 MB", async () => {
    const device = await start(platform);
    const session = await open(device, { timeoutMs: 10_000 });
    const short = await session.run("show version");
    await device.fault({ kind: "huge", at: "show version", bytes: 2_000_000 });
    const long = await session.run("show version");
    expect(long.length).toBeGreaterThan(1_900_000);
    expect(long.replaceAll("! filler, so that this answer is long\n", "")).toBe(short);
  });

  test("takes a change line by line", async () => {
    const device = await start(platform);
    const session = await open(device);
    expect(await session.configure(change.good)).toEqual({ sent: 3 });
    expect(device.running()).toContain("description to the core");
    expect(await session.configure([])).toEqual({ sent: 0 });
  });

  test("stops at the first line that it refuses, and says what the device said and where", async () => {
    const device = await start(platform);
    const session = await open(device);
    const done = await session.configure([change.port, " description first", change.bad, " description second"]);
    expect(done.sent).toBe(3);
    expect(done.refused).toMatchObject({ index: 2, line: change.bad });
    expect(done.refused?.vendorText).toMatch(platform === "ios" ? /^% Invalid input detected/ : /^% Unknown command: +ip foo/);
    expect(done.refused?.position).toBe(change.at);
    expect(device.running()).toContain("description first");
    expect(device.running()).not.toContain("description second");
    // It is out of configuration mode, and goes on working.
    expect(await session.running()).toContain("description first");
  });

  test("takes another name in the middle of a change, and back", async () => {
    const device = await start(platform);
    const session = await open(device);
    expect(await session.configure(["hostname a-rather-long-name-for-a-router", ...change.good, "hostname edge1"])).toEqual({ sent: 5 });
    expect(await session.configure(["hostname edge2"])).toEqual({ sent: 1 });
    expect(await session.running()).toContain("hostname edge2\n");
    device.edit(["hostname edge3"]);
    expect(await session.running()).toContain("hostname edge3\n");
  });

  test("a command that it does not know is a typed refusal", async () => {
    const session = await open(await start(platform));
    const error = await failure(session.run("show nonsense here"));
    expect(error).toMatchObject({ reason: "command_refused", command: "show nonsense here" });
    expect(error.vendorText).toMatch(/^% /);
    expect(session.usable).toBe(true);
  });

  test("wrong password, wrong user, changed host key, nobody there", async () => {
    const device = await start(platform);
    expect((await failure(openDevice(endpointOf(device, { password: "wrong" }), quick))).reason).toBe("auth_failed");
    expect((await failure(openDevice(endpointOf(device, { username: "nobody" }), quick))).reason).toBe("auth_failed");
    const endpoint = endpointOf(device);
    await device.fault({ kind: "changed-host-key" });
    expect((await failure(openDevice(endpoint, quick))).reason).toBe("host_key_changed");
    await device.clearFaults();
    await device.fault({ kind: "unreachable", how: "refuse" });
    expect((await failure(openDevice(endpoint, quick))).reason).toBe("unreachable");
    await device.clearFaults();
    await device.fault({ kind: "unreachable", how: "blackhole" });
    expect((await failure(openDevice(endpoint, { ...quick, handshakeMs: 150 }))).reason).toBe("timeout");
  });

  test("hangs in the middle of a configuration: timeout, nothing half of it is given", async () => {
    const device = await start(platform);
    await device.fault({ kind: "hang", at: "show running-config", afterBytes: 100 });
    const session = await open(device, { timeoutMs: 200 });
    expect(await failure(session.running())).toMatchObject({ reason: "timeout" });
    expect(session.usable).toBe(false);
  });

  test("loses the connection in the middle of a change: the error says at which line", async () => {
    const device = await start(platform);
    const session = await open(device);
    await device.fault({ kind: "drop", at: "ip ospf cost", when: "before" });
    expect(await failure(session.configure(change.good))).toMatchObject({ reason: "connection_lost", command: "ip ospf cost 20" });
  });

  test("loses the connection at any byte: an error or the whole answer", async () => {
    const device = await start(platform);
    const whole = await (await open(device)).running();
    for (let bytes = 30; bytes < 1500; bytes += 83) {
      await device.clearFaults();
      await device.fault({ kind: "drop-after", bytes });
      const outcome = await attempt(device);
      if (outcome instanceof Error) expect(outcome).toMatchObject({ reason: "connection_lost" });
      else expect(outcome).toBe(whole);
    }
  });

  test("tells its health, and pings", async () => {
    const peer = {
      ...login,
      platform,
      name: "core1",
      config: configs[platform]
        .replaceAll("edge1", "core1")
        .replaceAll("10.0.0.1", "10.0.0.3")
        .replaceAll("10.0.0.2", "10.0.0.1")
        .replaceAll("10.0.0.3", "10.0.0.2")
        .replaceAll("10.9.0.1", "10.9.0.2")
        .replace("remote-as 65002", "remote-as 65001")
        .replace("bgp 65001", "bgp 65002"),
    };
    const port = platform === "ios" ? "GigabitEthernet1" : "eth1";
    const fleet = await startFleet({
      devices: [{ ...login, platform, name: "edge1", config: configs[platform] }, peer],
      links: [{ a: `edge1:${port}`, b: `core1:${port}` }],
    });
    cleanUp.push(() => fleet.stop());
    const session = await open(fleet.device("edge1"));
    const health = await session.health();
    expect(health.interfacesUp.sort()).toEqual(platform === "ios" ? ["GigabitEthernet1", "Loopback0"] : ["eth1", "lo"]);
    expect(health.ospfFull).toEqual(["10.9.0.2"]);
    expect(health.bgpEstablished).toEqual(["10.0.0.2"]);
    if (platform === "ios") {
      expect(health.cpuPercent).toBeTypeOf("number");
      expect(health.memoryPercent).toBeTypeOf("number");
      expect(health.uptimeS).toBeGreaterThan(3_000_000);
    }
    expect(await session.ping("10.0.0.2", 1)).toMatchObject({ sent: 1, received: 1 });
    expect(await session.ping("10.77.0.1", 1)).toMatchObject({ sent: 1, received: 0 });
  });

  test("only what reads is run", async () => {
    const device = await start(platform);
    const session = await open(device);
    for (const command of [
      "reload",
      "configure terminal",
      "write erase",
      "show version | redirect flash:x",
      "showy",
      "copy running-config startup-config",
    ]) {
      expect(await failure(session.run(command))).toMatchObject({ reason: "command_not_allowed" });
    }
    expect(await session.run("show version")).not.toBe("");
  });

  test("a device that has lost its name is still understood", async () => {
    const device = await start(platform);
    const session = await open(device);
    expect(await session.configure(["no hostname", ...change.good])).toEqual({ sent: 4 });
    expect(await session.running()).not.toContain("hostname");
    expect(await (await open(device)).running()).toContain("description to the core");
  });

  test("a command may not smuggle in a second one", async () => {
    const device = await start(platform);
    const session = await open(device);
    expect(await failure(session.run("show version\nreload"))).toMatchObject({ reason: "command_malformed" });
    expect(await failure(session.configure(["hostname x\nno router bgp 65001"]))).toMatchObject({ reason: "command_malformed" });
    expect(await failure(session.ping("10.0.0.1 repeat 9999", 1))).toMatchObject({ reason: "command_malformed" });
    expect(device.running()).toContain("router bgp 65001");
  });

  test("a pool gives verification a connection of its own", async () => {
    const device = await start(platform);
    const pool = createDevicePool({ session: quick });
    cleanUp.push(() => pool.close());
    const endpoint = endpointOf(device);
    const seen = new Set<unknown>();
    const note = (session: OpenSession): Promise<void> => Promise.resolve(void seen.add(session));
    await pool.withSession(endpoint, note);
    await pool.withSession(endpoint, note);
    expect(seen.size).toBe(1);
    await pool.withSession(endpoint, note, { fresh: true });
    expect(seen.size).toBe(2);
    // A session that renamed the device is not for others where it would show them the old name.
    await pool.withSession(endpoint, async (session) => {
      await session.configure(["hostname edge2"]);
      expect(session.usable).toBe(platform === "ios");
    });
  });
});
