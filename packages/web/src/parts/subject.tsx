/** What something was done to, as a link to its view where it has one. */
import { Link } from "@tanstack/react-router";
import { words } from "./format.ts";
import { partsOf, useNameOf } from "./names.ts";
import { viewOf } from "./sayings.ts";

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
export function SubjectName({ subject }: { subject: string }) {
  const name = useNameOf(subject);
  if (name === undefined) return <span className="mono dim">{subject}</span>;
  return (
    <span title={subject}>
      <span className="dim">{words(partsOf(subject).kind)}</span> {name}
    </span>
  );
}
