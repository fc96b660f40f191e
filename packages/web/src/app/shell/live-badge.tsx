/** Whether what is on the screen is true now. */
import { Tooltip } from "@mantine/core";
import { span } from "../../parts/format.ts";
import { useNow } from "../../parts/when.tsx";
import { useLiveness } from "../live/live.tsx";
import classes from "./live-badge.module.css";

export function LiveBadge() {
  const liveness = useLiveness();
  return (
    <output className={classes["badge"]} data-state={liveness.state}>
      <span className={classes["dot"]} aria-hidden="true" />
      {liveness.state === "stale" ? <Stale sinceMs={liveness.sinceMs} /> : liveness.state === "live" ? "Live" : "Connecting…"}
    </output>
  );
}

function Stale({ sinceMs }: { sinceMs: number }) {
  const now = useNow(5000);
  const at = new Date(sinceMs);
  return (
    <Tooltip label="The stream of changes is cut; Holdfast connects again by itself. What you see is as of then.">
      <span>
        Stale since{" "}
        <time dateTime={at.toISOString()}>
          {at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" })}
        </time>
        <span aria-hidden="true"> ({span(Math.max(0, now - sinceMs))})</span>
      </span>
    </Tooltip>
  );
}
