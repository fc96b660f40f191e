/** What something was done to, as a link to its view where it has one. */
import { Link } from "@tanstack/react-router";
import { viewOf } from "./sayings.ts";

export function Subject({ subject }: { subject: string }) {
  const view = viewOf(subject);
  if (view === undefined) return <span className="mono">{subject}</span>;
  return (
    // The address is made of a known view and an id.
    <Link to={view as "/"} className="mono">
      {subject}
    </Link>
  );
}
