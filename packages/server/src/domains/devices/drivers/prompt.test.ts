import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ios } from "../platforms/ios.ts";
import { nonce } from "./nonce.ts";
import { PromptEngine, type DialogRule } from "./prompt.ts";

const log = "*Mar  1 00:00:07.123: %SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.9)";

/** A device as the wire shows it. What is typed too early is echoed late (`late`, as IOS does) or twice (`twice`, as a Unix terminal does). */
class Wire {
  #bytes: Buffer;
  readonly #cuts: readonly number[];
  readonly #early: "late" | "twice";
  #turn = 0;
  #sent = "";

  constructor(greeting: string, cuts: readonly number[], early: "late" | "twice" = "late") {
    this.#bytes = Buffer.from(greeting);
    this.#cuts = cuts;
    this.#early = early;
  }

  next(): Buffer | undefined {
    if (this.#bytes.length === 0) return undefined;
    const size = this.#cuts[this.#turn++ % this.#cuts.length] ?? 1;
    const chunk = this.#bytes.subarray(0, size);
    this.#bytes = this.#bytes.subarray(size);
    this.#sent += chunk.toString("latin1");
    return chunk;
  }

  says(text: string): void {
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(text)]);
  }

  typed(line: string, output: string): void {
    const at = this.#early === "twice" && this.#bytes.length > 0 ? begun(this.#sent, this.#bytes.toString("latin1")) : undefined;
    const early = at === undefined ? [] : [this.#bytes.subarray(0, at), Buffer.from(`${line}\r\n`)];
    this.#bytes = Buffer.concat([...early, this.#bytes.subarray(at ?? 0), Buffer.from(`${line}\r\n${output}`)]);
  }
}

/** How much of what follows belongs to a line end or an escape sequence that has begun: a terminal echoes nothing inside of these. */
function begun(sent: string, rest: string): number {
  // oxlint-disable-next-line no-control-regex
  const unfinished = sent.endsWith("\r") ? /^\r*\n/ : /\u001b(?:\[\d*)?$/.test(sent) ? /^\[?\d*[A-Za-z]/ : /^/;
  return unfinished.exec(rest)?.[0].length ?? 0;
}

function untilPrompt(engine: PromptEngine, wire: Wire, onRule?: (rule: DialogRule) => void): void {
  for (let chunk = wire.next(); chunk; chunk = wire.next()) {
    engine.push(chunk);
    const sight = engine.sight();
    if (sight.at === "prompt") return;
    if (sight.at === "rule") {
      engine.answered(sight.rule);
      onRule?.(sight.rule);
    }
  }
  const sight = engine.sight();
  if (sight.at !== "prompt") throw new Error(`no prompt: ${engine.silence()}: ${engine.tail}`);
}

/** One command and a nonce, as the shell does it. */
function run(engine: PromptEngine, wire: Wire, command: string, output: string): string {
  const prompt = "r1#";
  engine.forget();
  const number = engine.expect({ command, echo: "exact" });
  wire.typed(command, output + prompt);
  untilPrompt(engine, wire);
  const proof = nonce("5e6f");
  engine.expect({ command: proof, echo: "exact" });
  wire.typed(proof, prompt);
  untilPrompt(engine, wire);
  return engine.output(number);
}

function signedIn(wire: Wire, prompt: string): PromptEngine {
  const engine = new PromptEngine(ios.manners);
  untilPrompt(engine, wire);
  engine.expect({ command: "terminal length 0", echo: "exact" });
  wire.typed("terminal length 0", prompt);
  untilPrompt(engine, wire);
  return engine;
}

const chunkings = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 });

/** Text, and how a device may send it. */
const outputLine = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: "grapheme-ascii", maxLength: 30 }).map((text) => ({ text, sent: text })) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 8 }).map((text) => ({ text, sent: text })) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom("r1#", "r1# ", "r1>", "r1(config)#", "r1#show version", "r1(config-if)#x", "#", ">", "other#", "!", "", " ")
      .map((text) => ({ text, sent: text })),
  },
  { weight: 1, arbitrary: fc.constantFrom("red", "r1#").map((text) => ({ text, sent: `\u001b[31m${text}\u001b[0m` })) },
  { weight: 1, arbitrary: fc.constant({ text: "typed", sent: "typo\b\b\b\b\u001b[Ktyped" }) },
);
const outputs = fc
  .array(outputLine, { maxLength: 12 })
  // oxlint-disable-next-line no-control-regex
  .filter((lines) => lines.every(({ text }) => !/[\u0000-\u001f\u007f]/.test(text) && !/more|press any key/i.test(text)));

describe("the prompt engine", () => {
  test.each(["late", "twice"] as const)(
    "gives the whole output, exactly, for every way the stream is cut (typed early: echoed %s)",
    (early) => {
      fc.assert(
        fc.property(outputs, chunkings, fc.constantFrom("\r\n", "\r\r\n", "\n"), (lines, cuts, lineEnd) => {
          const wire = new Wire("\r\nWelcome to r2#\r\nr1#", cuts, early);
          const engine = signedIn(wire, "r1#");
          const output = lines.map(({ sent }) => sent + lineEnd).join("");
          const expected = lines.map(({ text }) => text).join("\n");
          expect(run(engine, wire, "show x", output)).toBe(expected);
          expect(run(engine, wire, "show again", output)).toBe(expected);
        }),
        { numRuns: 3000 },
      );
    },
  );

  test("learns the prompt from the echo of the first command, not from a banner that looks like one", () => {
    for (let size = 1; size < 40; size++) {
      const wire = new Wire("\r\nmotd#\r\nDo not enter>\r\nlab-r1#", [size]);
      expect(signedIn(wire, "lab-r1#").prompt).toMatchObject({ name: "lab-r1", mode: "", end: "#" });
    }
  });

  test("knows a long name that configuration mode shortens", () => {
    const wire = new Wire("edge-router-lyon-07-left#", [5]);
    const engine = signedIn(wire, "edge-router-lyon-07-left#");
    engine.expect({ command: "configure terminal", echo: "exact" });
    wire.typed("configure terminal", "Enter configuration commands, one per line.\r\nedge-router-lyon-07(config)#");
    untilPrompt(engine, wire);
    expect(engine.prompt?.mode).toBe("config");
  });

  test("a prompt by another name is only believed when it stands before a nonce of ours", () => {
    const wire = new Wire("r1#", [100]);
    const engine = signedIn(wire, "r1#");
    engine.forget();
    const number = engine.expect({ command: "show x", echo: "exact" });
    wire.typed("show x", "answer\r\nr12#");
    expect(() => untilPrompt(engine, wire)).toThrow("no prompt: trampled");
    engine.expect({ command: nonce("1"), echo: "exact" });
    wire.typed(nonce("1"), "r12#");
    untilPrompt(engine, wire);
    expect(engine.prompt?.name).toBe("r12");
    expect(engine.output(number)).toBe("answer");
  });

  test("an output without a line break at its end is whole, too", () => {
    const wire = new Wire("r1#", [100]);
    const engine = signedIn(wire, "r1#");
    engine.forget();
    const number = engine.expect({ command: "more flash:x", echo: "exact" });
    wire.typed("more flash:x", "one\r\ntwor1#");
    expect(() => untilPrompt(engine, wire)).toThrow("trampled");
    engine.expect({ command: nonce("1"), echo: "exact" });
    wire.typed(nonce("1"), "r1#");
    untilPrompt(engine, wire);
    expect(engine.output(number)).toBe("one\ntwo");
  });

  describe("a log line", () => {
    const trampled = ["r1#\r\n" + log + "\r\n", "r1#" + log + "\r\n", "r1#\r\n" + log + "\r\n" + log + "\r\n\r\n"];

    test.each(trampled)("printed over the prompt is noticed, and is not output (%j)", (over) => {
      const wire = new Wire("r1#", [3]);
      const engine = signedIn(wire, "r1#");
      engine.forget();
      const number = engine.expect({ command: "show x", echo: "exact" });
      wire.typed("show x", `answer\r\n${over}`);
      for (let chunk = wire.next(); chunk; chunk = wire.next()) engine.push(chunk);
      engine.sight();
      expect(engine.silence()).toBe("trampled");
      engine.expect({ command: nonce("1"), echo: "exact", nudge: true });
      wire.typed(nonce("1"), "r1#");
      untilPrompt(engine, wire);
      expect(engine.output(number)).toBe("answer");
    });

    test("printed before our echo, with the prompt shown again, does not matter", () => {
      const wire = new Wire(`r1#`, [4]);
      const engine = signedIn(wire, `r1#\r\n${log}\r\nr1#`);
      expect(run(engine, wire, "show x", "answer\r\n")).toBe("answer");
    });

    test("printed before our echo, without the prompt, does not matter", () => {
      const wire = new Wire("r1#", [1000]);
      const engine = signedIn(wire, "r1#");
      wire.says(`\r\n${log}\r\n`);
      expect(run(engine, wire, "show x", "answer\r\n")).toBe("answer");
    });
  });

  test.each([
    " --More-- ",
    "--More--",
    "---(more)---",
    "---(more 50%)---",
    "  ---- More ----",
    "<--- More --->",
    "Press any key to continue (Q to quit)",
  ])("answers the pager %j and leaves no trace of it", (pager) => {
    const wipe = "\b".repeat(pager.length) + " ".repeat(pager.length) + "\b".repeat(pager.length);
    for (const cuts of [[1], [1000], [7, 2]]) {
      const wire = new Wire("r1#", cuts);
      const engine = signedIn(wire, "r1#");
      engine.forget();
      const number = engine.expect({ command: "show x", echo: "exact" });
      wire.typed("show x", `one\r\n two\r\n${pager}`);
      const more = [`${wipe} three\r\n${pager}`, `${wipe}four\r\nr1#`];
      const answers: string[] = [];
      untilPrompt(engine, wire, ({ answer }) => {
        answers.push(answer);
        wire.says(more.shift() ?? "");
      });
      expect(answers).toEqual([" ", " "]);
      expect(engine.output(number)).toBe("one\n two\n three\nfour");
    }
  });

  test("a question is told from a device that works", () => {
    const said = (text: string): string => {
      const wire = new Wire("r1#", [1000]);
      const engine = signedIn(wire, "r1#");
      engine.expect({ command: "reload", echo: "exact" });
      wire.typed("reload", text);
      const chunk = wire.next();
      if (chunk) engine.push(chunk);
      expect(engine.sight().at).toBe("output");
      return engine.silence();
    };
    expect(said("Proceed with reload? [confirm]")).toBe("question");
    expect(said("Save? [yes/no]: ")).toBe("question");
    expect(said("Destination filename [startup-config]? ")).toBe("question");
    expect(said("Password: ")).toBe("question");
    expect(said("Building configuration...\r\n")).toBe("waiting");
    expect(said("Compressing")).toBe("waiting");
  });

  test("10 000 lines cost milliseconds, whatever the chunks", () => {
    const lines = Array.from({ length: 50_000 }, (_, at) => `interface GigabitEthernet0/${at} description uplink`);
    const wire = new Wire("r1#", [1400]);
    const engine = signedIn(wire, "r1#");
    const begun = performance.now();
    expect(run(engine, wire, "show x", lines.map((line) => `${line}\r\n`).join(""))).toBe(lines.join("\n"));
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});
