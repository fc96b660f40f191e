/** Where a plan came from, in words. Pure. */
import { short } from "../../parts/format.ts";

/** `repository:rep_1@0a1b…` → `revision 0a1b2c3d`; `restore:…` → `a kept configuration`; and so on. */
export function sayOrigin(origin: string): string {
  const at = origin.indexOf(":");
  const [kind, rest] = at < 0 ? [origin, ""] : [origin.slice(0, at), origin.slice(at + 1)];
  switch (kind) {
    case "repository":
      return `revision ${short(rest.split("@")[1] ?? rest)}`;
    case "restore":
      return "a kept configuration";
    case "drift":
      return "drift";
    case "retry":
      return "a rollout tried again";
    case "rollback":
      return "a rollout taken back";
    case "credential":
      return `an exchange of ${rest}`;
    default:
      return origin;
  }
}
