import { expect, test } from "vitest";
import { stepOf } from "./step.ts";

const finding = (kind: string, subject = "device:dev_1", evidence: Record<string, unknown> = {}) => ({
  kind,
  subject,
  subjectName: "lyon core",
  evidence,
});

test("every finding leads to its next step", () => {
  expect(stepOf(finding("drift"))).toEqual({ label: "See what drifted", path: "/devices/lyon%20core", search: { tab: "drift" } });
  expect(stepOf(finding("host_key_changed"))?.path).toBe("/devices/lyon%20core/host-key");
  expect(stepOf(finding("unreachable"))?.path).toBe("/devices/lyon%20core");
  expect(stepOf(finding("pending_revert", "device:dev_1", { rollout: "rol_1" }))).toEqual({
    label: "To the rollout",
    path: "/rollouts/rol_1",
    search: { target: "dev_1" },
  });
  expect(stepOf(finding("x", "rollout:rol_2"))?.path).toBe("/rollouts/rol_2");
  expect(stepOf(finding("x", "repository:rep_1"))?.path).toBe("/repositories/rep_1");
  expect(stepOf(finding("x", "cloud:1"))).toBeUndefined();
});
