import { describe, expect, test } from "vitest";
import { openDevice } from "./index.ts";
import { openIos } from "./ios.ts";
import { cleanUp, configs, endpointOf, failure, open, quick, start } from "#test/devices/on-world";

describe("ios alone", () => {
  test("enable: right password, wrong one, none", async () => {
    const device = await start("ios", { enablePassword: "enable-secret" });
    const session = await openDevice(endpointOf(device, { enablePassword: "enable-secret" }), quick);
    expect(await session.running()).toContain("hostname edge1");
    await session.close();
    const wrong = await failure(openDevice(endpointOf(device, { enablePassword: "no" }), quick));
    expect(wrong).toMatchObject({ reason: "auth_failed" });
    expect(wrong.message).toContain("refused the enable password");
    const none = await failure(openDevice(endpointOf(device), quick));
    expect(none).toMatchObject({ reason: "auth_failed" });
    expect(none.message).toContain("holds none");
  });

  test("without an archive there is no dead-man's switch, and nothing is touched", async () => {
    const device = await start("ios", { config: configs.ios.replace("archive\n path flash:archive\n", "") });
    const before = device.running();
    const session = await open(device);
    const error = await failure(session.arm("hf-1", 60_000));
    expect(error).toMatchObject({ reason: "no_dead_mans_switch" });
    expect(error.message).toContain('Configure "archive" with a "path"');
    expect(device.running()).toBe(before);
    expect(await session.running()).toContain("hostname edge1");
  });

  test("the switch of another user is left alone", async () => {
    const device = await start("ios");
    device.router.arm({ token: "flash:theirs", user: "somebody", seconds: 600 });
    const session = await open(device);
    for (const work of [session.arm("hf-1", 60_000)]) expect((await failure(work)).message).toContain("somebody");
    expect(await failure(session.confirm("hf-1"))).toMatchObject({ reason: "switch_busy" });
    expect(await session.pending()).toMatchObject({ remainingMs: expect.any(Number) as number });
  });

  test("a question that nobody told us the answer to is not answered", async () => {
    const device = await start("ios");
    const { bootedAt } = device.router;
    const { cli } = await openIos(endpointOf(device), quick, new Map());
    cleanUp.push(() => cli.close());
    const error = await failure(cli.run("reload"));
    expect(error).toMatchObject({ reason: "unexpected_prompt", command: "reload" });
    expect(error.vendorText).toContain("Proceed with reload? [confirm]");
    expect(device.router.bootedAt).toBe(bootedAt);
  });

  test("the removal of a user is confirmed, as told", async () => {
    const device = await start("ios", { config: `${configs.ios}username old privilege 15 secret 9 $9$abc\n` });
    const session = await open(device);
    expect(await session.configure(["no username old"])).toEqual({ sent: 1 });
    expect(device.running()).not.toContain("username old");
  });

  test("a banner of several lines is one step", async () => {
    const device = await start("ios");
    const session = await open(device);
    const text = ["banner motd ^C", "Keep out # of edge1#", "edge1#", "~ really ~", "^C", "ntp server 192.0.2.1"];
    expect(await session.configure(text)).toEqual({ sent: 6 });
    expect(device.running()).toContain("Keep out # of edge1#\nedge1#\n~ really ~\n");
    expect(device.running()).toContain("ntp server 192.0.2.1");
    // And the next sign-in is not led astray by it.
    expect(await (await open(device)).running()).toContain("~ really ~");
  });

  test("a full disk does not look like a saved configuration", async () => {
    const device = await start("ios");
    await device.fault({ kind: "disk-full" });
    const error = await failure((await open(device)).save());
    expect(error).toMatchObject({ reason: "command_refused" });
    expect(error.vendorText).toContain("Not enough space");
  });
});
