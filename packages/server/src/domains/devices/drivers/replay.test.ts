/** Whole sessions recorded on real devices, byte by byte through the prompt engine. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { recorded } from "#test/devices/recorded";
import { ios } from "../platforms/ios.ts";
import { pagers } from "../platforms/dialect.ts";
import { nonce } from "./nonce.ts";
import { PromptEngine, type Manners } from "./prompt.ts";

const folder = recorded("oxidized-sessions", "the prompt engine was not tried on whole sessions of real devices") ?? "";
const files = folder === "" ? [] : readdirSync(folder).filter((name) => name.endsWith("simulation.yaml"));

interface Recording {
  greeting: string;
  /** What was typed, and what came back. */
  turns: [typed: string, answer: string][];
}

const named: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", e: "\u001b", a: "\u0007" };

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:x([0-9a-fA-F]{2})|(.))/g, (_all, hex: string | undefined, char: string) =>
    hex === undefined ? (named[char] ?? char) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function read(file: string): Recording {
  type Turns = Record<string, string | null>;
  const { init_prompt, commands } = parse(readFileSync(join(folder, file), "utf8")) as {
    init_prompt: string | null;
    commands: Turns | Turns[];
  };
  const turns = [commands].flat().flatMap((one) => Object.entries(one));
  return { greeting: unescaped(init_prompt ?? ""), turns: turns.map(([typed, answer]) => [typed, unescaped(answer ?? "")]) };
}

const lastLine = (text: string): string => plain(text).slice(plain(text).lastIndexOf("\n") + 1);

/** Cleaned by patterns over the whole text: not how the engine does it. */
function plain(text: string): string {
  return (
    text
      // oxlint-disable-next-line no-control-regex
      .replaceAll(/\u001b(?:\[[?\d;]*[A-Za-z]|[=>])/g, "")
      // oxlint-disable-next-line no-control-regex
      .replaceAll(/[\u0007\u0000]/g, "")
      .replaceAll("\r\n", "\n")
      .replaceAll("\n\r", "\n")
  );
}

/** An answer, with the pages that followed it put together. */
interface Exchange {
  command: string;
  pages: string[];
}

function exchangesOf({ turns }: Recording): Exchange[] {
  const exchanges: Exchange[] = [];
  for (const [typed, answer] of turns) {
    if (typed.endsWith("\n")) exchanges.push({ command: typed.slice(0, -1), pages: [answer] });
    else exchanges.at(-1)?.pages.push(answer);
  }
  return exchanges;
}

const more = /\n? *-+ ?\(?more ?\)?-+ *$/i;
// oxlint-disable-next-line no-control-regex
const wipe = /^\u0008+ *\u0008+|^\r *\r/;

function expected({ command, pages }: Exchange): string {
  const text = pages.map((page) => page.replace(wipe, "").replace(more, (found) => (found.startsWith("\n") ? "\n" : ""))).join("");
  const lines = plain(text)
    .split("\n")
    .map((line) => line.replace(/^\r+/, ""));
  return lines.slice(lines[0] === command ? 1 : 0, -1).join("\n");
}

/** What this engine is for: the command is echoed, and a prompt comes back. Others are for another kind of driver. */
function fits(exchange: Exchange, prompt: string): boolean {
  const { command, pages } = exchange;
  const first = plain(pages[0] ?? "").replace(/^\r+/, "");
  const rest = expected(exchange);
  const misplaced = pages.some((page) => /[^\s-]-+ ?\(?more/i.test(page));
  const overwrites = /[^\n\r]\r[^\n\r]/.test(rest) || rest.includes("\b");
  return (
    command !== "" &&
    first.startsWith(`${command}\n`) &&
    lastLine(pages.at(-1) ?? "")
      .replace(/^\r+/, "")
      .trimEnd() === prompt &&
    !overwrites &&
    !misplaced
  );
}

function mannersFor(file: string, prompt: string): Manners {
  if (file.startsWith("ios#")) return ios.manners;
  const end = prompt.at(-1) ?? "";
  const name = prompt.slice(0, -1).replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return { ...ios.manners, prompt: new RegExp(`^(?<name>${name})(?<mode>)(?<end>[${end}]) ?$`), pagers };
}

function push(engine: PromptEngine, text: string, size: number): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    engine.push(bytes.subarray(at, at + size));
    engine.sight();
  }
}

function replay(engine: PromptEngine, { command, pages }: Exchange, prompt: string, size: number): string {
  engine.forget();
  const number = engine.expect({ command, echo: "exact" });
  for (const page of pages) {
    push(engine, page, size);
    const sight = engine.sight();
    if (sight.at === "rule") engine.answered(sight.rule);
  }
  const proof = nonce("77");
  engine.expect({ command: proof, echo: "exact" });
  push(engine, `${proof}\r\n${prompt}`, size);
  expect(engine.sight().at).toBe("prompt");
  return engine.output(number);
}

describe.skipIf(files.length === 0)("recorded sessions", () => {
  let tried = 0;
  test.each(files)("%s comes out byte for byte, for every size of chunk", (file) => {
    const recording = read(file);
    const prompt = lastLine(recording.greeting).replace(/^\r+/, "").trimEnd();
    const exchanges = exchangesOf(recording).filter((one) => fits(one, prompt));
    for (const size of [1, 2, 7, 1460, 1_000_000]) {
      const engine = new PromptEngine(mannersFor(file, prompt));
      push(engine, recording.greeting, size);
      engine.expect({ command: "terminal length 0", echo: "exact" });
      push(engine, `terminal length 0\r\n${prompt}`, size);
      for (const exchange of exchanges) expect(replay(engine, exchange, prompt, size)).toBe(expected(exchange));
    }
    tried += exchanges.length;
    if (file.startsWith("ios#")) expect(exchanges.length).toBeGreaterThan(3);
  });

  test("most of what was recorded was tried", () => {
    expect(tried).toBeGreaterThan(180);
  });
});
