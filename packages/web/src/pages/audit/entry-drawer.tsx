/** One entry: everything it says, and what it changed. */
import { Link } from "@tanstack/react-router";
import type { AuditEntry } from "@holdfast/contract";
import { Actor } from "../../parts/actor.tsx";
import { UnifiedDiff } from "../../parts/compare/unified-diff.tsx";
import { Copy, Shortened } from "../../parts/copy.tsx";
import { Facts } from "../../parts/facts.tsx";
import { exact, short } from "../../parts/format.ts";
import { useNameOf } from "../../parts/names.ts";
import { Panel } from "../../parts/page.tsx";
import { SideDrawer } from "../../parts/side-drawer.tsx";
import { TextSkeleton } from "../../parts/skeletons.tsx";
import { auditActionOf } from "virtual:contract";
import { State } from "../../parts/glyph.tsx";
import { nameIn } from "../../parts/sayings.ts";
import { Subject } from "../../parts/subject.tsx";
import { changeOf } from "./change.ts";
import { auditLooks } from "./severity.ts";

interface EntryDrawerProps {
  entry: AuditEntry | undefined;
  seq: string;
  /** It may still come. */
  reading: boolean;
  onClose: () => void;
}

export function EntryDrawer({ entry, seq, reading, onClose }: EntryDrawerProps) {
  return (
    <SideDrawer title={entry === undefined ? `Entry ${seq}` : <span className="mono">{entry.action}</span>} onClose={onClose}>
      {entry === undefined ? (
        reading ? (
          <TextSkeleton />
        ) : (
          <p>No entry {seq} is among those that fit the filter.</p>
        )
      ) : (
        <Entry entry={entry} />
      )}
    </SideDrawer>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const { utc, local } = exact(entry.at);
  const diff = changeOf(entry.before, entry.after);
  const name = useNameOf(entry.subject) ?? nameIn(entry);
  return (
    <>
      <Facts
        facts={[
          ["What", auditActionOf(entry.action).say],
          ["Severity", <State key="severity" look={auditLooks[entry.severity]} />],
          ["Who", <Actor key="actor" actor={entry.actor} />],
          [
            "To what",
            <span key="subject">
              <Subject subject={entry.subject} name={name} /> <Copy text={entry.subject} what="subject" />
            </span>,
          ],
          ["Why", entry.reason ?? <span className="dim">no reason was given</span>],
          [
            "When",
            <>
              {utc}
              <br />
              <span className="dim">{local} here</span>
            </>,
          ],
          entry.address !== undefined && ["From", <Shortened key="address" text={entry.address} shown={entry.address} what="address" />],
          entry.requestId !== undefined && [
            "Request",
            <Shortened key="request" text={entry.requestId} shown={entry.requestId} what="request id" />,
          ],
          ["Number", String(entry.seq)],
          ["Hash", <Shortened key="hash" text={entry.hash} shown={short(entry.hash, 24)} what="hash" />],
        ]}
      />
      <p>
        <Link to="/audit" search={{ subject: entry.subject }}>
          Everything done to {name ?? entry.subject}
        </Link>
      </p>
      {diff.length > 0 && (
        <Panel id="before-after" title="Before and after" flush>
          <UnifiedDiff diff={diff} label="Before and after" />
        </Panel>
      )}
    </>
  );
}
