/** What the list of devices shows of each. */
import type { Device } from "@holdfast/contract";
import { maybeColumn, monoColumn, stateColumn, textColumn, whenColumn } from "../../parts/data-list/column-kinds.tsx";
import type { Column } from "../../parts/data-list/columns.ts";
import { Labels } from "../../parts/labels.tsx";
import { driftLooks, reachLook, type Look } from "../../parts/states.ts";

export const deviceColumns: Column<Device>[] = [
  textColumn({ id: "name", header: "Name", width: "minmax(90px, 1.6fr)" }, (row) => row.name),
  stateColumn({ id: "state", header: "State", width: "minmax(96px, 1fr)", only: "narrow" }, worstLook),
  stateColumn({ id: "drift", header: "Configuration", width: "minmax(96px, 1fr)", from: "mid" }, (row) => driftLooks[row.drift]),
  stateColumn({ id: "reach", header: "Reach", width: "minmax(104px, 0.9fr)", from: "mid" }, (row) => reachLook(row.reachable)),
  maybeColumn({ id: "site", header: "Site", width: "minmax(64px, 0.7fr)", from: "mid", without: "none" }, (row) => row.site),
  textColumn({ id: "platform", header: "Platform", width: "76px", from: "mid" }, (row) => row.platform),
  monoColumn({ id: "address", header: "Address", width: "minmax(110px, 1fr)", from: "mid" }, withPort),
  {
    id: "labels",
    header: "Labels",
    cell: (row) => <Labels labels={withoutSite(row)} most={3} line />,
    text: (row) => said(row.labels),
    width: "minmax(120px, 2fr)",
    from: "wide",
  },
  whenColumn({ id: "seen", header: "Last seen", from: "wide" }, (row) => row.lastSeenAt),
  whenColumn({ id: "backup", header: "Backed up", from: "wide" }, (row) => row.backedUpAt),
];

/** What matters most about a device, where there is room for one word. */
function worstLook(row: Device): Look {
  return row.reachable === false ? reachLook(false) : driftLooks[row.drift];
}

function withPort(row: Device): string {
  return row.port === 22 ? row.address : row.address.includes(":") ? `[${row.address}]:${row.port}` : `${row.address}:${row.port}`;
}

/** The site has a column of its own. */
function withoutSite(row: Device): Record<string, string> {
  return Object.fromEntries(Object.entries(row.labels).filter(([key, value]) => key !== "site" || value !== row.site));
}

function said(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
}
