/* oxlint-disable import/no-default-export, no-console, node/no-process-env -- so Vitest wants a reporter; and this one talks to a terminal and its shell */
/**
 * Vitest's reporter of what was not tried: prints every skipped test at the end. With REQUIRE_ALL=1 one is a failure: in a place that was
 * prepared for all of them, a test that skips proves nothing and must not look as if it did.
 */
import { relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";

export default class Skipped implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests("skipped")].map((test) => `${relative(process.cwd(), module.moduleId)}: ${test.fullName}`),
    );
    if (skipped.length === 0) return console.log("Nothing was skipped.");
    console.log(`\nNot tried, ${skipped.length} in all:\n  ${skipped.join("\n  ")}`);
    if (process.env["REQUIRE_ALL"] === "1") process.exitCode = 1;
  }
}
