/** The first run, after the administrator: a second factor, a repository, a first device. Each step knows by itself whether it is done. */
import { getRouteApi } from "@tanstack/react-router";
import { useEffect } from "react";
import { oneOf } from "../../../app/search.ts";
import { LinkButton } from "../../../parts/link-button.tsx";
import { Page, Panel } from "../../../parts/page.tsx";
import { firstRun, ProgressLine, type FirstRunStep } from "../../../parts/progress-line.tsx";
import { TextSkeleton } from "../../../parts/skeletons.tsx";
import { DeviceStep } from "./device-step.tsx";
import { FactorStep } from "./factor-step.tsx";
import { RepositoryStep } from "./repository-step.tsx";
import { useProgress, type Progress } from "./progress.ts";
import classes from "./welcome.module.css";

const route = getRouteApi("/shell/welcome");
type Shown = Exclude<FirstRunStep, "administrator">;
const shown = ["factor", "repository", "device"] as const satisfies Shown[];

export function WelcomePage() {
  const { step: asked } = route.useSearch();
  const navigate = route.useNavigate();
  const progress = useProgress();
  const step = oneOf(shown, asked);
  const begin = step === undefined && progress ? firstOpen(progress) : undefined;
  useEffect(() => {
    // A step stays until somebody goes on, also when it has just become done: its last words are still to be read.
    if (begin !== undefined) void navigate({ to: "/welcome", search: { step: begin }, replace: true });
  }, [begin, navigate]);
  const go = (to: Shown | "overview"): void =>
    void (to === "overview" ? navigate({ to: "/" }) : navigate({ to: "/welcome", search: { step: to } }));
  return (
    <Page
      title="Set Holdfast up"
      say={progress === undefined ? null : answer(progress)}
      acts={
        <LinkButton variant="default" to="/">
          Later
        </LinkButton>
      }
    >
      {progress === undefined || step === undefined ? (
        <TextSkeleton lines={8} />
      ) : (
        <>
          <ProgressLine
            current={step}
            steps={firstRun.map((one) => ({ ...one, done: progress[one.id], open: one.id !== "administrator" }))}
          />
          <div className={classes["step"]}>
            <Panel>
              {step === "factor" && <FactorStep next={() => go("repository")} />}
              {step === "repository" && <RepositoryStep next={() => go("device")} />}
              {step === "device" && <DeviceStep next={() => go("overview")} />}
            </Panel>
          </div>
        </>
      )}
    </Page>
  );
}

function firstOpen(progress: Progress): Shown {
  return shown.find((step) => !progress[step]) ?? "device";
}

function answer(progress: Progress): string {
  const left = shown.filter((step) => !progress[step]).length;
  if (left === 0) return "Everything is there. What comes next is a plan, and a rollout.";
  return `${left === 1 ? "One step is" : `${left} steps are`} left; each can be left out, and done later.`;
}
