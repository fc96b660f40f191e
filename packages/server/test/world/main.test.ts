import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { spawnWorld, type RemoteWorld } from "./control.ts";
import { execOnce, openTerminal } from "./ssh-client.ts";

const signIn = { username: "netops", password: "secret" };
const fleet = {
  devices: [
    { name: "r1", platform: "frr" as const, config: "hostname r1\ninterface eth1\n ip address 10.0.0.1/30\n", ...signIn },
    { name: "r2", platform: "ios" as const, config: "hostname r2\narchive\n path flash:kept\n", ...signIn },
  ],
};

let stateDir: string;
let world: RemoteWorld;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "world-"));
  world = await spawnWorld({ stateDir, fleet });
});

afterEach(async () => {
  await world.stop();
  await rm(stateDir, { recursive: true });
});

const run = (name: string, command: string) => execOnce({ port: world.device(name).port, ...signIn }, command);

describe("a fleet in a process of its own", () => {
  test("is the same after kill -9: ports, host keys, what runs, what is saved, and what happened", async () => {
    await run("r1", "configure terminal\ninterface eth1\nip ospf cost 5");
    await run("r1", "write memory");
    await run("r1", "configure terminal\ninterface eth1\ndescription not saved");
    const before = await world.device("r1").report();
    expect(before.running).toContain("not saved");
    await world.kill();
    world = await spawnWorld({ stateDir, fleet });
    const after = await world.device("r1").report();
    expect(after).toEqual(before);
  });

  test("a dead-man's switch goes on counting while nobody simulates", async () => {
    const { running } = await world.device("r1").report();
    await run("r1", "holdfast-switch arm t-1 1");
    await run("r1", "configure terminal\ninterface eth1\nshutdown");
    await world.kill();
    world = await spawnWorld({ stateDir, fleet });
    await expect.poll(async () => (await world.device("r1").report()).running, { timeout: 5000 }).toBe(running);
    expect((await run("r1", "holdfast-switch confirm t-1")).output).toBe("reverted t-1\n");
  });

  test("obeys its control: hand edits, faults, power", async () => {
    const r2 = world.device("r2");
    const edited = await r2.edit(["ntp server 10.1.1.1"], "night-shift");
    expect(edited.running).toContain("ntp server 10.1.1.1");
    expect(edited.history.at(-1)).toMatchObject({ user: "night-shift", via: "console", text: "ntp server 10.1.1.1" });
    await expect(r2.edit(["no such command"])).rejects.toThrow(/r2 refuses/);
    await r2.fault({ kind: "refuse", at: "show clock" }, 1);
    expect((await run("r2", "show clock")).output).toContain("% Invalid input");
    await r2.stop();
    await expect(openTerminal({ port: r2.port, ...signIn })).rejects.toThrow(/ECONNREFUSED/);
    await r2.start();
    expect((await r2.reboot()).running).not.toContain("ntp server");
  });
});
