/** What can be done to one device. */
import { IconArrowBackUp, IconArrowsDiff, IconDatabaseExport, IconTrash } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import type { Device } from "@holdfast/contract";
import { labelsOf } from "@holdfast/kit";
import { act, type Act } from "../../app/act.ts";

export function useDeviceActs(device: Device): Act[] {
  const navigate = useNavigate();
  const touches = [labelsOf(device)];
  const unpinned = device.hostKey === undefined ? "Pin its host key first: Holdfast signs in to nothing it cannot recognise." : undefined;
  const backup = act({
    route: "devices.backup",
    touches,
    input: { selector: `name=${device.name}` },
    label: "Back up now",
    icon: <IconDatabaseExport size={15} />,
    blocked: unpinned,
    done: ({ items: [item] }) => {
      if (item === undefined) return "Nothing was backed up.";
      return item.problem ?? (item.changed ? "Backed up: it had changed, a new version is kept." : "Backed up: nothing had changed.");
    },
  });
  const check = act({
    route: "devices.checkDrift",
    touches,
    input: { selector: `name=${device.name}` },
    label: "Check drift",
    icon: <IconArrowsDiff size={15} />,
    blocked: unpinned,
    done: (out) => {
      const [item] = out.items;
      if (item !== undefined) return `Drifted: ${item.summary}.`;
      return out.unreachable > 0
        ? "It did not answer, so nothing could be compared."
        : out.checked === 0
          ? "It was not checked."
          : "As intended.";
    },
  });
  const revert = act({
    route: "devices.revertDrift",
    touches,
    input: { id: device.id },
    label: "Plan the revert",
    icon: <IconArrowBackUp size={15} />,
    tone: "primary",
    done: async (plan) => {
      await navigate({ to: "/plans/$plan", params: { plan: plan.id } });
      return undefined;
    },
  });
  const remove = act({
    route: "devices.remove",
    touches,
    input: { id: device.id },
    ifMatch: device.etag,
    label: "Remove",
    icon: <IconTrash size={15} />,
    tone: "danger",
    confirm: {
      title: `Remove ${device.name}`,
      says: (
        <>
          <p>Holdfast forgets this device and every configuration it kept of it. The device itself is not touched.</p>
          <p>This cannot be undone: export the device and its versions first if you may need them.</p>
        </>
      ),
      typing: device.name,
    },
    done: async () => {
      await navigate({ to: "/devices" });
      return `${device.name} is removed.`;
    },
  });
  return [...(device.drift === "drifted" ? [revert] : []), backup, check, remove];
}
