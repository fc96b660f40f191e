import { afterEach, describe, expect, test } from "vitest";
import { heldClock, runningClock, type WorldClock } from "../clock.ts";
import { startDevice, type DeviceSpec, type SimulatedDevice } from "../device.ts";
import { connect, execOnce, openTerminal, type TerminalClient } from "../ssh-client.ts";

const signIn = { username: "netops", password: "secret" };
const config = `hostname lyon-edge-1
enable secret 9 $9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6
archive
 path flash:kept
interface GigabitEthernet1
 description to the core
 ip address 10.0.0.1 255.255.255.252
interface GigabitEthernet2
 no ip address
 shutdown
ip route 0.0.0.0 0.0.0.0 10.0.0.2
ntp server 10.9.9.9
`;

let device: SimulatedDevice;
const open: TerminalClient[] = [];

async function start(more: Partial<DeviceSpec> = {}): Promise<SimulatedDevice> {
  device = await startDevice({ name: "lyon-edge-1", platform: "ios", config, ...signIn, ...more });
  return device;
}

async function terminal(): Promise<TerminalClient> {
  const client = await openTerminal({ port: device.port, fingerprint: device.fingerprint, ...signIn });
  open.push(client);
  await client.until(/[#>]$/);
  return client;
}

afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await device.stop();
});

describe("signing in", () => {
  test("a wrong password is refused, the right one and the keyboard-interactive one are taken", async () => {
    await start();
    await expect(connect({ port: device.port, username: "netops", password: "wrong" })).rejects.toThrow(/authentication methods failed/);
    const asked = await connect({ port: device.port, ...signIn }, { tryKeyboard: true, authHandler: ["keyboard-interactive"] });
    asked.end();
    await terminal();
    expect(device.sessions).toBe(1);
  });

  test("the host key is the one of the handle, and another one is noticed", async () => {
    await start();
    await expect(connect({ port: device.port, fingerprint: "SHA256:something-else", ...signIn })).rejects.toThrow(/verification failed/);
  });

  test("user mode shows little; the enable secret opens the rest, a wrong one does not", async () => {
    await start({ enablePassword: "not this one" });
    const client = await terminal();
    expect(await client.command("show running-config")).toContain("% Invalid input detected");
    client.type("enable\n");
    await client.until(/Password: $/);
    client.type("wrong\n");
    await client.until(/Password: $/);
    client.type("hashcat\n");
    expect(await client.until(/#$/)).toContain("lyon-edge-1#");
    expect(await client.command("show privilege")).toContain("level is 15");
  });
});

describe("exec mode", () => {
  test("shows its running configuration with the noise of a real one", async () => {
    await start();
    const client = await terminal();
    await client.command("terminal length 0");
    const text = await client.command("sh run");
    expect(text).toMatch(/^Building configuration\.\.\.\n\nCurrent configuration : \d+ bytes\n!\nversion 17\.3\n/);
    expect(text).toContain(" no ip address\n shutdown\n");
    expect(text).toContain(device.running());
  });

  test("pages long output until a key says otherwise", async () => {
    await start();
    const client = await terminal();
    client.type("show running-config\n");
    const first = await client.until(/ --More-- $/);
    expect(first.split("\n")).toHaveLength(25);
    client.type("q");
    const erased = `${"\b".repeat(10)}${" ".repeat(10)}${"\b".repeat(10)}`;
    expect(await client.until(/#$/)).toBe(`${erased}lyon-edge-1#`);
    client.type("show running-config\n");
    await client.until(/ --More-- $/);
    client.type(" ");
    const rest = await client.until(/#$|--More-- $/);
    expect(rest).toContain("ntp server 10.9.9.9");
  });

  test("names what it cannot read by a caret under the first wrong letter", async () => {
    await start();
    const client = await terminal();
    const prompt = "lyon-edge-1#".length;
    expect(await client.command("show ip intrfaces")).toBe(`${" ".repeat(prompt + 11)}^\n% Invalid input detected at '^' marker.\n\n`);
    expect(await client.command("show")).toBe("% Incomplete command.\n\n");
    expect(await client.command("show i")).toBe('% Ambiguous command:  "show i"\n');
    expect(await client.command("c")).toBe('% Ambiguous command:  "c"\n');
  });

  test("filters output, and answers on an exec channel too", async () => {
    await start();
    const client = await terminal();
    expect(await client.command("show running-config | include ntp|hostname")).toBe("hostname lyon-edge-1\nntp server 10.9.9.9\n");
    const { output } = await execOnce({ port: device.port, ...signIn }, "show version");
    expect(output).toContain("Cisco IOS XE Software, Version 17.03.04a");
  });
});

describe("configuration mode", () => {
  test("changes take effect at once, and refused ones not at all", async () => {
    await start();
    const client = await terminal();
    expect(await client.command("configure terminal")).toBe("Enter configuration commands, one per line.  End with CNTL/Z.\n");
    await client.command("interface gi1");
    await client.command("description new words");
    expect(await client.command("ip address 10.0.0.4 255.255.255.252")).toBe("Bad mask /30 for address 10.0.0.4\n");
    expect(await client.command("ip adress 10.0.0.5")).toContain("^\n% Invalid input");
    await client.command("hostname a-name-that-is-longer-than-twenty");
    client.type("interface gi1\n");
    expect(await client.until(/#$/)).toContain("a-name-that-is-longe(config-if)#");
    client.type("\u001A");
    await client.until(/a-name-that-is-longer-than-twenty#$/);
    expect(device.running()).toContain(" description new words\n ip address 10.0.0.1 255.255.255.252");
    expect(device.history.map((entry) => entry.text)).toEqual([
      "interface GigabitEthernet1 / description new words",
      "interface GigabitEthernet1 / hostname a-name-that-is-longer-than-twenty",
    ]);
  });

  test("asks before it removes a user, and takes a banner of several lines", async () => {
    await start({ config: `${config}username bob privilege 15 secret 9 $9$a$b\n` });
    const client = await terminal();
    await client.command("configure terminal");
    client.type("no username bob\n");
    await client.until(/\[confirm\]$/);
    client.type("\n");
    await client.until(/#$/);
    expect(device.running()).not.toContain("username bob");
    client.type("banner motd ^\n");
    client.type("Authorised staff only.\nIs that clear?\n^\n");
    await client.until(/#$/);
    expect(device.running()).toContain("banner motd ^C\nAuthorised staff only.\nIs that clear?\n^C\n");
  });

  test("a question mark is help, and text after control-V", async () => {
    await start();
    const client = await terminal();
    client.type("show cl?");
    expect(await client.until(/#show cl$/)).toContain("clock");
    client.type("\u0015configure terminal\ninterface gi1\n");
    await client.until(/\(config-if\)#$/);
    await client.command("description who\u0016? nobody");
    expect(device.running()).toContain(" description who? nobody\n");
  });

  test("saving asks where to, and keeps what runs", async () => {
    await start();
    const client = await terminal();
    device.edit(["interface GigabitEthernet1", "description by hand"]);
    client.type("copy running-config startup-config\n");
    await client.until(/Destination filename \[startup-config\]\? $/);
    expect(await client.command("")).toContain("Building configuration...\n[OK]\n");
    expect(device.startup()).toContain("by hand");
    device.edit(["interface GigabitEthernet1", "description lost at the next start"]);
    device.reboot();
    expect(device.running()).toContain("description by hand");
  });
});

describe("the dead-man's switch", () => {
  const fast = (): WorldClock => runningClock(600);

  async function armAndChange(client: TerminalClient): Promise<void> {
    expect(await client.command("configure terminal revert timer 2")).toMatch(
      /^Rollback Confirmed Change: Backing up current running config to flash:kept-/,
    );
    await client.command("interface GigabitEthernet1");
    await client.command("shutdown");
    await client.command("end");
  }

  test("puts everything back when the connection is cut and nobody confirms", async () => {
    await start({ clock: fast() });
    const before = device.running();
    const client = await terminal();
    await armAndChange(client);
    expect(device.running()).toContain(" shutdown\n!\ninterface GigabitEthernet2");
    client.close();
    await expect.poll(() => device.running()).toBe(before);
    expect(device.history.at(-1)).toMatchObject({ event: "revert", user: "netops" });
  });

  test("a confirmed change stays", async () => {
    const clock = heldClock();
    await start({ clock });
    const client = await terminal();
    await armAndChange(client);
    const armed = await client.command("show archive config rollback timer");
    expect(armed).toContain("Timer value: 2 min");
    expect(armed).toContain("User: netops");
    expect(await client.command("configure confirm")).toBe("");
    clock.advance(600_000);
    expect(device.running()).toContain(" shutdown\n!\ninterface GigabitEthernet2");
    expect(await client.command("show archive config rollback timer")).toContain("%No Rollback Confirmed Change pending");
    expect(await client.command("configure confirm")).toContain("%No Rollback Confirmed Change pending");
  });

  test("goes back at once when told, and warns the terminal a minute before it fires", async () => {
    const clock = heldClock();
    await start({ clock });
    const before = device.running();
    const client = await terminal();
    await armAndChange(client);
    clock.advance(61_000);
    await client.until(/Rollback will begin in one minute\./);
    expect(await client.command("configure revert now")).toContain("Rollback Done");
    expect(device.running()).toBe(before);
  });

  test("needs an archive", async () => {
    await start({ config: config.replace("archive\n path flash:kept\n", "") });
    const client = await terminal();
    expect(await client.command("configure terminal revert timer 1")).toBe(
      "%Turn config archive on before using Rollback Confirmed Change\n",
    );
  });

  test("replaces the configuration by a file, after a question", async () => {
    await start();
    const client = await terminal();
    const before = device.running();
    device.edit(["ip route 10.5.0.0 255.255.0.0 Null0"]);
    client.type("configure replace nvram:startup-config\n");
    await client.until(/\? \[no\]: $/);
    expect(await client.command("yes")).toContain("Rollback Done");
    expect(device.running()).toBe(before);
  });
});
