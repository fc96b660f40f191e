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
