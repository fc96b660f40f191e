import { describe, expect, test } from "vitest";
import { frr } from "./frr.ts";
import { ios, runningFromIos } from "./ios.ts";
import { execRefusalOf, refusalOf } from "./refusal.ts";

describe("a line of configuration", () => {
  test.each([
    "             ^\n% Invalid input detected at '^' marker.\n",
    "% Incomplete command.\n",
    '% Ambiguous command:  "ip a"',
    "Command rejected: not allowed on this port",
    "Command authorization failed.",
    "Bad mask 0xFFFFFF00 for address 10.0.0.0",
    "% 10.0.0.0 overlaps with GigabitEthernet2",
    "%SNMP agent not enabled",
    "% Something that nobody has seen yet",
    "Configuration mode is locked by process '3' user 'x' from terminal '1'.",
  ])("is refused by IOS with %j", (output) => {
    expect(refusalOf(output, ios.refusals)).toBeDefined();
  });

  test.each([
    "",
    "%Warning: portfast should only be enabled on ports connected to a single host.",
    "% OSPF: Reference bandwidth is changed. \n        Please ensure reference bandwidth is consistent across all routers.",
    "% Interface GigabitEthernet1 IPv4 disabled and address(es) removed due to enabling VRF blue",
    "% Generating 2048 bit RSA keys, keys will be non-exportable...\n[OK] (elapsed time was 1 seconds)",
    "*Mar  1 00:00:07.123: %SYS-5-CONFIG_I: Configured from console by admin on vty0",
    "000123: *Mar  1 00:00:07.123 UTC: %LINK-3-UPDOWN: Interface Gi0/1, changed state to up",
    'Rollback Confirmed Change: Rollback will begin in one minute.\nEnter "configure confirm" if you wish to keep what you\'ve configured',
  ])("is taken by IOS with %j", (output) => {
    expect(refusalOf(output, ios.refusals)).toBeUndefined();
  });

  test.each([
    "% Unknown command: ip foo",
    "% Command incomplete: neighbor 1.2.3.4",
    "% Specify remote-as or peer-group commands first",
    "BGP is already running; AS is 65001",
    "% Configuration failed.\n\nError type: validation",
  ])("is refused by FRR with %j", (output) => {
    expect(refusalOf(output, frr.refusals)).toBeDefined();
  });

  test.each([
    "Graceful restart configuration changed, reset all peers to take effect",
    "Note: this is so",
    'For this router-id change to take effect, use "clear ip ospf process" command',
  ])("is taken by FRR with %j", (output) => {
    expect(refusalOf(output, frr.refusals)).toBeUndefined();
  });

  test("the caret points into the command", () => {
    const output = `${" ".repeat(18)}^\n% Invalid input detected at '^' marker.\n`;
    expect(refusalOf(output, ios.refusals, 11)).toEqual({ vendorText: "% Invalid input detected at '^' marker.", position: 7 });
  });
});

describe("a command", () => {
  test("is refused only when it is not understood or not allowed; other complaints are answers", () => {
    for (const text of [
      "% Invalid input detected at '^' marker.",
      "% Unknown command: show x",
      "Command authorization failed.",
      "% Command incomplete: show",
    ])
      expect(execRefusalOf(text)).toBeDefined();
    for (const text of ["% BGP not active", "%No Rollback Confirmed Change pending", "", "anything"])
      expect(execRefusalOf(text)).toBeUndefined();
  });
});

describe("the running configuration of IOS", () => {
  const head =
    "Building configuration...\n\nCurrent configuration : 1234 bytes\n!\n! Last configuration change at 11:54:34 UTC Thu Aug 29 2024 by 123456\n! NVRAM config last updated at 11:54:34 UTC Thu Aug 29 2024 by 123456\n!\n";

  test("loses its noise and nothing else", () => {
    const text = `${head}version 16.8\nhostname r1\n!\nntp clock-period 17179738\nbanner motd ^C\nWelcome\n^C\n!\nend\n\n`;
    expect(runningFromIos("r1", text)).toBe("version 16.8\nhostname r1\n!\nbanner motd ^C\nWelcome\n^C\n!\n");
  });

  test("is the same whether or not the device tells when it changed", () => {
    const body = "version 16.8\nhostname r1\n!\nend\n";
    expect(runningFromIos("r1", `${head}${body}`)).toBe(
      runningFromIos("r1", `Building configuration...\n\nCurrent configuration : 9 bytes\n!\n${body}`),
    );
  });

  test("without its end is an error", () => {
    expect(() => runningFromIos("r1", `${head}version 16.8\nhostname r1`)).toThrow("broke off");
  });
});
