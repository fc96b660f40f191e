import { describe, expect, test } from "vitest";
import { Problem, Secret } from "@holdfast/kit";
import { createLog, type Log } from "./log.ts";

function recorded(): { log: Log; lines: () => Record<string, unknown>[]; text: () => string } {
  const written: string[] = [];
  const log = createLog({ level: "debug", to: { write: (line) => void written.push(line) } });
  return { log, lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>), text: () => written.join("") };
}

describe("the log", () => {
  test("a line is JSON with the level's name, an ISO time and the fields of its parent", () => {
    const { log, lines } = recorded();
    log.child({ requestId: "r1" }).info({ device: "lyon-1" }, "seen");
    expect(lines()).toEqual([
      expect.objectContaining({
        level: "info",
        requestId: "r1",
        device: "lyon-1",
        msg: "seen",
        time: expect.stringMatching(/^\d{4}-.*Z$/),
      }),
    ]);
  });

  test("a Problem tells its code, kind, facts and causes", () => {
    const { log, lines } = recorded();
    const cause = new Error("connect ECONNREFUSED", { cause: new Error("no route") });
    log.warn(
      {
        err: new Problem("devices_unreachable", { kind: "unavailable", say: "Lyon does not answer.", because: cause, with: { port: 22 } }),
      },
      "step failed",
    );
    expect(lines()[0]?.["err"]).toMatchObject({
      code: "devices_unreachable",
      kind: "unavailable",
      message: "Lyon does not answer.",
      facts: { port: 22 },
      cause: { message: "connect ECONNREFUSED", cause: { message: "no route" } },
    });
  });

  test("an error under any name is told, and all of several", () => {
    const { log, lines } = recorded();
    log.error({ because: new AggregateError([new Error("one"), new Error("two")], "both") });
    expect(lines()[0]?.["because"]).toMatchObject({ message: "both", errors: [{ message: "one" }, { message: "two" }] });
  });

  test("no secret gets through: not by name, not as Secret, not in facts, not in the text of an error", () => {
    const { log, text } = recorded();
    log.info({ password: "hunter2", deep: { list: [{ apiKey: "hunter2" }] }, value: new Secret("hunter2") });
    log.error({ err: new Problem("x_y", { kind: "broken", say: "No.", with: { token: "hunter2" } }) });
    log.error({ err: new Error("cannot reach postgresql://admin:hunter2@db/x") }, "Authorization: Bearer hunter2hunter2");
    expect(text()).not.toContain("hunter2");
    expect(text()).toContain("postgresql://admin:[redacted]@db/x");
  });

  test("nothing that is logged ends a line, drives a terminal or turns the order of letters, wherever it stands", () => {
    const strange = "a\r\nb\u001b[2Jc\u0000d\u007fe\u009bf\u0085g\u2028h\u2029i\u202ej\u2066k\ufeffl\u0008";
    const { log, text } = recorded();
    log.child({ [strange]: strange, requestId: strange }).info({ deep: [{ [strange]: strange }] }, strange);
    log.error({ err: new Error(strange, { cause: new Problem(strange, { kind: "broken", say: strange, with: { [strange]: strange } }) }) });
    const lines = text().split("\n");
    expect(lines.length).toBe(3); // two, each with its end
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    expect(lines.join("")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ msg: strange, requestId: strange, [strange]: strange });
  });
});
