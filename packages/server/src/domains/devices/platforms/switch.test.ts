import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runningClock } from "#world/clock";
import { DeviceError } from "../drivers/error.ts";
import { bareServer, talk } from "#test/devices/bare-server";
import { openDevice, type SwitchLedger } from "./index.ts";
import { both, changes, cleanUp, essence, failure, open, quick, start } from "#test/devices/on-world";
import { longestToken } from "./token.ts";

describe.each(both)("the dead-man's switch of %s", (platform) => {
  const change = changes[platform];

  test("confirmed: the change stays, and can be saved only then", async () => {
    const device = await start(platform);
    const ledger: SwitchLedger = new Map();
    const session = await open(device, { ledger });
    const { expiresAtMs } = await session.arm("hf-1", 120_000);
    expect(expiresAtMs - Date.now()).toBeGreaterThan(110_000);
    expect(await session.configure(change.good)).toEqual({ sent: 3 });
    expect(await failure(session.save())).toMatchObject({ reason: "switch_armed" });
    const other = await open(device, { ledger });
    const pending = await other.pending();
    expect(pending?.token).toBe("hf-1");
    expect(pending?.remainingMs).toBeGreaterThan(100_000);
    expect(pending?.remainingMs).toBeLessThanOrEqual(120_000);
    expect(await other.confirm("hf-1")).toBe("confirmed");
    expect(await other.pending()).toBeUndefined();
    await other.save();
    expect(device.startup()).toContain("description to the core");
    expect(device.armed).toBeUndefined();
  });

  test("not confirmed: the device goes back by itself, also when the connection is gone", async () => {
    const clock = runningClock(200);
    const device = await start(platform, { clock });
    const before = device.running();
    const ledger: SwitchLedger = new Map();
    const session = await open(device, { ledger });
    await session.arm("hf-2", 60_000);
    await session.configure([...change.good, "hostname bad"]);
    expect(device.running()).not.toBe(before);
    session.kill(new DeviceError("connection_lost", { say: "cut" }));
    await expect.poll(() => device.running(), { timeout: 5000, interval: 20 }).toBe(before);
    const next = await open(device, { ledger });
    expect(await next.pending()).toBeUndefined();
    expect(await next.confirm("hf-2")).toBe("already_reverted");
    expect(essence(await next.running())).toEqual(essence(before));
  });

  test("reverts in a session that stays open, and the session goes on", async () => {
    const clock = runningClock(200);
    const device = await start(platform, { clock });
    const before = device.running();
    const session = await open(device);
    await session.arm("hf-3", 60_000);
    await session.configure(["hostname bad"]);
    await expect.poll(() => device.running(), { timeout: 5000, interval: 20 }).toBe(before);
    expect(essence(await session.running())).toEqual(essence(before));
  });

  test("reverts now when told", async () => {
    const device = await start(platform);
    const before = device.running();
    const session = await open(device);
    await session.arm("hf-4", 600_000);
    await session.configure([...change.good, "hostname bad"]);
    expect(await session.revertNow("hf-4")).toBe("reverted");
    expect(device.running()).toBe(before);
    expect(await session.pending()).toBeUndefined();
    await session.save();
    expect(essence(await session.running())).toEqual(essence(before));
  });

  test("what was never armed is neither confirmed nor reverted", async () => {
    const session = await open(await start(platform));
    expect(await session.confirm("hf-5")).toBe("not_armed");
    expect(await session.revertNow("hf-5")).toBe("not_armed");
    expect(await session.pending()).toBeUndefined();
  });

  test("armed for another token: everything else is refused, and nothing is touched", async () => {
    const device = await start(platform);
    const ledger: SwitchLedger = new Map();
    const session = await open(device, { ledger });
    await session.arm("hf-6", 600_000);
    expect(await failure(session.arm("hf-7", 60_000))).toMatchObject({ reason: "switch_busy" });
    expect(await failure(session.confirm("hf-7"))).toMatchObject({ reason: "switch_busy" });
    expect(await failure(session.revertNow("hf-7"))).toMatchObject({ reason: "switch_busy" });
    expect(device.armed).toBeDefined();
    // Asked again for the same token, it is armed already.
    expect((await session.arm("hf-6", 600_000)).expiresAtMs).toBeGreaterThan(Date.now() + 500_000);
  });

  test("a token of 64 characters is taken; a longer one, and one that is no single word, is never sent", async () => {
    const device = await start(platform);
    const session = await open(device);
    for (const bad of ["x".repeat(65), "hf 1; reboot", "hf\n1", ""]) {
      for (const work of [session.arm(bad, 60_000), session.confirm(bad), session.revertNow(bad)]) {
        expect(await failure(work)).toMatchObject({ reason: "command_malformed" });
      }
    }
    expect(device.armed).toBeUndefined();
    const longest = "x".repeat(longestToken);
    await session.arm(longest, 60_000);
    expect(await session.pending()).toMatchObject({ token: longest });
    expect(await session.confirm(longest)).toBe("confirmed");
  });
});

test("the program on FRR hosts takes tokens as long as ours, and no longer ones", () => {
  const program = readFileSync(new URL("../../../../../../deploy/frr/holdfast-switch", import.meta.url), "utf8");
  expect(/\[ \$\{#1\} -le (\d+) \] \|\| fail "a token/.exec(program)?.[1]).toBe(String(longestToken));
});

describe("a host of FRR without holdfast-switch", () => {
  test.each([
    ["a shell that does not find it", "", "sh: 1: exec: holdfast-switch: not found", 127],
    ["a vtysh that does not know it", "% Unknown command: holdfast-switch status", "", 1],
  ])("has no dead-man's switch, and the error says how to install one: %s", async (_name, stdout, stderr, code) => {
    const server = await bareServer({
      onShell: (channel) => void talk(channel, "r1# ", () => "r1# "),
      onExec: (_command, channel) => {
        channel.write(stdout);
        channel.stderr.write(stderr);
        channel.exit(code);
        channel.end();
      },
    });
    cleanUp.push(server.close);
    const { bastion: _, ...target } = server.target();
    const session = await openDevice({ ...target, id: "r1", platform: "frr" }, quick);
    cleanUp.push(() => session.close());
    const error = await failure(session.arm("hf-1", 60_000));
    expect(error).toMatchObject({ reason: "no_dead_mans_switch" });
    expect(error.message).toContain("install holdfast-switch");
    expect(await failure(session.arm("hf 1; reboot", 60_000))).toMatchObject({ reason: "command_malformed" });
  });
});
