import { describe, expect, test } from "vitest";
import type { Rollout } from "@holdfast/contract";
import type { QueryKey } from "@tanstack/react-query";
import { patchRollout } from "./patch.ts";
import { createRefresher } from "./refresher.ts";
import { touchedBy } from "./touched.ts";

const rollout = {
  id: "rol_1",
  state: "running",
  say: "Wave 1 of 2: 0 of 2 changed.",
  targets: [
    { target: "dev_1", targetName: "a", wave: 0, state: "applying", side: "unknown", say: "old words", outcome: "failed" },
    { target: "dev_2", targetName: "b", wave: 1, state: "waiting", side: "old" },
  ],
} as unknown as Rollout;
const at = "2026-03-01T12:00:00.000Z";
const changed = (payload: Record<string, unknown>, subject = "rollout:rol_1") => ({ type: "rollout.target.changed", subject, at, payload });

describe("a live event of a rollout", () => {
  test("changes its target at once, and nothing else", () => {
    const after = patchRollout(rollout, changed({ target: "dev_1", state: "done", outcome: "applied", side: "new" }));
    expect(after.targets[0]).toEqual({
      target: "dev_1",
      targetName: "a",
      wave: 0,
      state: "done",
      outcome: "applied",
      side: "new",
      updatedAt: at,
    });
    expect(after.targets[1]).toBe(rollout.targets[1]);
    expect(rollout.targets[0]?.state).toBe("applying");
  });
  test("changes its state and its sentence", () =>
    expect(
      patchRollout(rollout, {
        type: "rollout.rollout.changed",
        subject: "rollout:rol_1",
        at,
        payload: { state: "reverting", say: "Halted." },
      }),
    ).toMatchObject({
      state: "reverting",
      say: "Halted.",
    }));
  test.each([
    ["of another rollout", changed({ target: "dev_1", state: "done" }, "rollout:rol_2")],
    ["of a target that it does not have", changed({ target: "dev_9", state: "done" })],
    ["with a state that is not known here", changed({ target: "dev_1", state: "levitating" })],
    ["of another kind", { type: "devices.device.changed", subject: "rollout:rol_1", at, payload: {} }],
  ])("%s leaves it alone", (_, event) => expect(patchRollout(rollout, event)).toBe(rollout));
});

describe("what an event makes old", () => {
  const keys = (type: string, subject: string): string[] => touchedBy({ type, subject }).map((key) => JSON.stringify(key));
  test("a rollout: itself, its journal, the lists, the overview and the audit trail", () =>
    expect(keys("rollout.target.changed", "rollout:rol_1")).toEqual([
      '["rollouts","get",{"id":"rol_1"}]',
      '["rollouts","journal","pages",{"id":"rol_1"}]',
      '["rollouts","list"]',
      '["system","overview"]',
      '["audit","list"]',
    ]));
  test("a device: all that was read of devices", () => expect(keys("devices.device.observed", "device:dev_1")).toContain('["devices"]'));
  test("a secret that is gone: only where it was listed, for it cannot be read again", () => {
    expect(keys("secrets.secret.removed", "secret:sec_1")).toContain('["secrets","list"]');
    expect(keys("secrets.secret.removed", "secret:sec_1")).not.toContain('["secrets"]');
  });
  test("what somebody may do: people, roles, sessions, machines", () =>
    expect(keys("identity.access.changed", "user:usr_1")).toEqual(
      expect.arrayContaining(['["identity"]', '["people"]', '["roles"]', '["sessions"]', '["serviceAccounts"]']),
    ));
  test("a subject of a kind that is not known: all of its module", () =>
    expect(keys("findings.batch.closed", "batch:1")).toContain('["findings"]'));
});

describe("reading again", () => {
  function scene() {
    const reads: { key: QueryKey; done: () => void; fail: (why: Error) => void }[] = [];
    const refresher = createRefresher((key) => new Promise<void>((done, fail) => reads.push({ key, done, fail })));
    return { reads, refresher };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  test("happens at once, and never twice at one time for one thing", async () => {
    const { reads, refresher } = scene();
    refresher.touch([["a"], ["b"]]);
    refresher.touch([["a"]]);
    refresher.touch([["a"]]);
    expect(reads.map((read) => read.key)).toEqual([["a"], ["b"]]);
    reads[0]?.done();
    await settled();
    expect(reads.map((read) => read.key)).toEqual([["a"], ["b"], ["a"]]);
    reads[2]?.done();
    await settled();
    expect(reads).toHaveLength(3);
  });
  test("goes on after a read that failed", async () => {
    const { reads, refresher } = scene();
    refresher.touch([["a"]]);
    refresher.touch([["a"]]);
    reads[0]?.fail(new Error("no network"));
    await settled();
    expect(reads).toHaveLength(2);
  });
});
