/** What differs between what a device runs and what is intended. */
import { useQuery } from "@tanstack/react-query";
import { IconArrowsDiff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Device } from "@holdfast/contract";
import { read } from "../../app/reads.ts";
import { UnifiedDiff } from "../../parts/compare/unified-diff.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Panel } from "../../parts/page.tsx";
import { TextSkeleton } from "../../parts/skeletons.tsx";
import { When } from "../../parts/when.tsx";

export function DeviceDrift({ device }: { device: Device }) {
  const drift = useQuery(read("devices.drift", { limit: 500 }));
  return (
    <Loaded query={drift} skeleton={<TextSkeleton />}>
      {({ items }) => {
        const item = items.find((one) => one.device === device.id);
        if (item === undefined)
          return (
            <Panel>
              <Empty
                icon={<IconArrowsDiff size={22} />}
                title={device.drift === "as_intended" ? "It runs what is intended" : "No drift is known"}
              >
                {device.drift === "as_intended" ? (
                  <>
                    Compared <When at={device.lastSeenAt} />. Whoever changes it by hand shows up here.
                  </>
                ) : (
                  "What it runs has not been compared with what is intended since it was last read."
                )}
              </Empty>
            </Panel>
          );
        return (
          <Panel
            id="drift"
            flush
            title={item.summary}
            beside={
              <span className="dim">
                since <When at={item.since} />; red was intended, green is what it runs
                {item.finding !== undefined && (
                  <>
                    {" · "}
                    <Link to="/findings/$finding" params={{ finding: item.finding }}>
                      Finding
                    </Link>
                  </>
                )}
              </span>
            }
          >
            <UnifiedDiff diff={item.diff} label={`Drift of ${device.name}`} />
          </Panel>
        );
      }}
    </Loaded>
  );
}
