import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Plan, Rollout } from "@holdfast/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runHoldfast, type Given, type Ran } from "./holdfast-program.ts";
import { deviceData } from "./journeys/network.ts";
import { setScene, type Scene } from "./journeys/scene.ts";

let scene: Scene;
let home: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  scene = await setScene({ pairs: 1 });
  await scene.holdfast.identity.createUser(
    { name: "grace", grants: [{ role: "approver" }] },
    { actor: "system:test", access: "unlimited" },
  );
  for (const as of ["ada", "grace"]) {
    const { token } = await scene.holdfast.identity.createSignInLink(as, { actor: "system:test" });
    expect(await run(["login", "--url", scene.url, "--link"], { as, stdin: `${token}\n` })).toMatchObject({ code: 0 });
  }
});
afterAll(async () => {
  await scene.stop();
  rmSync(home, { recursive: true, force: true });
});

const run = (args: string[], given: Given = {}): Promise<Ran> => runHoldfast(home, args, given);
const describing = (text: string): Record<string, string> => ({
  ...deviceData(scene.device("r1"), `description: ${text}\n`),
  ...deviceData(scene.device("r2"), `description: ${text}\n`),
});

/** Commits, fetches and plans; the plan. */
async function plan(files: Record<string, string>): Promise<Plan> {
  await scene.repository.commit("A change", files);
  expect(await run(["repos", "sync", "net"])).toMatchObject({ code: 0 });
  const planned = await run(["plan", "net", "-o", "json"]);
  expect(planned).toMatchObject({ code: 0 });
  return JSON.parse(planned.out) as Plan;
}

const quickly = ["--bake", "0s", "--yes"];

describe("a change from the command line", () => {
  test("is planned with its differences, rolled out in waves, and everywhere when the command ends", async () => {
    await scene.repository.commit("A change", describing("by-hand"));
    await run(["repos", "sync", "net"]);
    const planned = await run(["plan", "net", "--diff"]);
    expect(planned.out).toMatch(/\+ +description by-hand/);
    const id = /holdfast apply (\S+)/.exec(planned.err)?.[1] ?? "";
    const detail = await run(["plans", "show", id, "r1"]);
    expect(detail.out).toContain("Commands");
    expect(detail.out).toContain("From templates/frr/device.j2");
    const applied = await run(["apply", id, "--stages", "50%", ...quickly]);
    expect(applied).toMatchObject({ code: 0 });
    expect(applied.out).toMatch(/^WAVE +DEVICE +STATE +HAS +WHAT\n +1 +r\d +applied +new/);
    expect(applied.err).toMatch(/^rol\w*_\S+\n/);
    for (const name of ["r1", "r2"]) expect(scene.device(name).running()).toContain("description by-hand");
    expect((await run(["rollouts", "list"])).out).toContain("succeeded");
  });

  test("asked for twice is made once", async () => {
    const before = scene.device("r1").history.length;
    const [newest] = JSON.parse((await run(["plans", "list", "-o", "json"])).out) as { id: string }[];
    expect(await run(["apply", newest?.id ?? "", ...quickly])).toMatchObject({ code: 0, out: expect.stringMatching(/r1 +unchanged +new/) });
    expect(scene.device("r1").history.length).toBe(before);
  });

  test("nothing is done without a yes", async () => {
    const { id } = await plan(describing("unwanted"));
    expect(await run(["apply", id])).toMatchObject({ code: 4, err: expect.stringContaining("--yes") });
    expect(scene.device("r1").running()).toContain("description by-hand");
  });

  test("that a device refuses is back as it was, with exit code 6, and programs read why", async () => {
    const before = scene.device("r1").running();
    const { id } = await plan({
      ...describing("by-hand"),
      ...deviceData(scene.device("r1"), "description: by-hand\nextra: [flubber 5]\n"),
    });
    const applied = await run(["apply", id, ...quickly, "-o", "json", "--progress", "json"]);
    expect(applied).toMatchObject({ code: 6 });
    const rollout = JSON.parse(applied.out) as Rollout;
    expect(rollout).toMatchObject({ state: "reverted", targets: [{ targetName: "r1", side: "old" }] });
    expect(applied.err).toContain('"state":"reverted"');
    expect(scene.device("r1").running()).toBe(before);
    expect((await run(["rollouts", "journal", rollout.id])).out).toMatch(/revert +end/);
  });

  test("waits for somebody else's approval where that is asked, and goes on with it", async () => {
    const { id } = await plan(describing("approved"));
    const waiting = await run(["apply", id, ...quickly, "--approval"]);
    expect(waiting).toMatchObject({ code: 0, out: expect.stringContaining("awaiting approval") });
    const rollout = waiting.err.split("\n")[0] ?? "";
    expect(await run(["rollouts", "approve", rollout])).toMatchObject({ code: 3 });
    expect(await run(["rollouts", "approve", rollout, "--reason", "looked at it"], { as: "grace" })).toMatchObject({ code: 0 });
    expect(await run(["rollouts", "watch", rollout, "--progress", "plain"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("succeeded"),
    });
    expect(scene.device("r2").running()).toContain("description approved");
  });

  test("can be taken back after it is done", async () => {
    const [newest] = JSON.parse((await run(["rollouts", "list", "-o", "json"])).out) as { id: string }[];
    const back = await run(["rollouts", "rollback", newest?.id ?? "", "--reason", "second thoughts"]);
    expect(back).toMatchObject({ code: 0 });
    expect(back.err).toMatch(/^rol\w*_\S+/);
    const id = back.err.split("\n")[0] ?? "";
    if (back.out.includes("ready")) await run(["rollouts", "start", id]);
    expect(scene.device("r1").running()).toContain("description by-hand");
  });
});

describe("drift and backups", () => {
  test("what somebody did by hand is shown with exit code 6, and the way back is a plan", async () => {
    expect(await run(["drift", "check"])).toMatchObject({ code: 0 });
    scene.device("r1").edit(["interface eth1", "description somebody was here"]);
    const seen = await run(["drift", "check"]);
    expect(seen).toMatchObject({ code: 6, err: expect.stringContaining("2 looked at, 1 drifted, 0 unreachable.") });
    expect(seen.out).toMatch(/\+ +description somebody was here/);
    expect((await run(["drift", "list"])).out).toMatch(/\nr1 /);
    const planned = await run(["drift", "revert", "r1", "-o", "json"]);
    const { id } = JSON.parse(planned.out) as Plan;
    expect(await run(["apply", id, "--strategy", "direct", "--reason", "drift", "--yes"])).toMatchObject({ code: 0 });
    expect(scene.device("r1").running()).not.toContain("somebody was here");
    expect(await run(["drift", "check"])).toMatchObject({ code: 0 });
  });

  test("kept configurations are listed, compared and shown", async () => {
    expect(await run(["backups", "run"])).toMatchObject({ code: 0 });
    const versions = JSON.parse((await run(["backups", "list", "r1", "-o", "json"])).out) as { id: string }[];
    expect(versions.length).toBeGreaterThan(1);
    const [newest, older] = versions.map(({ id }) => id);
    expect((await run(["backups", "show", "r1", newest ?? ""])).out).toContain("hostname r1");
    expect(await run(["backups", "diff", "r1", newest ?? "", "--from", older ?? ""])).toMatchObject({ code: 0 });
    expect((await run(["devices", "running", "r1"])).out).toContain("hostname r1");
  });

  test("a template's mistake is a problem with its file and line", async () => {
    await scene.repository.commit("A mistake", { "templates/frr/device.j2": "hostname {{ device.name }}\nbanner {{ nobody }}\n" });
    await run(["repos", "sync", "net"]);
    const planned = await run(["plan", "net", "--strict"]);
    expect(planned).toMatchObject({ code: 6 });
    expect(planned.err).toMatch(/r1: .*nobody.*\(templates\/frr\/device\.j2:2\)/);
  });
});
