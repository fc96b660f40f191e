/**
 * Renders configurations from templates: a strict subset of Jinja2, with the meaning Jinja2 has under StrictUndefined, trim_blocks,
 * lstrip_blocks and keep_trailing_newline. Pure and closed: no I/O, no clock, no chance, no way from a template to anything but its data,
 * and a budget for its work. What is not supported is refused by name and place. Each line of the result says where it came from.
 */
import { isProblem, Problem } from "@holdfast/kit";
import { toVariables, type TemplateData } from "./variables.ts";
import { execute } from "./execute.ts";
import { TemplateFault, type Place } from "./fault.ts";
import type { Template } from "./nodes.ts";
import { parseTemplate } from "./parse.ts";
import { runTemplate } from "./reuse.ts";
import { Run } from "./run.ts";
import { Context, DataLookup } from "./scope.ts";
import { makeGlobals } from "./globals.ts";
import { Sheet, type LineSource } from "./sheet.ts";
import { defaultLimits, Work, type TemplateLimits } from "./work.ts";

export { Float } from "./values.ts";
export type { TemplateData } from "./variables.ts";
export type { LineSource } from "./sheet.ts";
export type { TemplateLimits } from "./work.ts";

/** Where templates come from. Parsed templates are kept for as long as the loader is. */
export interface TemplateLoader {
  /** The text of a template and the file to name in errors; undefined where there is none of that name. */
  load(name: string): { text: string; file: string } | undefined;
}

export interface TemplateRender {
  loader: TemplateLoader;
  /** Name of the template to begin with. */
  entry: string;
  /** Its variables. */
  data: Readonly<Record<string, TemplateData>>;
  limits?: Partial<TemplateLimits>;
}

export interface RenderedText {
  text: string;
  /** One for each line of the text, in order. */
  lines: LineSource[];
  /** Steps it took, of those that `limits.steps` allows. */
  steps: number;
}

/** @throws Problem `template_error`, whose `with` holds template (file), line and column, or `template_missing`. */
export function renderTemplate({ loader, entry, data, limits }: TemplateRender): RenderedText {
  const work = new Work({ ...defaultLimits, ...limits });
  const load = (name: string): Template | undefined => parsed(loader, name);
  const template = guarded(() => load(entry), startOf(entry), []);
  if (!template)
    throw new Problem("template_missing", {
      kind: "missing",
      say: `There is no template ${JSON.stringify(entry)}.`,
      with: { template: entry },
    });
  const run = new Run({ work, load, execute, at: startOf(template.name) });
  const sheet = new Sheet(work);
  return guarded(
    () => {
      const context = new Context(new DataLookup(makeGlobals(work), toVariables(data, work)));
      runTemplate(template, run, { context, sheet, reason: [] });
      const { text } = sheet;
      return { text, lines: sheet.sources(startOf(template.name)), steps: work.used };
    },
    () => run.at,
    run.calls,
  );
}

/** Parses a template and finds what is wrong with its form. @throws Problem `template_error` */
export function checkTemplate(file: string, text: string): void {
  guarded(() => parseTemplate(file, text), startOf(file), []);
}

const kept = new WeakMap<TemplateLoader, Map<string, Template | undefined>>();

function parsed(loader: TemplateLoader, name: string): Template | undefined {
  let templates = kept.get(loader);
  if (!templates) kept.set(loader, (templates = new Map<string, Template | undefined>()));
  if (!templates.has(name)) {
    const source = loader.load(name);
    templates.set(name, source && parseTemplate(source.file, source.text));
  }
  return templates.get(name);
}

function startOf(template: string): Place {
  return { template, line: 1, column: 1 };
}

/** Runs a part and gives its faults their place. */
function guarded<T>(part: () => T, at: Place | (() => Place), calls: readonly Place[]): T {
  try {
    return part();
  } catch (thrown) {
    if (isProblem(thrown)) throw thrown;
    const place = typeof at === "function" ? at() : at;
    if (thrown instanceof TemplateFault) throw problemOf(thrown, thrown.place ?? place, calls);
    // The stack is bounded by depth, but a chain such as a.b.c… of thousands of parts has none.
    if (thrown instanceof RangeError && thrown.message.includes("call stack"))
      throw problemOf(new TemplateFault("an expression is too long or nests too deep"), place, calls);
    throw thrown;
  }
}

function problemOf(fault: TemplateFault, place: Place, calls: readonly Place[]): Problem {
  const at = showPlace(place);
  const say = `${at}: ${fault.message}.${fault.mend === "" ? "" : ` ${fault.mend}`}`;
  const callers = calls.toReversed().slice(0, 5);
  return new Problem("template_error", {
    kind: "invalid",
    say,
    places: [{ at, say: fault.message }, ...callers.map((caller) => ({ at: showPlace(caller), say: "called from here" }))],
    because: fault,
    with: { template: place.template, line: place.line, column: place.column },
  });
}

function showPlace({ template, line, column }: Place): string {
  return `${template}:${String(line)}:${String(column)}`;
}
