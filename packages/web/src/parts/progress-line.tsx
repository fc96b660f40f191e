/** Where one is in a few steps that belong together: what is done, what is now, what comes. */
import { Link } from "@tanstack/react-router";
import { Glyph } from "./glyph.tsx";
import classes from "./progress-line.module.css";

export interface ProgressStep {
  id: string;
  label: string;
  done: boolean;
  /** Whether one can go there now. */
  open: boolean;
}

/** The steps of the first run, wherever one of them is shown. */
export const firstRun = [
  { id: "administrator", label: "Administrator" },
  { id: "factor", label: "Second factor" },
  { id: "repository", label: "Repository" },
  { id: "device", label: "First device" },
] as const;
export type FirstRunStep = (typeof firstRun)[number]["id"];

export function ProgressLine({ steps, current }: { steps: readonly ProgressStep[]; current: string }) {
  const at = steps.findIndex((step) => step.id === current);
  return (
    <nav aria-label={`Set-up: step ${at + 1} of ${steps.length}`}>
      <ol className={classes["line"]}>
        {steps.map((step) => (
          <li key={step.id} data-current={step.id === current || undefined} data-done={step.done || undefined}>
            <StepName step={step} current={step.id === current} />
          </li>
        ))}
      </ol>
    </nav>
  );
}

function StepName({ step, current }: { step: ProgressStep; current: boolean }) {
  const name = (
    <>
      <Glyph {...(step.done ? { shape: "check", tone: "ok" } : { shape: current ? "dot" : "ring", tone: current ? "accent" : "mute" })} />
      {step.label}
      {step.done && <span className={classes["heard"]}> (done)</span>}
    </>
  );
  if (!step.open || current)
    return (
      <span className={classes["step"]} aria-current={current ? "step" : undefined}>
        {name}
      </span>
    );
  return (
    <Link to="/welcome" search={{ step: step.id }} className={classes["step"] ?? ""}>
      {name}
    </Link>
  );
}
