/**
 * The dialogues in `recorded/` were held with vtysh of FRR 8.4.4: each line with the prompt it was typed at, what came back, and at the
 * end the running configuration. The simulated FRR must answer the same, to the letter.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ConfigSession, newConfig, type Config, type LineResult } from "../config/session.ts";
import { frrGrammar, frrText } from "./platform.ts";

const directory = new URL("recorded/", import.meta.url);
const atPrompt = /^wfr1(?:\(([\w-]+)\))?# (.*)$/;

const said = (result: LineResult, line: string): string[] => {
  if (result.is === "unknown") return [`% Unknown command: ${line}`];
  if (result.is === "incomplete") return [`% Command incomplete: ${line}`];
  return result.says.flatMap((text) => text.split("\n"));
};

const shown = (config: Config): string[] => `Building configuration...\n\nCurrent configuration:\n!\n${frrText(config.root)}`.split("\n");

function replay(lines: string[]): string[] {
  const config = newConfig(frrGrammar, ["eth1", "eth2", "lo"]);
  let session: ConfigSession | undefined;
  new ConfigSession(config).line("hostname wfr1");
  const out: string[] = [];
  for (const line of lines) {
    out.push(`wfr1${session ? `(${session.prompt})` : ""}# ${line}`);
    if (!session) {
      if (line.startsWith("conf")) session = new ConfigSession(config);
      else out.push(...shown(config));
      continue;
    }
    const result = session.line(line);
    out.push(...said(result, line));
    if (result.left) session = undefined;
  }
  return [...out, "## FINAL", ...shown(config)];
}

describe("the simulated FRR answers as FRR 8.4.4 did", () => {
  for (const file of readdirSync(directory)) {
    test(`dialogue ${file.replace(".txt", "")}`, () => {
      const recorded = readFileSync(new URL(file, directory), "utf8").trimEnd().split("\n");
      const typed = recorded.flatMap((line) => atPrompt.exec(line)?.[2] ?? []);
      expect(typed.length).toBeGreaterThan(20);
      expect(replay(typed)).toEqual(recorded);
    });
  }
});

test("ranges of areas and lists of what is redistributed are shown as FRR 8.4.4 shows them", () => {
  const config = newConfig(frrGrammar, ["lo"]);
  const session = new ConfigSession(config);
  const typed = [
    "router ospf",
    "area 1 range 10.0.0.0/8 cost 5",
    "area 1 range 10.1.0.0/16 substitute 11.0.0.0/8",
    "area 1 range 10.2.0.0/16 advertise cost 7",
    "area 1 range 10.3.0.0/16 not-advertise",
    "area 1 range 10.3.0.0/16 cost 9",
    "distribute-list A out connected",
    "distribute-list B out static",
    "no distribute-list B out static",
    "distribute-list C out connected",
    "no distribute-list X out bgp",
    "no area 1 range 10.0.0.0/8 cost 5",
    "area 1 range 10.0.0.0/8 cost 5",
  ];
  for (const line of typed) expect(said(session.line(line), line), line).toEqual([]);
  expect(frrText(config.root)).toContain(
    [
      "router ospf",
      " area 1 range 10.0.0.0/8 cost 5",
      " area 1 range 10.1.0.0/16 substitute 11.0.0.0/8",
      " area 1 range 10.2.0.0/16 cost 7",
      " area 1 range 10.3.0.0/16 cost 9",
      " distribute-list C out connected",
      "exit",
    ].join("\n"),
  );
});

test("large communities are sent unless told, as FRR 8.4.4 does it", () => {
  const config = newConfig(frrGrammar, ["lo"]);
  const session = new ConfigSession(config);
  const shownAfter = (line: string): string[] => {
    expect(said(session.line(line), line), line).toEqual([]);
    return frrText(config.root)
      .split("\n")
      .filter((one) => one.includes("send-community"));
  };
  for (const line of ["router bgp 1", "neighbor 10.0.0.2 remote-as 2", "address-family ipv4 unicast"]) session.line(line);
  expect(shownAfter("neighbor 10.0.0.2 send-community large")).toEqual([]);
  expect(shownAfter("no neighbor 10.0.0.2 send-community large")).toEqual(["  no neighbor 10.0.0.2 send-community large"]);
  expect(shownAfter("neighbor 10.0.0.2 send-community all")).toEqual([]);
  expect(shownAfter("no neighbor 10.0.0.2 send-community both")).toEqual([
    "  no neighbor 10.0.0.2 send-community",
    "  no neighbor 10.0.0.2 send-community extended",
  ]);
});
