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
  await scene.holdfast.identity.createUser({ name: "grace", grants: [{ role: "approver" }] }, { actor: "system:test", access: "unlimited" });
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

describe("strategies and limits of the repository", () => {
  const path = "policies/rollout.yaml";
  const head = (name: string): string => `apiVersion: holdfast/v1\nkind: RolloutStrategy\nmetadata: { name: ${name} }\nspec:\n`;
  const careful = `${head("careful")}  default: true\n  strategy: { kind: canary, stages: [{ until: 1, bake: 0s }] }\n  limits: { perSite: 1 }\n`;
  const brisk = `${head("brisk")}  strategy: { kind: rolling, batch: "100%" }\n`;
  const jsonOf = async (args: string[]): Promise<Rollout> => JSON.parse((await run([...args, "-o", "json"])).out) as Rollout;

  test("are taken where nothing else is said, or by their name, and never loosened in passing", async () => {
    const { id } = await plan({ ...describing("as the repository says"), [path]: `${careful}---\n${brisk}` });
    expect((await run(["plans", "show", id])).err).toContain(`Strategy careful, the default (${path}:3)`);
    expect(await run(["apply", id, "--yes", "--per-site", "2"])).toMatchObject({
      code: 4,
      err: expect.stringContaining("limits.perSite may be 1 at most, not 2, as the policy careful says") as string,
    });
    expect(await run(["apply", id, "--yes", "--strategy", "hasty"])).toMatchObject({
      code: 4,
      err: expect.stringContaining("the repository has careful, brisk") as string,
    });
    expect(await jsonOf(["apply", id, "--yes", "--strategy", "brisk", "--no-start"])).toMatchObject({
      state: "ready",
      strategyFrom: { name: "brisk", at: `${path}:11` },
    });
    const own = await jsonOf(["apply", id, "--yes", "--no-start", "--stages", "1:30s,50%", "--bake", "2m"]);
    expect(own).toMatchObject({ limits: { perSite: 1 }, strategy: { stages: [{ bakeMs: 30_000 }, { bakeMs: 120_000 }] } });
    const applied = await run(["apply", id, "--yes"]);
    expect(applied).toMatchObject({ code: 0, err: expect.stringContaining(`As the policy careful says (${path}:3 of `) as string });
    for (const name of ["r1", "r2"]) expect(scene.device(name).running()).toContain("description as the repository says");
  });

  test("a rollout that is only proposed is found by its plan, and starts when somebody starts it", async () => {
    const { id } = await plan({ ...describing("by-hand"), [path]: "" });
    const proposed = await run(["apply", id, "--yes", "--no-start", "--stages", "50%", "--bake", "0s"]);
    const rollout = proposed.err.split("\n")[0] ?? "";
    expect(proposed).toMatchObject({ code: 0, err: expect.stringContaining(`Start it: holdfast rollouts start ${rollout}`) as string });
    expect(scene.device("r1").running()).not.toContain("description by-hand");
    const listed = JSON.parse((await run(["rollouts", "list", "--plan", id, "-o", "json"])).out) as Rollout[];
    expect(listed.map((one) => [one.id, one.state])).toEqual([[rollout, "ready"]]);
    expect(await run(["rollouts", "list", "--plan", id, "--state", "running"])).toMatchObject({ code: 0, err: "No such rollouts.\n" });
    expect(await run(["rollouts", "start", rollout])).toMatchObject({ code: 0 });
    expect(scene.device("r1").running()).toContain("description by-hand");
  });
});

describe("findings", () => {
  test("are silenced for a while and closed by hand, each with a reason that is on record", async () => {
    scene.device("r1").edit(["interface eth1", "description a finding"]);
    await run(["drift", "check"]);
    const [open] = JSON.parse((await run(["findings", "list", "--state", "open", "-o", "json"])).out) as { id: string }[];
    const id = open?.id ?? "";
    expect(await run(["findings", "suppress", id, "--until", "2h"])).toMatchObject({
      code: 4,
      err: expect.stringContaining("--reason") as string,
    });
    expect(await run(["findings", "suppress", id, "--until", "soon", "--reason", "x"])).toMatchObject({ code: 4 });
    const silenced = await run(["findings", "suppress", id, "--until", "2h", "--reason", "until the cable is in", "-o", "json"]);
    expect(JSON.parse(silenced.out)).toMatchObject({ id, state: "suppressed" });
    const closed = await run(["findings", "resolve", id, "--reason", "it was me", "-o", "json"]);
    expect(JSON.parse(closed.out)).toMatchObject({ id, state: "resolved" });
    const trail = (await run(["audit", "list", "--action", "findings.*"])).out;
    for (const reason of ["until the cable is in", "it was me"]) expect(trail).toContain(reason);
    scene.device("r1").edit(["interface eth1", "description by-hand"]);
    expect(await run(["drift", "check"])).toMatchObject({ code: 0 });
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
