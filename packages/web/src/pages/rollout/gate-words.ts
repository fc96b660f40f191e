/** What a check of a gate is called and says. Pure. */

export interface CheckWords {
  /** The device; empty where the check is about one device anyway. */
  target: string;
  name: string;
  /** Without the name that stands beside it already. */
  value: string;
}

/** `{ check: "lyon-core-1: CPU", say: "CPU: 5 %" }` → `lyon-core-1`, `CPU`, `5 %`. */
export function checkWords({ check, say }: { check: string; say: string }): CheckWords {
  const at = check.indexOf(": ");
  const [target, name] = at < 0 ? ["", check] : [check.slice(0, at), check.slice(at + 2)];
  return { target, name, value: say.startsWith(`${name}: `) ? say.slice(name.length + 2) : say };
}
