/** What a journal line holds besides its sentence, for people. Pure. */
import { checkWords } from "./gate-words.ts";

interface Check {
  check: string;
  ok: boolean;
  say: string;
}

/** Checks as `6 checks hold` or those that do not; other facts as `name value`. What the sentence says already is left out. */
export function sayDetail(detail: Record<string, unknown> | undefined, said: string): string {
  const parts = Object.entries(detail ?? {}).flatMap(([name, value]): string[] => {
    if (name === "ok" || name === "outcome" || value === said) return [];
    if (name === "gate" || name === "failing") return sayChecks(value).filter((part) => !said.includes(part));
    return [`${name} ${typeof value === "string" ? value : JSON.stringify(value)}`];
  });
  return parts.join(" · ");
}

const bad = new Set<unknown>(["unreachable", "refused", "failed"]);

/** True of the line that a halt is about: a look that did not hold, or a device that did not take what it was given. */
export function isFailure(detail: Record<string, unknown> | undefined): boolean {
  return detail?.["ok"] === false || bad.has(detail?.["outcome"]);
}

function sayChecks(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  const checks = value.filter((item): item is Check => typeof item === "object" && item !== null && "ok" in item && "say" in item);
  const failed = checks.filter((check) => !check.ok);
  if (failed.length > 0) return failed.map((check) => `${check.check}: ${checkWords(check).value}`);
  return checks.length === 0 ? [] : [`${checks.length} checks hold`];
}
