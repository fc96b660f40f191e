/** Why a configuration was kept, with the rollout it belongs to. */
import { Link } from "@tanstack/react-router";
import { readReason } from "./kept.ts";

export function Reason({ reason }: { reason: string }) {
  const { text, rollout } = readReason(reason);
  if (rollout === undefined) return <>{text}</>;
  return (
    <Link to="/rollouts/$rollout" params={{ rollout }}>
      {text}
    </Link>
  );
}
