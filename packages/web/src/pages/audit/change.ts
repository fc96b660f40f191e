/** What an entry changed, line by line. Pure. */
import type { DiffLine } from "@holdfast/contract";

/** The difference of two values as lines `path: value`, sorted by path; lines that stay are kept. */
export function changeOf(before: unknown, after: unknown): DiffLine[] {
  const [old, now] = [new Map(leaves(before)), new Map(leaves(after))];
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  return paths.flatMap((path): DiffLine[] => {
    const [was, is] = [old.get(path), now.get(path)];
    const line = (value: string): string => (path === "" ? value : `${path}: ${value}`);
    if (was === is && was !== undefined) return [{ op: "keep", text: line(was) }];
    return [
      ...(was === undefined ? [] : [{ op: "remove" as const, text: line(was) }]),
      ...(is === undefined ? [] : [{ op: "add" as const, text: line(is) }]),
    ];
  });
}

function leaves(value: unknown, path = ""): [path: string, value: string][] {
  if (value === undefined) return [];
  if (value === null || typeof value !== "object") return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
  const entries = Object.entries(value);
  if (entries.length === 0) return [[path, Array.isArray(value) ? "[]" : "{}"]];
  return entries.flatMap(([key, item]) => leaves(item, path === "" ? key : `${path}.${key}`));
}
