/** Runs a case here. */
import { isProblem } from "@holdfast/kit";
import { renderTemplate } from "../../src/domains/devices/templates/index.ts";
import { plant, type TemplateCase } from "./case.ts";
import { expressionCases } from "./expressions.ts";
import { filterCases } from "./filters.ts";
import { statementCases } from "./statements.ts";

export const templateCases: readonly TemplateCase[] = [...expressionCases, ...filterCases, ...statementCases];

/** A generated template as a case. */
export function generated(template: string): TemplateCase {
  return { name: template, files: { main: template }, data: plant };
}

/** What a case gives: its text, or that it is refused. Anything but a Problem is a defect and thrown. */
export function runCase({ files, data }: TemplateCase): { text: string } | { error: string } {
  const loader = { load: (name: string) => (Object.hasOwn(files, name) ? { text: files[name] ?? "", file: name } : undefined) };
  try {
    return { text: renderTemplate({ loader, entry: "main", data }).text };
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    return { error: thrown.message };
  }
}

/** Both the same text, or both refused. */
export function agrees(ours: { text: string } | { error: string }, theirs: { text?: string; error?: string }): boolean {
  return "text" in ours ? ours.text === theirs.text : theirs.error !== undefined;
}
