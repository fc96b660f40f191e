/** Who did something: a person by name, a program or Holdfast itself by kind. */

/** `user:ines` → `ines`; `system:rollout` → `Holdfast (rollout)`; `api_key:ci` → `ci (API key)`. Pure. */
export function actorName(actor: string): string {
  const at = actor.indexOf(":");
  if (at < 0) return actor;
  const [kind, name] = [actor.slice(0, at), actor.slice(at + 1)];
  switch (kind) {
    case "user":
      return name;
    case "system":
      return name === "" ? "Holdfast" : `Holdfast (${name})`;
    case "api_key":
      return `${name} (API key)`;
    default:
      return actor;
  }
}

export function Actor({ actor }: { actor: string }) {
  return <span className={actor.startsWith("system") ? "dim" : undefined}>{actorName(actor)}</span>;
}
