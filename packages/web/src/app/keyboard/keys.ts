/** The keyboard of the console. Pure: what a key means after the keys before it. */
import type { LinkProps } from "@tanstack/react-router";
import type { RouteName } from "../api.ts";

export interface Place {
  /** Second key after `g`. */
  key: string;
  label: string;
  to: LinkProps["to"];
  /** The page reads this; who may not, does not see it. */
  route: RouteName;
}

/** Every page of the navigation, in its order. */
export const places = [
  { key: "o", label: "Overview", to: "/", route: "system.overview" },
  { key: "d", label: "Devices", to: "/devices", route: "devices.list" },
  { key: "i", label: "Repositories", to: "/repositories", route: "repositories.list" },
  { key: "p", label: "Plans", to: "/plans", route: "plans.list" },
  { key: "r", label: "Rollouts", to: "/rollouts", route: "rollouts.list" },
  { key: "t", label: "Drift", to: "/drift", route: "devices.drift" },
  { key: "f", label: "Findings", to: "/findings", route: "findings.list" },
  { key: "a", label: "Audit", to: "/audit", route: "audit.list" },
  { key: "u", label: "People", to: "/settings/people", route: "identity.listUsers" },
  { key: "l", label: "Roles", to: "/settings/roles", route: "roles.list" },
  { key: "m", label: "Machines", to: "/settings/machines", route: "people.reviewGrants" },
  { key: "n", label: "Identity providers", to: "/settings/providers", route: "federation.list" },
  { key: "y", label: "Signing keys", to: "/settings/signing-keys", route: "tokens.signingKeys" },
  { key: "k", label: "API keys", to: "/settings/keys", route: "identity.listKeys" },
  { key: "x", label: "Secrets", to: "/settings/secrets", route: "secrets.list" },
  { key: "c", label: "Certificates", to: "/settings/certificates", route: "pki.status" },
] as const satisfies Place[];

export type Stroke = { go: (typeof places)[number]["to"] } | { do: "help" | "filter" } | { wait: "g" } | undefined;

/** How long `g` waits for its second key. */
export const waitMs = 1500;

/** What a key means. `waiting` is set when `g` was the key before and has not run out. */
export function meaning(key: string, waiting: boolean): Stroke {
  if (waiting) {
    const place = places.find((one) => one.key === key);
    if (place) return { go: place.to };
  }
  switch (key) {
    case "g":
      return { wait: "g" };
    case "?":
      return { do: "help" };
    case "/":
      return { do: "filter" };
    default:
      return undefined;
  }
}

/** True where keys are text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    target.isContentEditable ||
    target.closest(".cm-editor") !== null
  );
}
