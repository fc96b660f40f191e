/** The newest kept running configuration. */
import { useQuery } from "@tanstack/react-query";
import { IconDatabaseExport, IconFileText } from "@tabler/icons-react";
import type { Device } from "@holdfast/contract";
import { labelsOf } from "@holdfast/kit";
import { act } from "../../app/act.ts";
import { isMissing } from "../../app/problem-view.ts";
import { read } from "../../app/reads.ts";
import { ActButton } from "../../parts/act-bar.tsx";
import { ConfigText } from "../../parts/config-text.tsx";
import { Copy } from "../../parts/copy.tsx";
import { Empty } from "../../parts/empty.tsx";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Panel } from "../../parts/page.tsx";
import { TextSkeleton } from "../../parts/skeletons.tsx";
import { When } from "../../parts/when.tsx";

export function DeviceRunning({ device }: { device: Device }) {
  const running = useQuery(read("devices.running", { id: device.id }));
  if (isMissing(running.error)) return <NeverRead device={device} />;
  return (
    <Panel
      id="running"
      flush
      title="Running configuration"
      beside={
        running.data && (
          <span className="dim">
            {count(running.data.version.lines)} lines, read <When at={running.data.version.at} />; secrets are masked{" "}
            <Copy text={running.data.text} what="configuration" />
          </span>
        )
      }
    >
      <Loaded query={running} skeleton={<TextSkeleton lines={20} />}>
        {({ text }) => <ConfigText text={text} label={`Running configuration of ${device.name}`} />}
      </Loaded>
    </Panel>
  );
}

export function NeverRead({ device }: { device: Device }) {
  return (
    <Panel>
      <Empty
        icon={<IconFileText size={22} />}
        title="No configuration is kept yet"
        act={
          <ActButton
            one={act({
              route: "devices.backup",
              touches: [labelsOf(device)],
              input: { selector: `name=${device.name}` },
              label: "Back up now",
              icon: <IconDatabaseExport size={15} />,
              tone: "primary",
              done: ({ items }) => items[0]?.problem ?? "Backed up.",
            })}
          />
        }
      >
        Holdfast has not read this device. A backup reads it and changes nothing.
      </Empty>
    </Panel>
  );
}
