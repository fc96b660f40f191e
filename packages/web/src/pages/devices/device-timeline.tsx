/** What happened to a device: who did what, what was found, what it ran. */
import { useQuery } from "@tanstack/react-query";
import { auditActionOf } from "virtual:contract";
import { IconClockHour4, IconFileText, IconShieldExclamation, IconUser } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Device } from "@holdfast/contract";
import { read } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { Actor } from "../../parts/actor.tsx";
import { Empty } from "../../parts/empty.tsx";
import { exact, timeOfDay } from "../../parts/format.ts";
import { Panel } from "../../parts/page.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { severityLooks } from "../../parts/states.ts";
import { Reason } from "./reason.tsx";
import { byDay, momentsOf, type Moment } from "./timeline.ts";
import classes from "./timeline.module.css";

export function DeviceTimeline({ device }: { device: Device }) {
  const may = useMay();
  const subject = `device:${device.id}`;
  const versions = useQuery(read("devices.versions", { id: device.id, limit: 100 }));
  const findings = useQuery({ ...read("findings.list", { subject, limit: 100 }), enabled: may("findings.list") });
  const entries = useQuery({ ...read("audit.list", { subject, limit: 100 }), enabled: may("audit.list") });
  const all = [versions, findings, entries];
  const failed = all.find((query) => query.error !== null);
  if (all.some((query) => query.isLoading)) return <RowsSkeleton />;
  const moments = momentsOf({
    versions: versions.data?.items ?? [],
    findings: findings.data?.items ?? [],
    entries: entries.data?.items ?? [],
  });
  return (
    <>
      {failed && <ProblemNotice thrown={failed.error} retry={() => void failed.refetch()} />}
      <Panel id="timeline" title="Timeline" beside={!may("audit.list") && <span className="dim">Who did what needs audit:read.</span>}>
        {moments.length === 0 ? (
          <Empty icon={<IconClockHour4 size={22} />} title="Nothing has happened yet">
            Backups, rollouts, findings and what people did show up here.
          </Empty>
        ) : (
          byDay(moments).map(([day, list]) => (
            <section key={day} aria-label={day}>
              <h3 className={classes["day"]}>{day}</h3>
              <ol className={classes["moments"]}>
                {list.map((moment) => (
                  <li key={keyOf(moment)} className={classes["moment"]}>
                    <time dateTime={moment.at} title={exact(moment.at).utc} className={classes["time"]}>
                      {timeOfDay(moment.at, "minute")}
                    </time>
                    <Told moment={moment} device={device} />
                  </li>
                ))}
              </ol>
            </section>
          ))
        )}
      </Panel>
    </>
  );
}

function keyOf(moment: Moment): string {
  if (moment.kind === "version") return moment.version.id;
  if (moment.kind === "audit") return `audit ${moment.entry.seq}`;
  return `${moment.finding.id} ${moment.opened ? "opened" : "resolved"}`;
}

function Told({ moment, device }: { moment: Moment; device: Device }) {
  switch (moment.kind) {
    case "version":
      return (
        <>
          <IconFileText size={15} className={classes["icon"]} />
          <span>
            A configuration was kept: <Reason reason={moment.version.reason} />.{" "}
            <Link to="/devices/$device" params={{ device: device.name }} search={{ tab: "versions", version: moment.version.id }}>
              What changed
            </Link>
          </span>
        </>
      );
    case "finding":
      return (
        <>
          <IconShieldExclamation size={15} className={classes["icon"]} />
          <span>
            {moment.opened ? `Found (${severityLooks[moment.finding.severity].word}): ` : "Resolved: "}
            <Link to="/findings/$finding" params={{ finding: moment.finding.id }}>
              {moment.finding.title}
            </Link>
          </span>
        </>
      );
    case "audit":
      return (
        <>
          <IconUser size={15} className={classes["icon"]} />
          <span>
            <Actor actor={moment.entry.actor} />{" "}
            <Link to="/audit" search={{ subject: moment.entry.subject, entry: String(moment.entry.seq) }}>
              {auditActionOf(moment.entry.action).say}
            </Link>
            {moment.entry.reason !== undefined && `: ${moment.entry.reason}`}
          </span>
        </>
      );
  }
}
