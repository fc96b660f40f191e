/**
 * The SSH keys of the account on an FRR host, as `holdfast-keys` shows and changes them. Its words are the whole protocol:
 *
 *     has TYPE KEY                   → yes | no (1)
 *     add TYPE KEY [like TYPE KEY]   → added | there
 *     remove TYPE KEY                → removed | absent | last (1)
 */
import type { Router } from "../router.ts";
import type { SwitchAnswer } from "./switch.ts";

/** Whether a line of authorized_keys holds the key `TYPE KEY`. */
export const holdsKey = (line: string, key: string): boolean => ` ${line} `.includes(` ${key} `);

export function runKeys(router: Router, words: string[], user: string): SwitchAnswer {
  const [verb = "", type = "", body = "", like, ...model] = words;
  const shaped = /^[a-z0-9@.-]+$/.test(type) && /^[A-Za-z0-9+/=]+$/.test(body);
  const fair = shaped && (like === undefined || (verb === "add" && like === "like" && model.length === 2));
  if (!fair || !["has", "add", "remove"].includes(verb))
    return { say: "holdfast-keys: say has TYPE KEY, add TYPE KEY [like TYPE KEY] or remove TYPE KEY", code: 2 };
  const key = `${type} ${body}`;
  const lines = router.state.authorizedKeys ?? [];
  const there = lines.some((line) => holdsKey(line, key));
  const put = (next: string[]): void => {
    router.state.authorizedKeys = next;
    router.record({ user, via: "ssh", event: "keys", text: `${verb} ${type}` });
  };
  if (verb === "has") return there ? { say: "yes", code: 0 } : { say: "no", code: 1 };
  if (verb === "add") {
    if (there) return { say: "there", code: 0 };
    const old = lines.find((line) => model.length > 0 && holdsKey(line, model.join(" "))) ?? "";
    put([...lines, `${old.slice(0, Math.max(0, old.indexOf(model.join(" "))))}${key} holdfast`]);
    return { say: "added", code: 0 };
  }
  if (!there) return { say: "absent", code: 0 };
  if (lines.length === 1) return { say: "last", code: 1 };
  put(lines.filter((line) => !holdsKey(line, key)));
  return { say: "removed", code: 0 };
}
