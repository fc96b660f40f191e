/** One target of a rollout: how it is, what was done to it, and where its diff is. */
import { IconFileDiff, IconHandStop, IconServer2 } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import type { Rollout, RolloutTarget } from "@holdfast/contract";
import { act } from "../../app/act.ts";
import { ActBar } from "../../parts/act-bar.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Glyph, State } from "../../parts/glyph.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { SideDrawer } from "../../parts/side-drawer.tsx";
import { targetLook, targetLooks } from "../../parts/states.ts";
import { When } from "../../parts/when.tsx";
import { Journal } from "./journal.tsx";

const sides = { old: "what it had before", new: "the new configuration", unknown: "not known: it has not been read since" };

function giveUp({ id }: Rollout, { target, targetName }: RolloutTarget) {
  return act({
    route: "rollouts.giveUp",
    // The confirmation asks for the reason.
    input: { id, target, reason: "" },
    label: "Give up",
    icon: <IconHandStop size={15} />,
    tone: "danger",
    confirm: {
      title: `Give ${targetName} up`,
      says: (
        <p>
          Nobody tries any longer to take it back to what it had, and its rollout can end. Nobody knows then which configuration it has:
          look at it yourself. This cannot be undone.
        </p>
      ),
      reason: "needed",
    },
  });
}

export function TargetDrawer({ rollout, target: id }: { rollout: Rollout; target: string }) {
  const navigate = useNavigate();
  const target = rollout.targets.find((one) => one.target === id);
  const close = (): void => void navigate({ to: "/rollouts/$rollout", params: { rollout: rollout.id }, search: {}, resetScroll: false });
  if (target === undefined)
    return (
      <SideDrawer title="Not in this rollout" onClose={close}>
        <p>This rollout has no such target.</p>
      </SideDrawer>
    );
  const look = targetLook(target, rollout.waves[target.wave]?.state === "skipped");
  return (
    <SideDrawer
      title={
        <span style={{ display: "inline-flex", alignItems: "center", gap: 8 }}>
          <Glyph shape={look.shape} tone={look.tone} /> {target.targetName}
        </span>
      }
      onClose={close}
      width={620}
    >
      {target.say !== undefined && <p style={{ fontWeight: 550 }}>{target.say}</p>}
      <div style={{ display: "flex", flexWrap: "wrap", gap: 8 }}>
        <LinkButton
          variant="default"
          leftSection={<IconFileDiff size={15} />}
          to="/plans/$plan"
          params={{ plan: rollout.planId }}
          search={{ target: target.target }}
        >
          What changes on it
        </LinkButton>
        <LinkButton variant="default" leftSection={<IconServer2 size={15} />} to="/devices/$device" params={{ device: target.targetName }}>
          The device
        </LinkButton>
      </div>
      {target.state === "pending_revert" && <ActBar acts={[giveUp(rollout, target)]} />}
      <Facts
        facts={[
          ["State", <State key="state" look={target.state === "waiting" ? look : targetLooks[target.state]} />],
          target.outcome !== undefined && ["Outcome", <State key="outcome" look={look} said={target.outcome} />],
          ["Has", sides[target.side]],
          ["Wave", String(target.wave + 1)],
          target.site !== undefined && ["Site", target.site],
          ["Since", <When key="since" at={target.updatedAt} never="not touched yet" />],
        ]}
      />
      <Journal rollout={rollout.id} target={target.target} moving={false} names={new Map()} />
    </SideDrawer>
  );
}
