/** What was done last, and by whom. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { AuditEntry } from "@holdfast/contract";
import { auditActionOf } from "virtual:contract";
import { read } from "../../app/reads.ts";
import { Actor } from "../../parts/actor.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { useNameOf } from "../../parts/names.ts";
import { nameIn, partsOf } from "../../parts/sayings.ts";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { Subject } from "../../parts/subject.tsx";
import { When } from "../../parts/when.tsx";
import { Glance } from "./glance.tsx";
import classes from "./overview.module.css";

export function Lately() {
  const entries = useQuery(read("audit.list", { limit: 10 }));
  return (
    <Glance id="lately" title="Lately" to="/audit" all="The audit trail">
      <Loaded query={entries} skeleton={<RowsSkeleton rows={10} height={31} />}>
        {({ items }) => (
          <ol>
            {items.map((entry) => (
              <li key={entry.seq}>
                <Entry entry={entry} />
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </Glance>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const name = useNameOf(entry.subject) ?? nameIn(entry);
  // Of a session there is nothing to say but that it was opened or ended.
  const told = partsOf(entry.subject).kind !== "session";
  return (
    <div className={classes["entry"]}>
      <span className="clip">
        <Actor actor={entry.actor} />
      </span>
      <span className={classes["did"]}>
        <Link to="/audit" search={{ entry: String(entry.seq) }} className="quiet">
          {auditActionOf(entry.action).say}
        </Link>
        {told && (
          <>
            {": "}
            <Subject subject={entry.subject} name={name} />
          </>
        )}
      </span>
      <span className="dim number">
        <When at={entry.at} />
      </span>
    </div>
  );
}
