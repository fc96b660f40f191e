/** Paths into a document as keys of a map. Pure. */

export function pathKey(path: readonly PropertyKey[]): string {
  return path.map(String).join("\0");
}
