import { describe, expect, test } from "vitest";
import { breachesOf, sourceFiles } from "./architecture.ts";

const root = new URL("../../..", import.meta.url).pathname;

test("the sources keep to ARCHITECTURE.md", () => {
  const files = sourceFiles(root);
  expect(files.length).toBeGreaterThan(120);
  expect(breachesOf(files)).toEqual([]);
});

describe("a breach is found and told in a sentence", () => {
  const server = "packages/server/src";
  const planted: [what: string, path: string, text: string, says: RegExp][] = [
    ["an import that points up", `${server}/platform/db.ts`, 'import { a } from "#core/audit";', /platform may import only kit, contract/],
    [
      "an import against the order of the core",
      `${server}/core/audit/index.ts`,
      'import { f } from "#core/findings";',
      /does not come before core\/audit/,
    ],
    [
      "an import between domains",
      `${server}/domains/devices/jobs.ts`,
      'import type { O } from "#domains/overlay";',
      /domains never import each other/,
    ],
    [
      "a module entered by its back door",
      `${server}/apps/compose.ts`,
      'import { s } from "../core/audit/store.ts";',
      /entered through its index\.ts/,
    ],
    [
      "a decision that imports Node",
      `${server}/domains/devices/plan.ts`,
      'import { readFileSync } from "node:fs";',
      /plan\.ts imports node:fs/,
    ],
    [
      "a decision that looks at the clock",
      `${server}/core/rollout/waves.ts`,
      "export const now = () => Date.now();",
      /waves\.ts says Date\.now/,
    ],
    [
      "SQL outside a store",
      `${server}/core/audit/routes.ts`,
      'export const x = db.selectFrom("audit.entry");',
      /only store\.ts and views do/,
    ],
    [
      "a store that names another's schema",
      `${server}/core/audit/store.ts`,
      "sql`select 1 from identity.user`",
      /names the schema identity/,
    ],
    [
      "an agent that imports the server",
      "packages/agent/src/main.ts",
      'await import("../../server/src/platform/db.ts");',
      /agent may import only kit, contract/,
    ],
    ["a dependency of kit", "packages/kit/src/ids.ts", 'import { z } from "zod";', /kit has no dependencies/],
    [
      "a program started by the way",
      `${server}/core/pki/request.ts`,
      'import { execFile } from "node:child_process";',
      /starts programs; platform\/run-tool does that/,
    ],
    ["a pattern made of text", `${server}/core/audit/query.ts`, "export const p = (text: string) => new RegExp(text);", /anybody's text/],
    ["a pattern made of a template", `${server}/core/audit/query.ts`, "export const p = (x: string) => RegExp(`^${x}`);", /anybody's text/],
    ["text that becomes code", "packages/cli/src/main.ts", 'eval("1");', /text never becomes code/],
    ["text that becomes a page", "packages/web/src/app/act.tsx", "<p dangerouslySetInnerHTML={x} />;", /shows text as text/],
    ["a password that is shown", "packages/web/src/pages/x.tsx", '<TextInput label="New password" />;', /shows a password/],
    [
      "a password that no manager may fill in",
      "packages/web/src/pages/x.tsx",
      '<PasswordInput label="P" autoComplete="off" />;',
      /password managers/,
    ],
    ["chance that can be guessed", `${server}/core/identity/tokens.ts`, "export const token = Math.random();", /can be guessed/],
    ["something kept in a browser", "packages/web/src/app/act.ts", 'localStorage.setItem("a", "b");', /what a browser keeps/],
    ["a file that is too long", `${server}/core/audit/chain.ts`, "\n".repeat(401), /has 401 lines/],
    ["a README that is too long", `${server}/core/audit/README.md`, "\n".repeat(41), /has 41 lines/],
    ["a name that says nothing", `${server}/core/audit/utils.ts`, "", /name it after the main thing/],
  ];

  test.each(planted)("%s", (_what, path, text, says) => {
    expect(breachesOf([{ path, text }])).toEqual([expect.stringMatching(says)]);
  });

  test("a decision that looks by way of another file", () => {
    const files = [
      { path: `${server}/domains/devices/plan.ts`, text: 'import { order } from "./order.ts";' },
      { path: `${server}/domains/devices/order.ts`, text: 'import { hostname } from "node:os";' },
    ];
    expect(breachesOf(files)).toEqual([expect.stringMatching(/plan\.ts by way of .*order\.ts imports node:os/)]);
  });
});
