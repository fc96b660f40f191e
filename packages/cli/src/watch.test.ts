import type { Client, Rollout, RolloutTarget } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { describe, expect, test } from "vitest";
import type { Screen } from "./output.ts";
import { draw, watchRollout, type Progress } from "./watch.ts";

function target(targetName: string, parts: Partial<RolloutTarget>): RolloutTarget {
  return { target: `dev_${targetName}`, targetName, wave: 0, state: "waiting", side: "old", ...parts };
}

function rollout(state: Rollout["state"], targets: RolloutTarget[], say = `It is ${state}.`): Rollout {
  return {
    id: "rol_1",
    planId: "plan_1",
    planHash: "h",
    title: "A change",
    state,
    strategy: { kind: "direct", reason: "test" },
    limits: {},
    waves: [{ index: 0, targets: targets.map((one) => one.target), bakeMs: 0, state: "running", gate: [] }],
    targets,
    createdAt: "2026-01-01T00:00:00Z",
    createdBy: "user:ada",
    requireApproval: false,
    counts: {},
    say,
    etag: "1",
  };
}

function screen(width?: number): Screen & { seen: string[] } {
  const seen: string[] = [];
  const keep = (text: string): void => void seen.push(text);
  return { seen, out: keep, outText: keep, err: keep, width, colour: false };
}

/** Answers in turn; a Problem is thrown. */
function clientThatSays(answers: (Rollout | Problem)[]): Client {
  const system = { events: () => Promise.reject(new Problem("server_unreachable", { kind: "unavailable", say: "Nobody there." })) };
  const rollouts = {
    get: () => {
      const next = answers.length > 1 ? answers.shift() : answers[0];
      return next instanceof Problem ? Promise.reject(next) : Promise.resolve(next);
    },
  };
  return { system, rollouts } as unknown as Client;
}

const watch = (answers: (Rollout | Problem)[], to: Screen, progress: Progress = "plain"): Promise<Rollout> =>
  watchRollout({ client: clientThatSays(answers), screen: to, progress, everyMs: 5 }, "rol_1");

describe("following a rollout", () => {
  test("ends when it rests, also without live news, and says each thing once", async () => {
    const shown = screen();
    const running = rollout("running", [target("r1", { state: "applying" })]);
    const done = rollout("succeeded", [target("r1", { state: "done", outcome: "applied", side: "new" })]);
    expect(await watch([running, running, done], shown)).toMatchObject({ state: "succeeded" });
    expect(shown.seen).toEqual(["  r1: applying\n", "It is running.\n", "  r1: applied\n", "It is succeeded.\n"]);
  });

  test("waits for a server that is away, and says so", async () => {
    const shown = screen();
    const away = new Problem("server_unreachable", { kind: "unavailable", say: "Holdfast does not answer." });
    expect(await watch([rollout("running", []), away, away, rollout("reverted", [])], shown)).toMatchObject({ state: "reverted" });
    expect(shown.seen.filter((line) => line.includes("the rollout goes on without us"))).toHaveLength(2);
  });

  test("ends at once with whatever else is wrong", async () => {
    const ended = new Problem("identity_key_ended", { kind: "unauthenticated", say: "This key has ended." });
    await expect(watch([rollout("running", []), ended], screen())).rejects.toBe(ended);
  });

  test("for programs it is one JSON object a line", async () => {
    const shown = screen();
    await watch([rollout("running", []), rollout("succeeded", [])], shown, "json");
    expect(shown.seen.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ state: "running" }, { state: "succeeded" }]);
  });
});

describe("the picture", () => {
  test("has a mark for each target that can be told without colours", () => {
    const targets = [
      target("a", { state: "done", outcome: "applied" }),
      target("b", { state: "done", outcome: "unchanged" }),
      target("c", { state: "applying" }),
      target("d", {}),
      target("e", { state: "reverting" }),
      target("f", { state: "done", outcome: "reverted" }),
      target("g", { state: "done", outcome: "failed" }),
      target("h", { state: "pending_revert" }),
    ];
    expect(draw(screen(80), rollout("running", targets), 80)[0]).toBe("wave 1 running  ■=→·←□✗!");
  });

  test("never is wider than the terminal, and what devices say cannot move the cursor", () => {
    const loud = target("r1", { state: "done", outcome: "failed", say: `\u001b[2J${"x".repeat(200)}` });
    const lines = draw(screen(60), rollout("running", [loud], "y".repeat(200)), 60);
    for (const line of lines) {
      expect(line.length).toBeLessThan(60);
      expect(line).not.toContain("\u001b");
    }
  });
});
