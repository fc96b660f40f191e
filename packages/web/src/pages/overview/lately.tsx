/** What was done last, and by whom. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { read } from "../../app/reads.ts";
import { Actor } from "../../parts/actor.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Panel } from "../../parts/page.tsx";
import { sayAction } from "../../parts/sayings.ts";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { When } from "../../parts/when.tsx";
import classes from "./overview.module.css";

export function Lately() {
  const entries = useQuery(read("audit.list", { limit: 10 }));
  return (
    <Panel
      id="lately"
      title="Lately"
      flush
      beside={
        <Link to="/audit" className="dim">
          The audit trail
        </Link>
      }
    >
      <Loaded query={entries} skeleton={<RowsSkeleton rows={10} height={31} />}>
        {({ items }) => (
          <ol>
            {items.map((entry) => (
              <li key={entry.seq}>
                <Link to="/audit" search={{ entry: String(entry.seq) }} className={classes["entry"] ?? ""}>
                  <span className="clip">
                    <Actor actor={entry.actor} />
                  </span>
                  {sayAction(entry.action) === undefined ? (
                    <span className="clip mono">{entry.action}</span>
                  ) : (
                    <span className="clip">{sayAction(entry.action)}</span>
                  )}
                  <span className="clip mono dim">{entry.subject}</span>
                  <span className="dim number">
                    <When at={entry.at} />
                  </span>
                </Link>
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </Panel>
  );
}
