/** Every configuration that was kept of a device: what changed when, and the way back. */
import { SegmentedControl, Switch } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconHistory } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { ConfigVersion, Device } from "@holdfast/contract";
import { labelsOf } from "@holdfast/kit";
import { act } from "../../app/act.ts";
import { whyRefused } from "../../app/may.ts";
import { read, readPages } from "../../app/reads.ts";
import { useMe } from "../../app/session.ts";
import { ActBar } from "../../parts/act-bar.tsx";
import { LazyCompare } from "../../parts/compare/lazy-compare.tsx";
import { ConfigText } from "../../parts/config-text.tsx";
import { plural, short } from "../../parts/format.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Panel } from "../../parts/page.tsx";
import { RowsSkeleton, TextSkeleton } from "../../parts/skeletons.tsx";
import { Exact, When } from "../../parts/when.tsx";
import { NeverRead } from "./device-running.tsx";
import { readReason } from "./kept.ts";
import { Reason } from "./reason.tsx";
import classes from "./devices.module.css";

interface DeviceVersionsProps {
  device: Device;
  version: string | undefined;
  from: string | undefined;
}

export function DeviceVersions({ device, version, from }: DeviceVersionsProps) {
  const versions = useInfiniteQuery(readPages("devices.versions", { id: device.id }));
  return (
    <Loaded query={versions} skeleton={<RowsSkeleton />}>
      {(items) => {
        const at = Math.max(
          0,
          items.findIndex((item) => item.id === version),
        );
        const chosen = items[at];
        if (chosen === undefined) return <NeverRead device={device} />;
        return (
          <div className={classes["versions"]}>
            <Panel id="versions" title={plural(items.length, "version")} flush>
              <ol>
                {items.map((item) => (
                  <li key={item.id}>
                    <Link
                      to="/devices/$device"
                      params={{ device: device.name }}
                      search={{ tab: "versions", version: item.id }}
                      className={classes["version"] ?? ""}
                      data-active={item === chosen || undefined}
                      aria-current={item === chosen || undefined}
                      resetScroll={false}
                    >
                      <span className="clip">{readReason(item.reason).text}</span>
                      <When at={item.at} />
                      <small>
                        <span className="mono">{short(item.hash)}</span> · {plural(item.lines, "line")}
                      </small>
                    </Link>
                  </li>
                ))}
              </ol>
              {versions.hasNextPage && (
                <button type="button" className={classes["version"]} onClick={() => void versions.fetchNextPage()}>
                  Older versions
                </button>
              )}
            </Panel>
            <Chosen device={device} version={chosen} older={items[at + 1]} from={from} newest={at === 0} />
          </div>
        );
      }}
    </Loaded>
  );
}

interface ChosenProps {
  device: Device;
  version: ConfigVersion;
  older: ConfigVersion | undefined;
  from: string | undefined;
  newest: boolean;
}

function Chosen({ device, version, older, from, newest }: ChosenProps) {
  const navigate = useNavigate();
  const [shown, setShown] = useState<"diff" | "text">("diff");
  const restore = act({
    route: "devices.restore",
    touches: [labelsOf(device)],
    input: { id: device.id, version: version.id },
    label: "Plan restoring this version",
    icon: <IconHistory size={15} />,
    blocked: newest ? "This is what the device runs, as last read." : undefined,
    done: async (plan) => {
      await navigate({ to: "/plans/$plan", params: { plan: plan.id } });
      return undefined;
    },
  });
  const whole = shown === "text" || (older === undefined && from === undefined);
  return (
    <Panel
      flush
      title={
        <>
          <Exact at={version.at} /> · <Reason reason={version.reason} />
        </>
      }
      beside={
        <span className={classes["bar"]}>
          <SegmentedControl
            aria-label="What to show"
            value={whole ? "text" : "diff"}
            onChange={(value) => setShown(value as "diff" | "text")}
            data={[
              { value: "diff", label: "Changes", disabled: older === undefined },
              { value: "text", label: "Whole" },
            ]}
          />
          <ActBar acts={[restore]} />
        </span>
      }
    >
      {whole ? <Whole device={device} version={version} /> : <Diff device={device} version={version} from={from} />}
    </Panel>
  );
}

function Diff({ device, version, from }: { device: Device; version: ConfigVersion; from: string | undefined }) {
  const diff = useQuery(read("devices.versionDiff", { id: device.id, version: version.id, ...(from !== undefined && { from }) }));
  return (
    <Loaded query={diff} skeleton={<TextSkeleton />}>
      {({ before, after, diff: lines }) => (
        <LazyCompare before={before} after={after} diff={lines} names={["The version before", "This version"]} />
      )}
    </Loaded>
  );
}

function Whole({ device, version }: { device: Device; version: ConfigVersion }) {
  const me = useMe();
  const [reveal, setReveal] = useState(false);
  const text = useQuery({
    ...read("devices.version", { id: device.id, version: version.id, ...(reveal && { reveal: "true" }) }),
    gcTime: reveal ? 0 : 300_000,
  });
  return (
    <>
      {me !== undefined && whyRefused(me, { permission: "devices:reveal", scoped: true }, [labelsOf(device)]) === undefined && (
        <div style={{ padding: "8px 14px 0" }}>
          <Switch
            label="Show secrets (kept in the audit trail)"
            checked={reveal}
            onChange={(event) => setReveal(event.currentTarget.checked)}
          />
        </div>
      )}
      <Loaded query={text} skeleton={<TextSkeleton lines={20} />}>
        {(answer) => <ConfigText text={answer.text} label={`Configuration of ${device.name}`} />}
      </Loaded>
    </>
  );
}
