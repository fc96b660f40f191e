/**
 * The simulated routers are real enough for clients that know nothing of us: Netmiko and scrapli sign in, show, configure, answer
 * questions, and are told of errors. And the demo's configurations are what Python's Jinja2 makes of its repository.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDevice, type SimulatedDevice } from "../packages/server/test/world/device.ts";
import { demoPlan } from "../packages/server/test/world/demo/plan.ts";
import { demoRepository } from "../packages/server/test/world/demo/repository.ts";
import { configurationOf } from "../packages/server/test/world/demo/world.ts";
import { peersPython, runPython } from "./foreign/python.ts";

const signIn = { username: "netops", password: "secret" };
const definition = join(import.meta.dirname, "foreign/frr_vtysh.yaml");

let python: string;
let ios: SimulatedDevice;
let user: SimulatedDevice;
let frr: SimulatedDevice;

beforeAll(async () => {
  python = peersPython();
  const config = configurationOf("lyon-edge-1");
  ios = await startDevice({ name: "lyon-edge-1", platform: "ios", config, ...signIn });
  user = await startDevice({ name: "lyon-edge-1", platform: "ios", config, enablePassword: "", ...signIn });
  frr = await startDevice({ name: "lyon-edge-2", platform: "frr", config: configurationOf("lyon-edge-2"), ...signIn });
});

afterAll(() => Promise.all([ios.stop(), user.stop(), frr.stop()]));

type Answer = string | { error: string; say: string };
interface ScrapliAnswer {
  output: string;
  failed: boolean;
}

const netmiko = (device: SimulatedDevice, deviceType: string, steps: object[], more: object = {}): Promise<Answer[]> =>
  runPython(python, "netmiko_client.py", { input: { device_type: deviceType, port: device.port, ...signIn, steps, ...more } });

const scrapli = (device: SimulatedDevice, given: { definition: string; transport: string; steps: object[]; enable?: string }) =>
  runPython<ScrapliAnswer[]>(python, "scrapli_client.py", { input: { port: device.port, ...signIn, ...given } });

/** The lines of an output, without the blanks that clients leave or take at its ends. */
const lines = (text: string): string[] =>
  text
    .trim()
    .split("\n")
    .map((line) => line.trimEnd());

function textOf(answer: Answer | undefined): string {
  if (typeof answer !== "string") throw new Error(`no output but ${JSON.stringify(answer)}`);
  return answer;
}

describe.each([
  ["its default", {}],
  ["fast_cli", { fast_cli: true }],
])("Netmiko 4.8 with %s", (_, options) => {
  test("signs in to IOS, shows all of it, configures, saves, and sees a refused line", async () => {
    const steps = [
      { do: "prompt" },
      { do: "command", line: "show running-config" },
      { do: "configure", lines: ["interface GigabitEthernet3", "description set by netmiko", "ip route 10.77.0.0 255.255.0.0 Null0"] },
      { do: "command", line: "show running-config | include netmiko" },
      { do: "save" },
      // Netmiko stays in the configuration mode after an error.
      { do: "configure", lines: ["interface GigabitEthernet3", "ip adress 10.0.0.1"], options: { error_pattern: "% Invalid" } },
    ];
    const before = lines(ios.running());
    const [prompt, running, configured, included, saved, refused] = await netmiko(ios, "cisco_ios", steps, { options });
    expect(prompt).toBe("lyon-edge-1#");
    expect(lines(textOf(running)).slice(-before.length)).toEqual(before);
    expect(configured).toContain("lyon-edge-1(config-if)#description set by netmiko");
    expect(refused).toMatchObject({ error: "ConfigInvalidException", say: expect.stringContaining("ip adress 10.0.0.1") as string });
    expect(included).toBe(" description set by netmiko");
    expect(saved).toContain("[OK]");
    expect(ios.startup()).toContain("ip route 10.77.0.0 255.255.0.0 Null0");
  });

  test("gives the enable secret, and answers the question of a copy", async () => {
    const steps = [
      { do: "enable" },
      {
        do: "dialogue",
        pairs: [
          ["copy running-config startup-config", "Destination filename"],
          ["", "OK"],
        ],
      },
      { do: "command", line: "show privilege" },
    ];
    const [prompt, copied, privilege] = await netmiko(user, "cisco_ios", steps, { secret: "demo-enable", options });
    expect(prompt).toBe("lyon-edge-1#");
    expect(copied).toContain("Destination filename [startup-config]?");
    expect(privilege).toContain("level is 15");
  });

  test("drives vtysh with the type for IOS, whose manners FRR has", async () => {
    const steps = [
      { do: "command", line: "show running-config" },
      { do: "configure", lines: ["interface eth3", "description set by netmiko"] },
      { do: "command", line: "show bgp summary json" },
      { do: "configure", lines: ["interface eth3", "ip adress 10.0.0.1/24"], options: { error_pattern: "% Unknown command" } },
    ];
    const before = lines(frr.running());
    const [running, , summary, refused] = await netmiko(frr, "cisco_ios", steps, { options });
    expect(lines(textOf(running)).slice(-before.length)).toEqual(before);
    expect(frr.running()).toContain(" description set by netmiko");
    expect(refused).toMatchObject({ error: "ConfigInvalidException" });
    expect(JSON.parse(textOf(summary))).toMatchObject({ ipv4Unicast: { as: 65010 } });
  });
});

test("Netmiko is told of a wrong password", async () => {
  const [answer] = await netmiko(ios, "cisco_ios", [], { password: "wrong" });
  expect(answer).toMatchObject({ error: "NetmikoAuthenticationException" });
});

describe.each(["bin", "ssh2"])("scrapli 2 over its transport %s", (transport) => {
  test("signs in to IOS through enable, shows, configures, answers, and sees a refused line", async () => {
    const steps = [
      { do: "command", line: "show running-config" },
      { do: "configure", lines: ["interface GigabitEthernet2", `description set by scrapli ${transport}`] },
      { do: "command", line: "show ip adresses" },
      { do: "dialogue", line: "copy running-config startup-config", prompt: "Destination filename [startup-config]?", answer: "" },
    ];
    const before = lines(user.running());
    const [running, , refused, copied] = await scrapli(user, { definition: "cisco_iosxe", transport, enable: "demo-enable", steps });
    expect(lines(running!.output).slice(-before.length)).toEqual(before);
    expect(user.running()).toContain(` description set by scrapli ${transport}`);
    expect(refused).toMatchObject({ failed: true, output: expect.stringContaining("% Invalid input detected") as string });
    expect(copied?.output).toContain("[OK]");
  });

  test("drives vtysh: shows, configures, and sees a refused line", async () => {
    const steps = [
      { do: "command", line: "show running-config" },
      { do: "configure", lines: ["interface eth2", `description set by scrapli ${transport}`] },
      { do: "configure", lines: ["interface eth2", "ip adress 10.0.0.1/24"] },
      { do: "prompt" },
    ];
    const [running, , refused] = await scrapli(frr, { definition, transport, steps });
    expect(running?.output).toContain("frr version 8.4.4\nfrr defaults traditional\nhostname lyon-edge-2\n");
    expect(frr.running()).toContain(` description set by scrapli ${transport}`);
    expect(refused).toMatchObject({ failed: true });
  });
});

test("Python's Jinja2 renders the demo's repository to the configurations that its routers start with", async () => {
  const directory = await mkdtemp(join(tmpdir(), "demo-repository-"));
  const endpoints = demoPlan().devices.map(({ name }): [string, { address: string; port: number }] => [
    name,
    { address: "127.0.0.1", port: 22 },
  ]);
  for (const [path, text] of demoRepository(new Map(endpoints))) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  const rendered = await runPython<Record<string, string>>(python, "render.py", { args: [directory] });
  await rm(directory, { recursive: true });
  expect(Object.keys(rendered)).toHaveLength(24);
  const kept = "../packages/server/test/world/demo/configurations";
  for (const [name, text] of Object.entries(rendered)) await expect(text).toMatchFileSnapshot(`${kept}/${name}.conf`);
});
