/** The network in one breath. */
import { useQuery } from "@tanstack/react-query";
import { Skeleton } from "@mantine/core";
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Severity } from "@holdfast/contract";
import { severities } from "virtual:contract";
import type { RouteOutput } from "../../app/api.ts";
import { read } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { count, plural } from "../../parts/format.ts";
import { Glyph, State } from "../../parts/glyph.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { findingLooks, rolloutLooks, severityLooks, type Look } from "../../parts/states.ts";
import { When } from "../../parts/when.tsx";
import { Glance } from "./glance.tsx";
import { FirstSteps } from "./first-steps.tsx";
import { Lately } from "./lately.tsx";
import classes from "./overview.module.css";

type Overview = RouteOutput<"system.overview">;
type Rollout = RouteOutput<"rollouts.list">["items"][number];

export function OverviewPage() {
  const may = useMay();
  const overview = useQuery(read("system.overview", undefined));
  const empty = overview.data?.devices.total === 0;
  return (
    <Page
      title="Overview"
      say={
        overview.data === undefined && overview.error === null ? null : <strong className={classes["answer"]}>{overview.data?.say}</strong>
      }
    >
      <Loaded query={overview} skeleton={<TilesSkeleton />}>
        {(answer) => (empty ? <FirstSteps /> : <Tiles overview={answer} />)}
      </Loaded>
      {!empty && (
        <div className={classes["halves"]}>
          {may("rollouts.list") && <InFlight />}
          {may("findings.list") && <OpenFindings />}
        </div>
      )}
      {!empty && may("audit.list") && <Lately />}
    </Page>
  );
}

function Tiles({ overview }: { overview: Overview }) {
  const { devices, rollouts, findings } = overview;
  const open = Object.values(findings).reduce((sum, n) => sum + n, 0);
  return (
    <div className={classes["tiles"]}>
      <Tile to={{ to: "/devices" }} name="Devices as intended" n={devices.asIntended} of={devices.total}>
        <Share overview={devices} />
      </Tile>
      <Tile
        to={{ to: "/drift" }}
        name="Drifted"
        n={devices.drifted}
        look={
          devices.drifted > 0
            ? { tone: "warn", shape: "alert", word: devices.drifted === 1 ? "differs from intent" : "differ from intent" }
            : { tone: "ok", shape: "check", word: "none differs" }
        }
      />
      <Tile
        to={{ to: "/devices", search: { sort: "reach" } }}
        name="Unreachable"
        n={devices.unreachable}
        look={
          devices.unreachable > 0
            ? { tone: "bad", shape: "cross", word: devices.unreachable === 1 ? "does not answer" : "do not answer" }
            : { tone: "ok", shape: "check", word: "all answer" }
        }
      />
      <Tile to={{ to: "/rollouts" }} name="Rollouts under way" n={rollouts.running} look={rolloutNote(rollouts)} />
      <Tile to={{ to: "/findings", search: { state: "open" } }} name="Open findings" n={open}>
        <Severities findings={findings} />
      </Tile>
    </div>
  );
}

function rolloutNote({ running, awaitingApproval, needsAttention }: Overview["rollouts"]): Look {
  if (needsAttention > 0)
    return { tone: "bad", shape: "alert", word: `${needsAttention} need${needsAttention === 1 ? "s" : ""} attention` };
  if (awaitingApproval > 0)
    return { tone: "warn", shape: "person", word: `${awaitingApproval} await${awaitingApproval === 1 ? "s" : ""} approval` };
  return running > 0 ? { tone: "accent", shape: "spin", word: "moving now" } : { tone: "mute", shape: "ring", word: "nothing moves" };
}

interface TileProps {
  name: string;
  n: number;
  of?: number;
  look?: Look;
  to: LinkProps;
  children?: ReactNode;
}

function Tile({ name, n, of, look, to, children }: TileProps) {
  return (
    <Link {...to} className={classes["tile"] ?? ""}>
      <span className={classes["name"]}>{name}</span>
      <span className={classes["n"]}>
        {count(n)}
        {of !== undefined && <span className={classes["of"]}> of {count(of)}</span>}
      </span>
      <span className={classes["note"]}>{look ? <State look={look} /> : children}</span>
    </Link>
  );
}

/** All devices as one bar; the words are beside it, so the bar itself is decoration. */
function Share({ overview }: { overview: Overview["devices"] }) {
  const { total, asIntended, drifted, unknown } = overview;
  const part = (n: number): string => `${(100 * n) / Math.max(1, total)}%`;
  return (
    <span className={classes["share"]} aria-hidden="true">
      <span data-tone="ok" style={{ width: part(asIntended) }} />
      <span data-tone="warn" style={{ width: part(drifted) }} />
      <span data-tone="mute" style={{ width: part(unknown) }} />
    </span>
  );
}

function Severities({ findings }: { findings: Overview["findings"] }) {
  const shown = severities.filter((severity) => (findings[severity] ?? 0) > 0);
  if (shown.length === 0) return <State look={{ tone: "ok", shape: "check", word: "nothing open" }} />;
  return (
    <span className={classes["severities"]}>
      {shown.map((severity: Severity) => (
        <span key={severity} className={classes["severity"]}>
          <Glyph {...severityLooks[severity]} size={12} /> {findings[severity]} {severity}
        </span>
      ))}
    </span>
  );
}

function InFlight() {
  const rollouts = useQuery(read("rollouts.list", { limit: 30 }));
  return (
    <Glance id="in-flight" title="Changes in flight" to="/rollouts" all="All rollouts">
      <Loaded query={rollouts} skeleton={<RowsSkeleton rows={3} height={57} />}>
        {({ items }) => {
          const moving = items.filter((item) => !["succeeded", "reverted"].includes(item.state));
          const shown = moving.length > 0 ? moving : items.slice(0, 3);
          if (shown.length === 0) return <p className={classes["none"]}>No rollout yet. A plan of a revision becomes one.</p>;
          return (
            <>
              {moving.length === 0 && <p className={classes["none"]}>Nothing moves now. The last ones:</p>}
              <ul>
                {shown.map((item) => (
                  <RolloutLine key={item.id} item={item} />
                ))}
              </ul>
            </>
          );
        }}
      </Loaded>
    </Glance>
  );
}

function RolloutLine({ item }: { item: Rollout }) {
  const moving = ["running", "paused", "reverting"].includes(item.state);
  const fresh = (item.counts["applied"] ?? 0) + (item.counts["unchanged"] ?? 0);
  return (
    <li>
      <Link to="/rollouts/$rollout" params={{ rollout: item.id }} className={classes["line"] ?? ""}>
        <span className={classes["lineHead"]}>
          <span className="clip">{item.title}</span>
          <State look={rolloutLooks[item.state]} />
        </span>
        <span className={classes["lineFoot"]}>
          <span className={classes["says"]}>{item.say}</span>
          {moving && (
            <span className={classes["progress"]} aria-hidden="true">
              <span style={{ width: `${(100 * fresh) / Math.max(1, item.targetCount)}%` }} />
            </span>
          )}
        </span>
      </Link>
    </li>
  );
}

function OpenFindings() {
  const findings = useQuery(read("findings.list", { state: "open", limit: 8 }));
  return (
    <Glance id="open-findings" title="Open findings" to="/findings" all="All findings">
      <Loaded query={findings} skeleton={<RowsSkeleton rows={3} height={57} />}>
        {({ items, next }) => {
          if (items.length === 0) return <p className={classes["none"]}>Nothing is known to be wrong.</p>;
          return (
            <>
              <ul>
                {items.map((item) => (
                  <li key={item.id}>
                    <Link to="/findings/$finding" params={{ finding: item.id }} className={classes["line"] ?? ""}>
                      <span className={classes["lineHead"]}>
                        <span className="clip">{item.title}</span>
                        <State look={severityLooks[item.severity]} />
                      </span>
                      <span className={classes["lineFoot"]}>
                        <span className="clip">
                          {item.subjectName} · {findingLooks[item.state].word} · since <When at={item.firstSeenAt} />
                        </span>
                      </span>
                    </Link>
                  </li>
                ))}
              </ul>
              {next !== undefined && <p className={classes["none"]}>And more: the newest {plural(items.length, "finding")} are shown.</p>}
            </>
          );
        }}
      </Loaded>
    </Glance>
  );
}

function TilesSkeleton() {
  return (
    <output className={classes["tiles"]} aria-busy="true" aria-label="Reading">
      {Array.from({ length: 5 }, (_, tile) => (
        <div key={tile} className={classes["tile"]}>
          <Skeleton height={10} width="60%" />
          <Skeleton height={26} width="40%" my={10} />
          <Skeleton height={10} width="70%" />
        </div>
      ))}
    </output>
  );
}
