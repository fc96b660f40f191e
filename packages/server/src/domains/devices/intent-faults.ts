/** A shape's complaints as sentences with the places of a file. Pure. */
import type { z } from "zod";
import type { Fault, YamlDocument } from "./intent-yaml.ts";
import type { YamlValue } from "./yaml-values.ts";

export function faultsOf(error: z.ZodError, document: YamlDocument, file: string): Fault[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return [faultAt(issue.path, sayOf(issue, document.value), { document, file })];
    return issue.keys.map((key) => faultAt([...issue.path, key], "there is no such member", { document, file }));
  });
}

function faultAt(path: readonly PropertyKey[], say: string, { document, file }: { document: YamlDocument; file: string }): Fault {
  const member = path.length === 0 ? "the document" : path.map(String).join(".");
  return { at: `${file}:${document.lineOf(path)}`, code: "intent_document", say: `${member}: ${say}` };
}

function sayOf(issue: z.core.$ZodIssue, value: YamlValue | undefined): string {
  if (memberAt(value, issue.path) === undefined) return "must be given";
  if (issue.code === "invalid_type") return `must be ${nameOf(issue.expected)}`;
  if (issue.code === "invalid_value") return `must be ${issue.values.map(String).join(" or ")}`;
  return issue.message;
}

function memberAt(value: YamlValue | undefined, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
}

const names: Record<string, string> = {
  string: "a text; put a number or true in quotes",
  number: "a number",
  int: "a whole number",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  boolean: "true or false",
};

function nameOf(expected: string): string {
  return names[expected] ?? expected;
}
