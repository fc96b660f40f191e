import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

describe("npm start with wrong settings", () => {
  test("names each of them at once, shows no secret value, and ends with exit code 78 before anything is begun", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "serve.ts")], {
      encoding: "utf8",
      env: {
        HOLDFAST_HOME: "/nowhere/that/can/be/made",
        HOLDFAST_PORT: "70000",
        HOLDFAST_ROLES: "wroker",
        HOLDFAST_PROT: "1",
        DATABASE_URL: "mysql://u:hunter2@db/x",
      },
    });
    expect(status).toBe(78);
    expect(stdout).toBe("");
    for (const name of ["HOLDFAST_PORT", "HOLDFAST_ROLES", "HOLDFAST_PROT", "DATABASE_URL"]) expect(stderr).toContain(`  ${name}: `);
    expect(stderr).not.toContain("hunter2");
  });
});
