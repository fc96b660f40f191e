/** What something was done to, as a link to its view where it has one. */
import { Link } from "@tanstack/react-router";
import { words } from "./format.ts";
import { useNameOf } from "./names.ts";
import { partsOf, viewOf } from "./sayings.ts";

/** `name` is shown in place of the id, which is then on hover. */
export function Subject({ subject, name }: { subject: string; name?: string | undefined }) {
  const view = viewOf(subject);
  const look = name === undefined ? { className: "mono" } : { title: subject };
  if (view === undefined) return <span {...look}>{name ?? subject}</span>;
  return (
    // The address is made of a known view and an id.
    <Link to={view as "/"} {...look}>
      {name ?? subject}
    </Link>
  );
}

/** What something was done to, by name where it has one, with its kind before it. */
export function SubjectName({ subject, said }: { subject: string; said?: string | undefined }) {
  const name = useNameOf(subject) ?? said;
  if (name === undefined) return <span className="mono dim">{subject}</span>;
  return (
    <span title={subject}>
      <span className="dim">{words(partsOf(subject).kind)}</span> {name}
    </span>
  );
}

const kinds: Record<string, string> = { rol: "rollout", plan: "plan", dev: "device", rep: "repository" };

/** A sentence of the server, in which every id leads to its view, by name. */
export function Mentions({ text }: { text: string }) {
  const parts = text.split(/\b((?:rol|plan|dev|rep)_[0-9a-z]{20,})\b/);
  return parts.map((part, at) =>
    // Parts have no other identity than their place.
    // oxlint-disable-next-line react/no-array-index-key
    at % 2 === 0 ? part : <Mention key={at} subject={`${kinds[part.slice(0, part.indexOf("_"))] ?? ""}:${part}`} />,
  );
}

function Mention({ subject }: { subject: string }) {
  return <Subject subject={subject} name={useNameOf(subject)} />;
}
