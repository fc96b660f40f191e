import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { actionsOfType, auditActions, auditSeverities, auditTypes, seededTypes, sourceEvents } from "@holdfast/contract";
import { describe, expect, test } from "vitest";

const src = fileURLToPath(new URL("../../", import.meta.url));
const sources = globSync("{core,domains,apps}/**/*.ts", { cwd: src }).filter((file) => !file.endsWith(".test.ts"));

/** `action: "a.b.c"`, and of a text made of parts the part before the first. */
const recorded = sources.flatMap((file) =>
  [...readFileSync(`${src}${file}`, "utf8").matchAll(/\baction: ["`]((?:[a-z_]+\.){2}(?:[a-z_]+|\$\{))/g)].map(([, action = ""]) => ({
    action,
    file,
  })),
);

test("every action that is recorded anywhere is in the catalogue", () => {
  expect(recorded.length).toBeGreaterThan(40);
  const missing = recorded.filter(({ action }) =>
    action.endsWith("${") ? ![...auditActions.keys()].some((known) => known.startsWith(action.slice(0, -2))) : !auditActions.has(action),
  );
  expect(missing.map(({ action, file }) => `${action} of ${file} is not in contract/src/audit-catalogue.ts`)).toEqual([]);
});

test("each says its severity, its type, and what was done", () => {
  for (const [action, { severity, type, say }] of auditActions) {
    expect(action).toMatch(/^[a-z]+(\.[a-z_]+){2}$/);
    expect(auditSeverities).toContain(severity);
    expect(auditTypes).toContain(type);
    expect(say).toMatch(/^[a-z][\w ,'-]+$/i);
  }
});

test("there are at least 15 types of security events, under the names of the source systems", () => {
  expect(seededTypes.length).toBeGreaterThanOrEqual(15);
  expect(new Set([...auditActions.values()].map(({ type }) => type)).size).toBeGreaterThanOrEqual(15);
});

describe("events by the names that auditors of the source systems look for", () => {
  const events = Object.entries<readonly string[] | string>(sourceEvents);
  const document = readFileSync(`${src}../../../docs/operate/audit.md`, "utf8");

  test("are recorded by an action of the catalogue, or it is said why not", () => {
    expect(events).toHaveLength(30);
    const unknown = events.flatMap(([, what]) => (typeof what === "string" ? [] : what.filter((action) => !auditActions.has(action))));
    expect(unknown).toEqual([]);
    expect(events.filter(([, what]) => what.length === 0)).toEqual([]);
  });

  test("are found by that name where it is a type of ours: each type has an action", () => {
    for (const type of seededTypes) {
      expect({ type, actions: actionsOfType(type) }).toEqual({ type, actions: expect.arrayContaining([expect.any(String)]) as string[] });
      expect(events.map(([name]) => name)).toContain(type);
    }
  });

  test("are in the operators' table, each with its actions", () => {
    const rows = [...document.matchAll(/^\| `([a-z_, `]+)` \| (.+?) \|$/gm)];
    const told = new Map(rows.flatMap(([, names = "", what = ""]) => names.split(/`, `/).map((name) => [name, what] as const)));
    for (const [name, what] of events) {
      expect({ name, what: told.get(name) }).toEqual({ name, what: expect.any(String) });
      if (typeof what !== "string") for (const action of what) expect(told.get(name)).toContain(`\`${action}\``);
    }
  });
});
