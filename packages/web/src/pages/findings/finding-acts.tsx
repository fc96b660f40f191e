/** What can be done to a finding at once. */
import { IconCheck, IconUserCheck } from "@tabler/icons-react";
import type { Finding } from "@holdfast/contract";
import { act, type Act } from "../../app/act.ts";

export function useFindingActs(finding: Finding): Act[] {
  const { id } = finding;
  const touches = [finding.labels];
  const acknowledge = act({
    route: "findings.acknowledge",
    touches,
    input: { id },
    label: "Acknowledge",
    icon: <IconUserCheck size={15} />,
    tone: "primary",
    done: () => "Acknowledged: the others see that you are on it.",
  });
  const resolve = act({
    route: "findings.resolve",
    touches,
    input: { id, reason: "" },
    label: "Resolve by hand",
    icon: <IconCheck size={15} />,
    confirm: {
      title: "Resolve this finding by hand",
      says: (
        <p>
          It is closed although nothing says that it is mended. Where the cause is still there, it is opened again when it is seen the next
          time.
        </p>
      ),
      reason: "needed",
    },
    done: () => "Resolved.",
  });
  if (finding.state === "resolved") return [];
  return finding.state === "open" || finding.state === "suppressed" ? [acknowledge, resolve] : [resolve];
}
