/** What can be done to the selected devices, at the foot of the screen. */
import { Button } from "@mantine/core";
import { IconArrowsDiff, IconDatabaseExport } from "@tabler/icons-react";
import type { Device } from "@holdfast/contract";
import { labelsOf } from "@holdfast/kit";
import { act } from "../../app/act.ts";
import { ActBar } from "../../parts/act-bar.tsx";
import { listed, plural } from "../../parts/format.ts";
import classes from "./devices.module.css";

export function PickedBar({ rows, onClear }: { rows: Device[]; onClear: () => void }) {
  if (rows.length === 0) return null;
  const selector = `name in (${rows.map((row) => row.name).join(",")})`;
  const tooMany =
    selector.length > 1000
      ? "Too many are selected to be named in one call; clear the selection and filter by labels, or use the command line with a selector."
      : undefined;
  const acts = [
    act({
      route: "devices.backup",
      touches: rows.map(labelsOf),
      input: { selector },
      blocked: tooMany,
      label: "Back up",
      icon: <IconDatabaseExport size={15} />,
      done: (out) => {
        const failed = out.items.filter((item) => item.problem !== undefined);
        const kept = out.items.filter((item) => item.changed).length;
        return failed.length === 0
          ? `${plural(out.items.length, "device")} backed up; ${kept} had changed.`
          : `${failed.length} of ${out.items.length} failed: ${listed(failed.map((item) => item.deviceName))}.`;
      },
    }),
    act({
      route: "devices.checkDrift",
      touches: rows.map(labelsOf),
      input: { selector },
      label: "Check drift",
      blocked: tooMany,
      icon: <IconArrowsDiff size={15} />,
      done: (out) => `${plural(out.checked, "device")} checked: ${out.drifted} drifted, ${out.unreachable} unreachable.`,
    }),
  ];
  return (
    <section className={classes["picked"]} aria-label="Selected devices">
      <span>
        <strong>{plural(rows.length, "device")}</strong> selected
      </span>
      <ActBar acts={acts} />
      <Button variant="subtle" color="gray" onClick={onClear}>
        Clear
      </Button>
    </section>
  );
}
