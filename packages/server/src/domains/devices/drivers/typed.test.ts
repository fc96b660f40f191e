/** Log lines at every byte of a conversation: in the prompt, in the echo, in the output, between two bytes of a line end. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frr } from "../platforms/frr.ts";
import { ios } from "../platforms/ios.ts";
import { nonce } from "./nonce.ts";
import { PromptEngine } from "./prompt.ts";

type Way =
  /** On a line of its own, and the terminal goes on where it was. */
  | "plain"
  /** On a line of its own, and what stood on the interrupted line is shown again (`logging synchronous`). */
  | "again"
  /** Right behind the cursor. */
  | "direct";

interface Kind {
  manners: typeof ios.manners;
  prompt: string;
  log: string;
  ways: Way[];
  /** Ways in which many log lines may come. */
  often: Way[];
}

const kinds = {
  ios: {
    manners: ios.manners,
    prompt: "r1#",
    log: "*Mar  1 00:00:07.123: %SYS-5-CONFIG_I: Configured from console",
    ways: ["plain", "again", "direct"],
    // IOS begins a log line on a line of its own. Its pattern takes text before the time stamp for part of it.
    often: ["plain", "again"],
  },
  "ios in a mode": {
    manners: ios.manners,
    prompt: "r1(config-if)#",
    log: "000123: Mar  1 2026 00:00:07 UTC: %LINK-3-UPDOWN: Interface Gi1, changed state to up",
    ways: ["plain", "again", "direct"],
    // IOS begins a log line on a line of its own. Its pattern takes text before the time stamp for part of it.
    often: ["plain", "again"],
  },
  frr: {
    manners: frr.manners,
    prompt: "r1# ",
    log: "2026/01/05 08:00:00 OSPF: [M7Q4P-46WDR] vty[21]@> terminal monitor",
    ways: ["plain", "direct"],
    often: ["plain", "direct"],
  },
} satisfies Record<string, Kind>;

interface Interruption {
  /** Bytes of the conversation before it. */
  at: number;
  way: Way;
}

/** A device that stands at its prompt, echoes what is typed once it reads it, and is interrupted. */
class Talk {
  readonly #kind: Kind;
  readonly #cuts: readonly number[];
  readonly #interruptions: readonly Interruption[];
  #rest = "";
  /** What the device said, without the interruptions. */
  said: string;
  #turn = 0;
  /** Where the prompt began, while there is one. */
  #prompted: number | undefined = 0;

  constructor(kind: Kind, interruptions: readonly Interruption[], cuts: readonly number[]) {
    this.#kind = kind;
    this.#interruptions = interruptions;
    this.#cuts = cuts;
    this.said = kind.prompt;
    this.#interrupt();
  }

  /** Echoes a line, answers it, and prompts. */
  typed(line: string, answer: string): void {
    this.#say(line);
    this.#prompted = undefined;
    this.#say(`\r\n${answer}`);
    this.#prompted = this.said.length;
    this.#say(this.#kind.prompt);
  }

  #say(text: string): void {
    for (const char of text) {
      this.#rest += char;
      this.said += char;
      this.#interrupt();
    }
  }

  #interrupt(): void {
    const line = this.#prompted === undefined ? "" : this.said.slice(this.#prompted).replaceAll(/[\r\n]/g, "");
    for (const { at, way } of this.#interruptions) {
      if (at !== this.said.length) continue;
      // A line end is one write; within it, what comes without one of its own would stand over the line.
      if (way === "direct" && this.said.endsWith("\r")) continue;
      this.#rest += `${way === "direct" ? "" : "\r\n"}${this.#kind.log}\r\n${way === "again" ? line : ""}`;
    }
  }

  next(): Buffer | undefined {
    if (this.#rest === "") return undefined;
    const size = this.#cuts[this.#turn++ % this.#cuts.length] ?? 1;
    const chunk = Buffer.from(this.#rest.slice(0, size));
    this.#rest = this.#rest.slice(size);
    return chunk;
  }
}

/** As the shell does it: on to the next prompt; a comment where one was printed over. */
function untilPrompt(engine: PromptEngine, talk: Talk): void {
  for (let nudges = 0; nudges < 5; nudges++) {
    for (let chunk = talk.next(); chunk; chunk = talk.next()) {
      engine.push(chunk);
      if (engine.sight().at === "prompt") return;
      expect(engine.silence()).not.toBe("out_of_step");
    }
    if (engine.sight().at === "prompt") return;
    expect(engine.silence()).toBe("trampled");
    const command = nonce(`nudge${nudges}`);
    engine.expect({ command, echo: "exact", nudge: true });
    talk.typed(command, "");
  }
  throw new Error(`no prompt: ${engine.tail}`);
}

const command = "show version";
const output = ["Cisco IOS Software", "", " uptime is 3 weeks", "r1 uptime is r1#", "last line"];
const answer = output.map((line) => `${line}\r\n`).join("");
const proof = nonce("5e6f");

interface Heard {
  shown: string;
  heard: boolean;
  /** Bytes that the device said by itself having been asked. */
  length: number;
}

function converse(kind: Kind, interruptions: Interruption[], cuts: readonly number[]): Heard {
  const { manners, prompt } = kind;
  const engine = new PromptEngine(manners);
  engine.expect({ command: "terminal length 0", echo: "exact" });
  engine.push(Buffer.from(`${prompt}terminal length 0\r\n${prompt}`));
  expect(engine.sight().at).toBe("prompt");
  engine.forget();
  const talk = new Talk(kind, interruptions, cuts);
  for (let chunk = talk.next(); chunk; chunk = talk.next()) engine.push(chunk);
  const number = engine.expect({ command, echo: "exact" });
  talk.typed(command, answer);
  untilPrompt(engine, talk);
  const proven = engine.expect({ command: proof, echo: "exact" });
  talk.typed(proof, "");
  untilPrompt(engine, talk);
  return { shown: engine.output(number), heard: engine.heard(number) && engine.heard(proven), length: talk.said.length };
}

/** Whether the screen tells that a log line there is not output: it is between pieces of prompt and typing. */
function tells({ prompt }: Kind, { at, way }: Interruption): boolean {
  const echoed = prompt.length + command.length;
  const second = echoed + 2 + answer.length;
  if (at < echoed) return true;
  if (at === echoed) return way === "again";
  return at >= second + prompt.trimEnd().length || (at > second && way !== "again");
}

/** All that was said is there, in its order, and what is there besides are log lines and the line breaks around them. */
function expectWhole(shown: string, { log, prompt }: Kind, where: string): void {
  const bare = (text: string): string => text.replaceAll(/\s/g, "");
  const rest = bare(shown.replaceAll(log, ""));
  const said = bare(output.join(""));
  expect(rest.slice(0, said.length), where).toBe(said);
  // Beginnings of a prompt that was shown again could be the last lines of the output.
  const begins = Array.from(prompt.trimEnd(), (_, at) => prompt.slice(0, at + 1)).reverse();
  let more = rest.slice(said.length);
  for (let begin = begins.find((one) => more.startsWith(one)); begin; begin = begins.find((one) => more.startsWith(one))) {
    more = more.slice(begin.length);
  }
  expect(more, where).toBe("");
}

function traced(kind: Kind, interruptions: Interruption[], size: readonly number[]): Heard {
  try {
    return converse(kind, interruptions, size);
  } catch (because) {
    throw new Error(`with ${JSON.stringify({ interruptions, size })}`, { cause: because });
  }
}

const cuts = [[1], [1000], [7, 2], [2, 30, 1]];

describe.each(Object.entries<Kind>(kinds))("a log line on %s", (_, kind) => {
  test.each(kind.ways)("at every byte of a conversation (%s) ends nothing, and is not output where that can be told", (way) => {
    const { length } = converse(kind, [], [1000]);
    for (let at = kind.prompt.length; at <= length; at++) {
      for (const size of cuts) {
        const { shown, heard } = traced(kind, [{ at, way }], size);
        expect(heard, `at ${at}`).toBe(true);
        if (tells(kind, { at, way })) expect(shown, `at ${at}`).toBe(output.join("\n"));
        else expectWhole(shown, kind, `at ${at}`);
      }
    }
  });

  test("and others after it, wherever they stand, end nothing and take nothing away", () => {
    const { length } = converse(kind, [], [1000]);
    const places = fc.array(fc.integer({ min: kind.prompt.length, max: length }), { minLength: 2, maxLength: 5 });
    const chunks = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(places, fc.constantFrom(...kind.often), chunks, (at, way, size) => {
        const interruptions = at.map((place) => ({ at: place, way }));
        const { shown, heard } = traced(kind, interruptions, size);
        expect(heard).toBe(true);
        if (interruptions.every((one) => tells(kind, one))) expect(shown).toBe(output.join("\n"));
        else expectWhole(shown, kind, JSON.stringify(interruptions));
      }),
      { numRuns: 2000 },
    );
  });
});
