/** JSON Merge Patch (RFC 7396): what a patch leaves out stays, null takes away, an object is patched member by member. */

/** What a patch may hold of a document: every member, null where the document may go without it. */
export type MergePatch<T> = {
  [K in keyof T]?:
    | (T[K] extends Record<string, string> ? Record<string, string | null> : T[K])
    | (undefined extends T[K] ? null : never)
    | undefined;
};

type Members = Record<string, unknown>;

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Members = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else if (value !== undefined) define(result, name, merged(own(result, name), value));
  }
  return result;
}

/** Also for a name such as `__proto__`, which an assignment would not keep. */
function define(object: Members, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/** The document after the patch; neither is changed. A member that is undefined counts as left out. */
export function mergePatch<T extends object>(document: T, patch: MergePatch<T>): T {
  return merged(document, patch) as T;
}

function between(before: unknown, after: unknown): unknown {
  if (!isObject(before) || !isObject(after)) return after;
  const patch: Members = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [own(before, name), own(after, name)];
    if (is === undefined) {
      if (was !== undefined) define(patch, name, null);
    } else if (JSON.stringify(was) !== JSON.stringify(is)) define(patch, name, was === undefined ? is : between(was, is));
  }
  return patch;
}

function own(object: Members, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The patch that turns one document into the other: what is the same is left out. Documents without null inside. */
export function mergePatchBetween<T extends object>(before: T, after: T): MergePatch<T> {
  return between(before, after) as MergePatch<T>;
}
