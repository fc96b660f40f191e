/** Everything through a jump host that is a real OpenSSH server on loopback. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { deviceData, filesOf } from "../packages/server/test/journeys/network.ts";
import { setScene, type Scene } from "../packages/server/test/journeys/scene.ts";

const program = "/usr/sbin/sshd";

interface JumpHost {
  port: number;
  fingerprint: string;
  privateKey: string;
  /** What it logged so far. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** An sshd that takes one key of ours, and forwards. */
async function startJumpHost(): Promise<JumpHost> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-jump-"));
  const at = (name: string): string => join(directory, name);
  for (const name of ["host", "ours"]) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at(name)]);
  const port = await freePort();
  const settings = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${at("host")}`,
    `AuthorizedKeysFile ${at("ours.pub")}`,
    `PidFile ${at("pid")}`,
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "UsePAM no",
    "StrictModes no",
    "PermitRootLogin prohibit-password",
    "LogLevel VERBOSE",
  ];
  await writeFile(at("config"), `${settings.join("\n")}\n`);
  await writeFile(at("log"), "");
  if (userInfo().uid === 0) await mkdir("/run/sshd", { recursive: true });
  const sshd: ChildProcess = spawn(program, ["-D", "-f", at("config"), "-E", at("log")], { stdio: "ignore" });
  const log = (): Promise<string> => readFile(at("log"), "utf8");
  await vi.waitUntil(async () => (await log()).includes(`listening on 127.0.0.1 port ${port}`), { timeout: 10_000 });
  const shown = execFileSync("ssh-keygen", ["-l", "-f", at("host.pub")], { encoding: "utf8" });
  return {
    port,
    fingerprint: /SHA256:\S+/.exec(shown)?.[0] ?? "",
    privateKey: await readFile(at("ours"), "utf8"),
    log,
    stop: async () => {
      sshd.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** r1 as it was, but through the jump host. */
function inventory(scene: Scene, host: JumpHost): Record<string, string> {
  const [r1, ...others] = (filesOf(scene.fleet)["inventory/devices.yaml"] ?? "").split("---\n");
  const jump = `apiVersion: holdfast/v1
kind: Device
metadata:
  name: jump-1
spec:
  platform: jump_host
  address: 127.0.0.1
  port: ${host.port}
  credential: lab/jump
`;
  return { "inventory/devices.yaml": [`${r1}  bastion: jump-1\n`, ...others].join("---\n"), "inventory/jump-hosts.yaml": jump };
}

const missing = existsSync(program) ? undefined : `${program} is not installed`;

describe.skipIf(missing !== undefined)(`a jump host${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
  let host: JumpHost;
  let scene: Scene;
  beforeAll(async () => {
    host = await startJumpHost();
    scene = await setScene({ options: { driftEveryMs: 200, backUpEveryMs: 300 } });
    const { client } = scene;
    const value = { kind: "ssh_key" as const, username: userInfo().username, privateKey: host.privateKey };
    await client.secrets.create({ name: "lab/jump", value });
    // Both stand in the repository, the jump host behind those that go through it.
    await scene.plan(inventory(scene, host), "none");
  });
  afterAll(async () => {
    await scene.stop();
    await host.stop();
  });

  test("nothing goes through it until its host key is pinned, and then its own key is compared", async () => {
    const { client } = scene;
    expect((await client.devices.backup({ devices: ["r1"] })).items[0]?.problem).toMatch(/host key/);
    expect(await host.log()).not.toContain("Accepted publickey");
    const shown = await client.devices.hostKey({ id: "jump-1" });
    expect(shown).toEqual({ fingerprint: host.fingerprint, matches: false });
    await client.devices.trustHostKey({ id: "jump-1", fingerprint: host.fingerprint, reason: "read with ssh-keygen" });
    expect((await client.devices.backup({ devices: ["r1"] })).items[0]?.problem).toBeUndefined();
    expect(await host.log()).toMatch(new RegExp(`Accepted publickey for ${userInfo().username} from 127\\.0\\.0\\.1`));
  });

  test("a rollout goes through it to its end, every new connection of the verification included", async () => {
    const device = scene.device("r1");
    // A sign-in of its own for each fresh session: what the log has more of.
    const signIns = async (): Promise<number> => (await host.log()).split("Accepted publickey").length - 1;
    const before = await signIns();
    const rollout = await scene.carryOut(deviceData(device, "description: through the jump host\n"));
    expect(rollout.state).toBe("succeeded");
    expect(device.running()).toContain("description through the jump host");
    expect(await signIns()).toBeGreaterThan(before);
  });

  test("by itself it is neither polled, backed up, planned nor found at fault", async () => {
    const { client } = scene;
    await client.devices.checkDrift({});
    const { backedUpAt } = await client.devices.get({ id: "r1" });
    await expect.poll(async () => (await client.devices.get({ id: "r1" })).backedUpAt, { timeout: 10_000 }).not.toBe(backedUpAt);
    const jump = await client.devices.get({ id: "jump-1" });
    expect(jump).toMatchObject({ platform: "jump_host", drift: "unknown", hostKey: host.fingerprint });
    expect(jump.lastProblem).toBeUndefined();
    expect(await scene.openFindings("jump-1")).toEqual([]);
    expect((await client.devices.backup({})).items.map((item) => item.deviceName)).toEqual(["r1", "r2"]);
    expect((await client.devices.checkDrift({})).checked).toBe(2);
    const [named] = (await client.devices.backup({ devices: ["jump-1"] })).items;
    expect(named?.problem).toMatch(/jump-1 is a jump host/);
    expect(await host.log()).not.toContain("Starting session");
  });
});
