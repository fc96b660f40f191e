/** One finding: what, since when, the evidence, and the next step. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { DiffLine, Finding } from "@holdfast/contract";
import { read } from "../../app/reads.ts";
import { ActBar } from "../../parts/act-bar.tsx";
import { Actor } from "../../parts/actor.tsx";
import { Shortened } from "../../parts/copy.tsx";
import { UnifiedDiff } from "../../parts/compare/unified-diff.tsx";
import { Facts } from "../../parts/facts.tsx";
import { count, short, words } from "../../parts/format.ts";
import { Glyph, State } from "../../parts/glyph.tsx";
import { Labels } from "../../parts/labels.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Panel } from "../../parts/page.tsx";
import { SideDrawer } from "../../parts/side-drawer.tsx";
import { TextSkeleton } from "../../parts/skeletons.tsx";
import { findingLooks, severityLooks } from "../../parts/states.ts";
import { Mentions, Subject } from "../../parts/subject.tsx";
import { When } from "../../parts/when.tsx";
import { useFindingActs } from "./finding-acts.tsx";
import { NextStep } from "./next-step.tsx";
import { SuppressForm } from "./suppress-form.tsx";
import classes from "./findings.module.css";

const route = getRouteApi("/shell/findings/$finding");

export function FindingDrawer() {
  const { finding: id } = route.useParams();
  const navigate = useNavigate();
  const finding = useQuery(read("findings.get", { id }));
  const close = (): void => void navigate({ to: "/findings", search: (was) => was, resetScroll: false });
  return (
    <SideDrawer title={finding.data === undefined ? "Finding" : <Title finding={finding.data} />} onClose={close}>
      <Loaded query={finding} skeleton={<TextSkeleton />}>
        {(found) => <Detail finding={found} />}
      </Loaded>
    </SideDrawer>
  );
}

function Title({ finding }: { finding: Finding }) {
  const look = severityLooks[finding.severity];
  return (
    <span className={classes["title"]}>
      <Glyph shape={look.shape} tone={look.tone} /> {finding.title}
    </span>
  );
}

function Detail({ finding }: { finding: Finding }) {
  const acts = useFindingActs(finding);
  return (
    <>
      <p>{finding.detail}</p>
      <NextStep finding={finding} />
      <div className={classes["acts"]}>
        <ActBar acts={acts}>{finding.state !== "resolved" && finding.state !== "suppressed" && <SuppressForm finding={finding} />}</ActBar>
      </div>
      <Facts
        facts={[
          ["Severity", <State key="severity" look={severityLooks[finding.severity]} />],
          ["State", <State key="state" look={findingLooks[finding.state]} />],
          finding.acknowledgedBy !== undefined && ["Acknowledged by", <Actor key="by" actor={finding.acknowledgedBy} />],
          finding.suppressedUntil !== undefined && ["Suppressed", <When key="until" at={finding.suppressedUntil} prefix="until " />],
          finding.note !== undefined && ["Note", <Mentions key="note" text={finding.note} />],
          ["About", <Subject key="subject" subject={finding.subject} name={finding.subjectName} />],
          ["Kind", words(finding.kind)],
          [
            "Raised by",
            <span key="source" className="mono">
              {finding.source}
            </span>,
          ],
          ["First seen", <When key="first" at={finding.firstSeenAt} />],
          ["Last seen", <When key="last" at={finding.lastSeenAt} />],
          ["Times seen", count(finding.occurrences)],
          finding.resolvedAt !== undefined && ["Resolved", <When key="resolved" at={finding.resolvedAt} />],
          ["Labels", <Labels key="labels" labels={finding.labels} />],
          [
            "Fingerprint",
            <Shortened key="fingerprint" text={finding.fingerprint} shown={short(finding.fingerprint, 12)} what="fingerprint" />,
          ],
        ]}
      />
      <Evidence evidence={finding.evidence} />
    </>
  );
}

/** What it was seen by: a difference as one, all else by name. */
function Evidence({ evidence }: { evidence: Finding["evidence"] }) {
  const entries = Object.entries(evidence);
  const facts = entries.filter(([, value]) => !isDiff(value));
  return (
    <>
      {entries.map(([name, value]) =>
        isDiff(value) ? (
          <Panel key={name} id={`evidence-${name}`} title="What differs" flush>
            <UnifiedDiff diff={value} label="What differs" />
          </Panel>
        ) : null,
      )}
      {facts.length > 0 && (
        <Panel id="evidence" title="Evidence">
          <Facts
            facts={facts.map(([name, value]) => [
              words(name),
              isInstant(value) ? (
                <When key={name} at={value} />
              ) : (
                <span key={name} className="mono">
                  <Mentions text={typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value)} />
                </span>
              ),
            ])}
          />
        </Panel>
      )}
    </>
  );
}

function isInstant(value: unknown): value is string {
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);
}

function isDiff(value: unknown): value is DiffLine[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((line) => typeof line === "object" && line !== null && "op" in line && "text" in line)
  );
}
