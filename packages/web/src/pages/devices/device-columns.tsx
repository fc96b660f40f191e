/** What the list of devices shows of each. */
import type { Device } from "@holdfast/contract";
import type { Column } from "../../parts/data-list/columns.ts";
import { State } from "../../parts/glyph.tsx";
import { Labels } from "../../parts/labels.tsx";
import { driftLooks, reachLook, type Look } from "../../parts/states.ts";
import { When } from "../../parts/when.tsx";

export const deviceColumns: Column<Device>[] = [
  { id: "name", header: "Name", cell: (row) => row.name, text: (row) => row.name, width: "minmax(90px, 1.6fr)" },
  {
    id: "state",
    header: "State",
    cell: (row) => <State look={worstLook(row)} />,
    text: (row) => worstLook(row).word,
    width: "minmax(96px, 1fr)",
    only: "narrow",
  },
  {
    id: "drift",
    header: "Configuration",
    cell: (row) => <State look={driftLooks[row.drift]} />,
    text: (row) => driftLooks[row.drift].word,
    width: "minmax(96px, 1fr)",
    from: "mid",
  },
  {
    id: "reach",
    header: "Reach",
    cell: (row) => <State look={reachLook(row.reachable)} />,
    text: (row) => reachLook(row.reachable).word,
    width: "minmax(104px, 0.9fr)",
    from: "mid",
  },
  {
    id: "site",
    header: "Site",
    cell: (row) => row.site ?? <span className="dim">none</span>,
    text: (row) => row.site ?? "",
    width: "minmax(64px, 0.7fr)",
    from: "mid",
  },
  { id: "platform", header: "Platform", cell: (row) => row.platform, text: (row) => row.platform, width: "76px", from: "mid" },
  {
    id: "address",
    header: "Address",
    cell: (row) => <span className="mono">{withPort(row)}</span>,
    text: (row) => withPort(row),
    width: "minmax(110px, 1fr)",
    from: "mid",
  },
  {
    id: "labels",
    header: "Labels",
    cell: (row) => <Labels labels={withoutSite(row)} most={3} line />,
    text: (row) => said(row.labels),
    width: "minmax(120px, 2fr)",
    from: "wide",
  },
  {
    id: "seen",
    header: "Last seen",
    cell: (row) => <When at={row.lastSeenAt} />,
    text: (row) => row.lastSeenAt ?? "",
    width: "84px",
    align: "end",
    from: "wide",
  },
  {
    id: "backup",
    header: "Backed up",
    cell: (row) => <When at={row.backedUpAt} />,
    text: (row) => row.backedUpAt ?? "",
    width: "84px",
    align: "end",
    from: "wide",
  },
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
