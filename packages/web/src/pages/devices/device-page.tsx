/** One device: what it is, what it runs, what it ran, what drifted, what happened. */
import { Tabs } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconFingerprint, IconTrash } from "@tabler/icons-react";
import { getRouteApi, Link, Outlet } from "@tanstack/react-router";
import type { Device } from "@holdfast/contract";
import { useGone } from "../../app/live/gone.ts";
import { read } from "../../app/reads.ts";
import { oneOf } from "../../app/search.ts";
import { useMay } from "../../app/session.ts";
import { ActBar } from "../../parts/act-bar.tsx";
import { Empty } from "../../parts/empty.tsx";
import { State } from "../../parts/glyph.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { driftLooks, reachLook } from "../../parts/states.ts";
import { When } from "../../parts/when.tsx";
import { useDeviceActs } from "./device-acts.tsx";
import { DeviceDrift } from "./device-drift.tsx";
import { DeviceOverview } from "./device-overview.tsx";
import { DeviceRunning } from "./device-running.tsx";
import { DeviceTimeline } from "./device-timeline.tsx";
import { DeviceVersions } from "./device-versions.tsx";

const route = getRouteApi("/shell/devices/$device");
const tabs = ["overview", "running", "versions", "drift", "timeline"] as const;
const titles: Record<(typeof tabs)[number], string> = {
  overview: "Overview",
  running: "Running configuration",
  versions: "Versions",
  drift: "Drift",
  timeline: "Timeline",
};

export function DevicePage() {
  const { device: name } = route.useParams();
  const reading = read("devices.get", { id: name });
  const id = useQueryClient().getQueryData(reading.queryKey)?.id ?? name;
  const gone = useGone(`device:${id}`);
  const device = useQuery({ ...reading, refetchInterval: 60_000, enabled: gone === undefined });
  if (gone !== undefined) return <Removed name={device.data?.name ?? name} at={gone} subject={`device:${id}`} />;
  return (
    <Page
      title={device.data?.name ?? name}
      crumbs={[{ label: "Devices", to: "/devices" }]}
      beside={device.data && <Beside device={device.data} />}
      say={device.data ? <Answer device={device.data} /> : device.error ? undefined : null}
      acts={device.data && <Acts device={device.data} />}
    >
      <Loaded query={device} skeleton={<RowsSkeleton />}>
        {(found) => <DeviceTabs device={found} />}
      </Loaded>
      <Outlet />
    </Page>
  );
}

/** It was removed while it was on the screen. */
function Removed({ name, at, subject }: { name: string; at: string; subject: string }) {
  const may = useMay();
  return (
    <Page title={name} crumbs={[{ label: "Devices", to: "/devices" }]}>
      <Panel>
        <Empty
          icon={<IconTrash size={22} />}
          title={`${name} was removed`}
          act={
            <LinkButton variant="default" to="/devices">
              To the devices
            </LinkButton>
          }
        >
          Every configuration that was kept of it went with it, <When at={at} />. The device itself was not touched.{" "}
          {may("audit.list") && (
            <Link to="/audit" search={{ subject }}>
              See who removed it
            </Link>
          )}
        </Empty>
      </Panel>
    </Page>
  );
}

function Beside({ device }: { device: Device }) {
  return (
    <>
      <State look={driftLooks[device.drift]} />
      <State look={reachLook(device.reachable)} />
    </>
  );
}

function Answer({ device }: { device: Device }) {
  if (device.hostKey === undefined) return <>Its host key is not pinned yet, so Holdfast sends it nothing. Compare the key and pin it.</>;
  if (device.reachable === false) return <>{device.lastProblem ?? "It does not answer."}</>;
  if (device.drift === "drifted") return <>Its running configuration is not the intended one, and no rollout explains it.</>;
  if (device.drift === "unknown") return <>What it runs has not been compared with what is intended yet.</>;
  return (
    <>
      It runs what is intended, last seen <When at={device.lastSeenAt} />.
    </>
  );
}

function Acts({ device }: { device: Device }) {
  const acts = useDeviceActs(device);
  return (
    <>
      <LinkButton
        variant={device.hostKey === undefined ? "filled" : "default"}
        leftSection={<IconFingerprint size={15} />}
        to="/devices/$device/host-key"
        params={{ device: device.name }}
      >
        {device.hostKey === undefined ? "Compare and pin host key" : "Host key"}
      </LinkButton>
      <ActBar acts={acts} />
    </>
  );
}

function DeviceTabs({ device }: { device: Device }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const tab = oneOf(tabs, search.tab) ?? "overview";
  return (
    <Tabs
      value={tab}
      onChange={(value) => void navigate({ search: { tab: value === "overview" ? undefined : (value ?? undefined) } })}
      keepMounted={false}
    >
      <Tabs.List mb={16} style={{ overflowX: "auto", flexWrap: "nowrap" }}>
        {tabs.map((value) => (
          <Tabs.Tab key={value} value={value} py={8} style={{ whiteSpace: "nowrap" }}>
            {titles[value]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="overview">
        <DeviceOverview device={device} />
      </Tabs.Panel>
      <Tabs.Panel value="running">
        <DeviceRunning device={device} />
      </Tabs.Panel>
      <Tabs.Panel value="versions">
        <DeviceVersions device={device} version={search.version} from={search.from} />
      </Tabs.Panel>
      <Tabs.Panel value="drift">
        <DeviceDrift device={device} />
      </Tabs.Panel>
      <Tabs.Panel value="timeline">
        <DeviceTimeline device={device} />
      </Tabs.Panel>
    </Tabs>
  );
}
