/** All devices: one list, with what to do to those that are selected. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconPlus, IconServer2, IconUpload } from "@tabler/icons-react";
import { getRouteApi, Outlet, type LinkProps } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { Device } from "@holdfast/contract";
import { devicePlatforms } from "virtual:contract";
import { read, readPages } from "../../app/reads.ts";
import { oneOf } from "../../app/search.ts";
import { useMay } from "../../app/session.ts";
import { DataList, type Selection } from "../../parts/data-list/data-list.tsx";
import { Empty } from "../../parts/empty.tsx";
import { plural } from "../../parts/format.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { deviceColumns } from "./device-columns.tsx";
import { DeviceFilters } from "./device-filters.tsx";
import { ExportMenu } from "./export-menu.tsx";
import { PickedBar } from "./picked-bar.tsx";

const route = getRouteApi("/shell/devices");
const drifts = ["as_intended", "drifted", "unknown"] as const;
const none: Device[] = [];

/** How a row leads on and is called; made once, so that rows are not drawn again while the list scrolls. */
const deviceRows = {
  rowKey: (row: Device) => row.id,
  rowName: (row: Device) => row.name,
  rowLink: (row: Device): LinkProps => ({ to: "/devices/$device", params: { device: row.name } }),
};

export function DevicesPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay();
  const [picked, setPicked] = useState<Selection>({});
  const { q, site, selector } = search;
  const platform = oneOf(devicePlatforms, search.platform);
  const drift = oneOf(drifts, search.drift);
  const filters = {
    ...(q && { q }),
    ...(site && { site }),
    ...(selector && { selector }),
    ...(platform && { platform }),
    ...(drift && { drift }),
  };
  const filtered = Object.keys(filters).length > 0;
  const devices = useInfiniteQuery({ ...readPages("devices.list", filters), refetchInterval: 60_000 });
  const rows = devices.data ?? none;
  const more = { hasMore: devices.hasNextPage, loading: devices.isFetchingNextPage, load: () => void devices.fetchNextPage() };
  const pickedRows = useMemo(() => rows.filter((row) => picked[row.id]), [rows, picked]);
  return (
    <Page
      title="Devices"
      say={<Answer />}
      acts={
        <>
          <ExportMenu selector={selector} />
          {may("devices.import") && (
            <LinkButton variant="default" leftSection={<IconUpload size={15} />} to="/devices/import">
              Import
            </LinkButton>
          )}
          {may("devices.create") && (
            <LinkButton leftSection={<IconPlus size={15} />} to="/devices/new">
              Add device
            </LinkButton>
          )}
        </>
      }
    >
      <DeviceFilters
        search={search}
        rows={rows}
        filtered={filtered}
        onChange={(patch) => void navigate({ search: patch === "clear" ? {} : { ...search, ...patch }, replace: true })}
      />
      <Loaded query={devices} skeleton={<RowsSkeleton rows={12} />}>
        {() => (
          <DataList
            label="Devices"
            noun={["device", "devices"]}
            rows={rows}
            columns={deviceColumns}
            {...deviceRows}
            sort={search.sort}
            onSort={(sort) => void navigate({ search: { ...search, sort }, replace: true })}
            selection={{ picked, onPick: setPicked }}
            more={more}
            empty={
              <Panel>
                <NoDevices filtered={filtered} />
              </Panel>
            }
          />
        )}
      </Loaded>
      <PickedBar rows={pickedRows} onClear={() => setPicked(() => ({}))} />
      <Outlet />
    </Page>
  );
}

function Answer() {
  const overview = useQuery(read("system.overview", undefined)).data;
  if (overview === undefined) return null;
  const { total, asIntended, drifted, unreachable } = overview.devices;
  if (total === 0) return <>No devices yet.</>;
  return (
    <>
      {asIntended} of {plural(total, "device")} as intended; {drifted} drifted, {unreachable} unreachable.
    </>
  );
}

function NoDevices({ filtered }: { filtered: boolean }) {
  if (filtered)
    return (
      <Empty
        icon={<IconServer2 size={22} />}
        title="No device fits this filter"
        act={
          <LinkButton variant="default" to="/devices">
            Show all devices
          </LinkButton>
        }
      >
        Change or clear the filter above.
      </Empty>
    );
  return (
    <Empty
      icon={<IconServer2 size={22} />}
      title="No devices yet"
      act={
        <>
          <LinkButton leftSection={<IconUpload size={15} />} to="/devices/import">
            Import devices
          </LinkButton>
          <LinkButton variant="default" leftSection={<IconPlus size={15} />} to="/devices/new">
            Add one by hand
          </LinkButton>
        </>
      }
    >
      Routers, switches and firewalls that Holdfast backs up, watches for drift and changes.
    </Empty>
  );
}
