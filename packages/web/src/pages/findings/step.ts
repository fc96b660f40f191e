/** The next step of each kind of finding. Pure. */
import type { Finding } from "@holdfast/contract";

export interface Step {
  label: string;
  path: string;
  search?: Record<string, string>;
}

export function stepOf(finding: Pick<Finding, "kind" | "subject" | "subjectName" | "evidence">): Step | undefined {
  const [kind = "", id = ""] = finding.subject.split(":");
  const device = `/devices/${encodeURIComponent(finding.subjectName)}`;
  const rollout = kind === "rollout" ? id : finding.evidence["rollout"];
  if (typeof rollout === "string")
    return {
      label: "To the rollout",
      path: `/rollouts/${encodeURIComponent(rollout)}`,
      ...(kind === "device" && { search: { target: id } }),
    };
  if (kind === "repository") return { label: "To the repository", path: `/repositories/${encodeURIComponent(id)}` };
  if (kind !== "device") return undefined;
  switch (finding.kind) {
    case "drift":
      return { label: "See what drifted", path: device, search: { tab: "drift" } };
    case "host_key_changed":
      return { label: "Compare the host key", path: `${device}/host-key` };
    default:
      return { label: "To the device", path: device };
  }
}
