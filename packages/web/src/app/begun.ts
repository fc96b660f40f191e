/** What was begun at an identity provider, kept while the browser is there: signing in, linking oneself, or proving again who one is. */

export interface Begun {
  purpose: "sign-in" | "link" | "step-up";
  /** Where to go afterwards; a path of ours. */
  next?: string | undefined;
}

const key = "holdfast.begun";

export function rememberBegun(begun: Begun): void {
  localStorage.setItem(key, JSON.stringify(begun));
}

/** Counts once. A sign-in when nothing was kept, e.g. one that the provider began. */
export function takeBegun(): Begun {
  const text = localStorage.getItem(key);
  localStorage.removeItem(key);
  return readBegun(text);
}

/** Pure. */
export function readBegun(text: string | null): Begun {
  try {
    const { purpose, next } = JSON.parse(text ?? "{}") as Partial<Record<keyof Begun, unknown>>;
    if (purpose !== "link" && purpose !== "step-up") return { purpose: "sign-in", ...(typeof next === "string" && { next }) };
    return { purpose, ...(typeof next === "string" && { next }) };
  } catch {
    return { purpose: "sign-in" }; // somebody wrote there by hand
  }
}

/** Tells other windows of this browser that somebody proved who they are. */
export const provedChannel = "holdfast.proved";
