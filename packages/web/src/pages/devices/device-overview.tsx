/** What a device is, and how it is. */
import { useQuery } from "@tanstack/react-query";
import { IconPencil } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Device } from "@holdfast/contract";
import { labelsOf } from "@holdfast/kit";
import { read } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { Shortened } from "../../parts/copy.tsx";
import { Facts } from "../../parts/facts.tsx";
import { short } from "../../parts/format.ts";
import { Glyph, State } from "../../parts/glyph.tsx";
import { Labels } from "../../parts/labels.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { driftLooks, reachLook, severityLooks } from "../../parts/states.ts";
import { When } from "../../parts/when.tsx";
import classes from "./devices.module.css";
import { platformWord } from "./device-fields.ts";

export function DeviceOverview({ device }: { device: Device }) {
  const may = useMay();
  const address = `${device.address}:${device.port}`;
  return (
    <div className={classes["columns"]}>
      <Panel
        id="facts"
        title="Facts"
        beside={
          may("devices.update", [labelsOf(device)]) && (
            <LinkButton
              variant="default"
              size="compact-xs"
              leftSection={<IconPencil size={13} />}
              to="/devices/$device/edit"
              params={{ device: device.name }}
            >
              Edit
            </LinkButton>
          )
        }
      >
        <Facts
          facts={[
            ["Address", <Shortened key="address" text={address} shown={address} what="address" />],
            ["Platform", platformWord(device.platform)],
            [
              "Site",
              device.site === undefined ? (
                <span className="dim">none</span>
              ) : (
                <Link to="/devices" search={{ site: device.site }}>
                  {device.site}
                </Link>
              ),
            ],
            ["Labels", <Labels key="labels" labels={device.labels} />],
            ["Redundancy group", device.redundancyGroup ?? <span className="dim">none</span>],
            [
              "Signs in with",
              device.credential === undefined ? <span className="dim">no secret</span> : <span className="mono">{device.credential}</span>,
            ],
            [
              "Through",
              device.bastion === undefined ? (
                <span className="dim">directly</span>
              ) : (
                <Link to="/devices/$device" params={{ device: device.bastion }}>
                  {device.bastion}
                </Link>
              ),
            ],
            ["On drift", device.driftMode === "revert" ? "raise a finding, and roll the intent out again" : "raise a finding"],
            ["Id", <Shortened key="id" text={device.id} shown={device.id} what="id" />],
          ]}
        />
      </Panel>
      <div className={classes["side"]}>
        <Panel id="state" title="State">
          <Facts
            facts={[
              ["Configuration", <State key="drift" look={driftLooks[device.drift]} />],
              ["Reach", <State key="reach" look={reachLook(device.reachable)} />],
              ["Last seen", <When key="seen" at={device.lastSeenAt} />],
              device.lastProblem !== undefined && ["Last problem", device.lastProblem],
              ["Backed up", <When key="backup" at={device.backedUpAt} />],
              [
                "Running",
                device.runningHash === undefined ? (
                  <span className="dim">not read yet</span>
                ) : (
                  <Shortened key="hash" text={device.runningHash} shown={short(device.runningHash, 12)} what="hash" />
                ),
              ],
              [
                "Host key",
                device.hostKey === undefined ? <span className="dim">not pinned</span> : <span className="mono">{device.hostKey}</span>,
              ],
              ["Added", <When key="added" at={device.createdAt} />],
            ]}
          />
        </Panel>
        {may("findings.list") && <DeviceFindings device={device} />}
      </div>
    </div>
  );
}

function DeviceFindings({ device }: { device: Device }) {
  const findings = useQuery(read("findings.list", { subject: `device:${device.id}`, limit: 20 }));
  return (
    <Panel id="device-findings" title="Findings">
      <Loaded query={findings} skeleton={<RowsSkeleton rows={2} />}>
        {({ items }) => {
          const open = items.filter((item) => item.state !== "resolved");
          if (open.length === 0) return <p className="dim">Nothing is known to be wrong with it.</p>;
          return (
            <ul className={classes["findings"]}>
              {open.map((item) => (
                <li key={item.id}>
                  <Glyph {...severityLooks[item.severity]} />
                  <Link to="/findings/$finding" params={{ finding: item.id }}>
                    {item.title}
                  </Link>
                  <span className="dim">
                    {severityLooks[item.severity].word}, seen <When at={item.lastSeenAt} />
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Panel>
  );
}
