import { describe, expect, test } from "vitest";
import { commandsOf } from "./commands.ts";
import { negated, sequencesOf } from "./pattern.ts";

const forms = [
  "ip address <address:ip> <mask:mask> [secondary]",
  "ip ospf cost =<cost:1-65535>",
  "ip ospf (hello-interval|dead-interval) =<seconds:1-65535>",
  "description =<text:line>",
  "show running-config",
  "show route",
];
const strict = commandsOf(
  forms.map((form) => ({ sequences: sequencesOf(form) })),
  { foldCase: true },
);
const patient = commandsOf(
  forms.map((form) => ({ sequences: sequencesOf(form) })),
  { patient: true },
);

describe("reading a command", () => {
  test("words may be shortened and come back in full", () => {
    expect(strict.read("ip osp c 5")).toMatchObject({ is: "command", index: 1, args: { cost: "5" } });
    expect(strict.read("IP ADD 10.0.0.1 255.0.0.0")).toMatchObject({ is: "command", args: { address: "10.0.0.1", mask: "255.0.0.0" } });
  });

  test("what follows a free text is kept as it was typed", () => {
    expect(strict.read("description to  the core ")).toMatchObject({ args: { text: "to  the core" } });
  });

  test("a word that fits nothing is named by its first wrong letter", () => {
    expect(strict.read("ip ospf cozt 5")).toMatchObject({ is: "unknown", at: 10, word: 2 });
    expect(strict.read("ip ospf cost 70000")).toMatchObject({ is: "unknown", at: 13 });
    expect(strict.read("zzz")).toMatchObject({ is: "unknown", at: 0 });
  });

  test("a line that is not over is incomplete, and a short word of two meanings is ambiguous", () => {
    expect(strict.read("ip ospf cost").is).toBe("incomplete");
    expect(strict.read("show r")).toMatchObject({ is: "ambiguous", choices: ["running-config", "route"] });
  });

  test("a patient platform lets the rest of the line decide", () => {
    expect(patient.read("show r").is).toBe("ambiguous");
    expect(patient.read("show ru")).toMatchObject({ is: "command", index: 4 });
    expect(patient.read("i o h 5")).toMatchObject({ is: "command", index: 2 });
  });

  test("what may come next is offered", () => {
    expect(strict.next("show ")).toEqual(["route", "running-config"]);
    expect(strict.next("ip os")).toEqual(["ospf"]);
  });
});

describe("the negative of a form", () => {
  test("trailing values may be left out, what names the setting may not", () => {
    const [sequence] = sequencesOf("neighbor <peer> route-map =<map> in");
    expect(negated(sequence!)).toHaveLength(1);
    const [timers] = sequencesOf("neighbor <peer> timers =<keepalive> =<hold>");
    expect(negated(timers!).map((words) => words.length)).toEqual([5, 4, 3]);
  });
});
