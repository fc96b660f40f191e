import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { auditActions, auditSeverities, auditTypes, seededTypes } from "@holdfast/contract";
import { expect, test } from "vitest";

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
