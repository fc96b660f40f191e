/** Every finding has its next step beside it: where to look, or what to do. */
import { IconArrowRight } from "@tabler/icons-react";
import type { Finding } from "@holdfast/contract";
import { LinkButton } from "../../parts/link-button.tsx";
import { stepOf } from "./step.ts";

export function NextStep({ finding }: { finding: Finding }) {
  const step = stepOf(finding);
  if (step === undefined || finding.state === "resolved") return null;
  return (
    <div>
      <LinkButton variant="light" rightSection={<IconArrowRight size={15} />} to={step.path as "/"} search={step.search ?? {}}>
        {step.label}
      </LinkButton>
    </div>
  );
}
