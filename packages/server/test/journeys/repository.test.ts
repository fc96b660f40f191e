import { execFile } from "node:child_process";
import { rename } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Plan } from "@holdfast/contract";
import { photo, problemOf } from "./expectations.ts";
import { deviceData, filesOf, globalData } from "./network.ts";
import { setScene, type Scene } from "./scene.ts";

const run = promisify(execFile);

describe("a repository with something wrong in it", () => {
  let scene: Scene;
  let good: Record<string, string>;
  let atFirst: unknown;
  beforeAll(async () => {
    scene = await setScene({ pairs: 1 });
    good = filesOf(scene.fleet);
    atFirst = photos();
  });
  afterAll(async () => {
    expect(photos()).toEqual(atFirst);
    await scene.stop();
  });

  const photos = () => [...scene.fleet.devices.values()].map(photo);
  /** Plans with one file as it should not be, and puts it right again. */
  const planWith = async (path: string, text: string): Promise<Plan> => {
    const plan = await scene.plan({ [path]: text });
    await scene.repository.commit("Put right again", { [path]: good[path] ?? "" });
    return plan;
  };
  const lineOf = (text: string, part: string): number => text.split("\n").findIndex((line) => line.includes(part)) + 1;
  /** What people wrote of each device, by its version. */
  const inventory = async () => (await scene.client.devices.list({})).items.map(({ name, etag }) => ({ name, etag }));
  const names = (plan: Plan): string[] => plan.problems.map((problem) => problem.targetName);

  test("a template that cannot be read is told with its file and line; devices of other templates are planned", async () => {
    const path = "templates/frr/device.j2";
    const broken = good[path]!.replace("ip ospf area 0", "ip ospf area {% if %}");
    const plan = await planWith(path, broken);
    expect(new Set(plan.problems.map((problem) => problem.at))).toEqual(new Set([`${path}:${lineOf(broken, "{% if %}")}`]));
    expect(names(plan)).toContain("r1");
    expect(names(plan)).not.toContain("r2");
    expect(plan.unchanged).toBe(1);
  });

  test("a variable that nobody defined is told with its name, file and line", async () => {
    const path = "templates/ios/device.j2";
    const broken = good[path]!.replace("{{ hello }}", "{{ helo }}");
    const plan = await planWith(path, broken);
    expect(plan.problems).toMatchObject([
      { targetName: "r2", at: `${path}:${lineOf(broken, "{{ helo }}")}`, say: expect.stringContaining("helo") as string },
    ]);
  });

  test("data that is no YAML is told with its line", async () => {
    const plan = await planWith("data/global.yaml", `${globalData()}mtu: [1500\n`);
    const [first] = plan.problems;
    expect(first?.at).toMatch(/^data\/global\.yaml:[45]$/);
    expect(plan.changes).toEqual([]);
  });

  test("an inventory that is no YAML leaves the inventory as it was", async () => {
    const before = await inventory();
    const path = "inventory/devices.yaml";
    const plan = await planWith(path, `${good[path]}---\napiVersion: holdfast/v1\nkind: Device\nmetadata: {name: r9\n`);
    expect(plan.problems.map((problem) => problem.at?.replace(/:\d+$/, ""))).toContain(path);
    expect(await inventory()).toEqual(before);
  });

  test("a device's document with a wrong value names the value", async () => {
    const path = "inventory/devices.yaml";
    const broken = good[path]!.replace("platform: ios", "platform: iosxr");
    const plan = await planWith(path, broken);
    const said = { at: `${path}:${lineOf(broken, "iosxr")}`, say: expect.stringContaining("platform") as string };
    expect(plan.problems).toContainEqual(expect.objectContaining(said));
    expect(names(plan)).not.toContain("r1");
  });

  test("a repository that vanished is told; what was fetched can still be planned; when it is back all is well", async () => {
    const [known] = (await scene.client.repositories.revisions({ id: "net" })).items;
    await rename(scene.repositoryDirectory, `${scene.repositoryDirectory}.away`);
    const gone = await scene.client.repositories.sync({ id: "net" });
    expect(gone.problem).toBeTruthy();
    expect(gone.head).toBe(known!.commit);
    expect(await scene.openFindings("net")).toMatchObject([{ kind: "repository_unreadable", severity: "medium", detail: gone.problem }]);
    const plan = await scene.client.plans.create({ repository: "net" });
    expect(plan).toMatchObject({ revision: known!.commit });
    await rename(`${scene.repositoryDirectory}.away`, scene.repositoryDirectory);
    expect((await scene.client.repositories.sync({ id: "net" })).problem).toBeUndefined();
    expect(await scene.openFindings("net")).toEqual([]);
  });

  test("a secret that its devices name and nobody has stored is told by its name, until they name another", async () => {
    const path = "inventory/devices.yaml";
    await scene.repository.commit("A credential that is not there", { [path]: good[path]!.replaceAll("lab/device", "lab/none") });
    expect(await scene.client.repositories.sync({ id: "net" })).toMatchObject({
      missingSecret: "lab/none",
      problem: expect.stringContaining('"lab/none"') as string,
    });
    await scene.repository.commit("The one that is", { [path]: good[path]! });
    const mended = await scene.client.repositories.sync({ id: "net" });
    expect([mended.problem, mended.missingSecret]).toEqual([undefined, undefined]);
  });

  test("a branch that was force-pushed is a finding, and the commit that is gone from it can still be planned", async () => {
    const old = await scene.plan(deviceData(scene.device("r1"), "description: before the rewrite\n"));
    expect(old.changes).toHaveLength(1);
    const ada = ["-c", "user.name=Ada Netwright", "-c", "user.email=ada@demo.invalid", "-C", scene.repositoryDirectory];
    await run("git", [...ada, "reset", "--quiet", "--hard", "HEAD~1"]);
    await run("git", [...ada, "commit", "--quiet", "--allow-empty", "--message", "Something else instead"]);
    const moved = await scene.client.repositories.sync({ id: "net" });
    expect(moved).toMatchObject({ headSubject: "Something else instead" });
    expect(await scene.openFindings("net")).toMatchObject([
      { kind: "repository_rewritten", detail: expect.stringContaining(old.revision!.slice(0, 12)) as string },
    ]);
    const again = await scene.client.plans.create({ repository: "net", revision: old.revision! });
    expect(again.changes.map(({ targetName, baseHash }) => ({ targetName, baseHash }))).toEqual(
      old.changes.map(({ targetName, baseHash }) => ({ targetName, baseHash })),
    );
    await scene.plan({ "notes.txt": "forward again" });
    expect(await scene.openFindings("net")).toEqual([]);
  });

  test("a revision that does not exist is refused by its name", async () => {
    const refused = await problemOf(scene.client.plans.create({ repository: "net", revision: "no-such-tag" }));
    expect(refused.message).toContain("no-such-tag");
    expect(refused.status).toBeLessThan(500);
  });

  test("an import with wrong rows takes none, and names row and column of each", async () => {
    const before = await inventory();
    const csv = [
      "name,platform,address,port",
      "edge-1,ios,192.0.2.1,22",
      "edge-2,ios,192.0.2.2,99999",
      "edge-3,junos,192.0.2.3,22",
      "edge-1,frr,192.0.2.4,22",
    ];
    const report = await scene.client.devices.import({ format: "csv", content: csv.join("\n") });
    expect(report.errors.map((error) => error.at)).toEqual(["row 3, column port", "row 4, column platform", "row 5"]);
    expect(report).toMatchObject({ created: [], updated: [], unchanged: [] });
    expect(await inventory()).toEqual(before);
  });

  test("an import of YAML names the line of what is wrong, and a right one is taken whole", async () => {
    const document = (name: string, port: string): string =>
      `apiVersion: holdfast/v1\nkind: Device\nmetadata:\n  name: ${name}\nspec:\n  platform: frr\n  address: 192.0.2.9\n  port: ${port}\n`;
    const wrong = `${document("edge-7", "22")}---\n${document("edge-8", "none")}`;
    const report = await scene.client.devices.import({ format: "yaml", content: wrong });
    expect(report.errors.map((error) => error.at)).toEqual([`line ${lineOf(wrong, "port: none")}`]);
    expect(report.created).toEqual([]);
    const taken = await scene.client.devices.import({ format: "yaml", content: wrong.replace("none", "2022") });
    expect(taken).toMatchObject({ created: ["edge-7", "edge-8"], errors: [] });
    const again = await scene.client.devices.import({
      format: "csv",
      content: (await scene.client.devices.export({ format: "csv" })).content,
    });
    expect(again).toMatchObject({ created: [], updated: [], errors: [] });
  });
});
