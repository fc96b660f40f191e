/** A rollout as a picture: waves as columns, targets as cells that fill, gates between the columns. */
import { Progress, Tooltip } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Rollout, RolloutTarget } from "@holdfast/contract";
import { countdown, duration, plural } from "../../parts/format.ts";
import { Glyph, State } from "../../parts/glyph.tsx";
import { gateLook, targetLook, waveLooks } from "../../parts/states.ts";
import { useNow } from "../../parts/when.tsx";
import { baking, checkGroups, fill, reach, tally, targetsOf, type Wave } from "./picture.ts";
import classes from "./picture.module.css";
import { scrollable } from "../../parts/scrollable.ts";

/** Beyond this many targets a wave shows shapes only; the names are one hover or click away. */
const mostNamed = 60;

export function Picture({ rollout, current }: { rollout: Rollout; current: string | undefined }) {
  const waves = useRef<HTMLOListElement>(null);
  const at = rollout.waves.find((wave) => wave.state === "running" || wave.state === "baking" || wave.state === "failed")?.index;
  useEffect(() => {
    // The wave that moves is in view; only sideways, so that the page itself never jumps.
    const list = waves.current;
    const step = at === undefined ? undefined : list?.children[at];
    if (list && step instanceof HTMLElement && list.scrollWidth > list.clientWidth)
      list.scrollTo({ left: step.offsetLeft - list.offsetLeft - 24, behavior: "smooth" });
  }, [at]);
  return (
    <div className={classes["picture"]}>
      <Tally rollout={rollout} />
      <ol className={classes["waves"]} ref={waves} aria-label="Waves" {...scrollable}>
        {rollout.waves.map((wave) => (
          <li key={wave.index} className={classes["step"]} style={{ flexGrow: Math.min(4, 1 + wave.targets.length / 8) }}>
            <WaveColumn rollout={rollout} wave={wave} current={current} />
            <Gate wave={wave} paused={rollout.state === "paused"} last={wave.index === rollout.waves.length - 1} />
          </li>
        ))}
      </ol>
    </div>
  );
}

/** All targets in one bar, and in words. */
function Tally({ rollout }: { rollout: Rollout }) {
  const entries = tally(rollout);
  return (
    <div className={classes["tally"]}>
      <div className={classes["bar"]} aria-hidden="true">
        {entries.map(({ look, n }) => (
          <span key={look.word} data-tone={look.tone} data-shape={look.shape} style={{ flexGrow: n }} />
        ))}
      </div>
      <ul className={classes["legend"]} aria-label="Targets by state">
        {entries.map(({ look, n }) => (
          <li key={look.word}>
            <State look={look} said={`${n} ${look.word}`} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function WaveColumn({ rollout, wave, current }: { rollout: Rollout; wave: Wave; current: string | undefined }) {
  const targets = targetsOf(rollout, wave);
  return (
    <section className={classes["wave"]} data-state={wave.state} aria-label={`Wave ${wave.index + 1}`}>
      <div className={classes["waveHead"]}>
        <h2>
          Wave {wave.index + 1}
          <span className={classes["size"]}>
            {plural(targets.length, "device")} · to {reach(rollout, wave)} %
          </span>
        </h2>
        <State look={waveLooks[wave.state]} />
      </div>
      <ul className={classes["cells"]} data-dense={targets.length > mostNamed || undefined}>
        {targets.map((target) => (
          <li key={target.target}>
            <Cell
              rollout={rollout.id}
              target={target}
              over={wave.state === "skipped"}
              dense={targets.length > mostNamed}
              current={current === target.target}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface CellProps {
  rollout: string;
  target: RolloutTarget;
  /** Its wave will not come any more. */
  over: boolean;
  dense: boolean;
  current: boolean;
}

function Cell({ rollout, target, over, dense, current }: CellProps) {
  const look = targetLook(target, over);
  const name = `${target.targetName}: ${look.word}`;
  const cell = (
    <Link
      to="/rollouts/$rollout"
      params={{ rollout }}
      search={{ target: target.target }}
      resetScroll={false}
      className={classes["cell"] ?? ""}
      data-tone={look.tone}
      data-current={current || undefined}
      aria-label={dense ? name : undefined}
    >
      <span className={classes["fill"]} aria-hidden="true" style={{ transform: `scaleX(${fill(target)})` }} />
      <Glyph shape={look.shape} tone={look.tone} size={13} />
      {!dense && (
        <>
          <span className={classes["name"]}>{target.targetName}</span>
          <span className={classes["word"]}>{look.word}</span>
        </>
      )}
    </Link>
  );
  if (!dense) return cell;
  return <Tooltip label={target.say === undefined ? name : `${name}. ${target.say}`}>{cell}</Tooltip>;
}

/** What must hold before the next wave, with its live values. */
function Gate({ wave, paused, last }: { wave: Wave; paused: boolean; last: boolean }) {
  if (last && wave.gate.length === 0 && wave.bakeMs === 0) return null;
  return (
    <section className={classes["gate"]} data-state={wave.state} aria-label={`Gate after wave ${wave.index + 1}`}>
      <span className={classes["arrow"]} aria-hidden="true" />
      <h3>{last ? "Last look" : "Gate"}</h3>
      <Watch wave={wave} paused={paused} />
      <Checks wave={wave} />
    </section>
  );
}

function Checks({ wave }: { wave: Wave }) {
  if (wave.gate.length === 0)
    return <p className={classes["unknown"]}>{["skipped", "failed"].includes(wave.state) ? "not reached" : "health is looked at here"}</p>;
  const list = (
    <ul className={classes["checks"]}>
      {checkGroups(wave.gate).map((group) => {
        const look = gateLook(group.ok);
        return (
          <li key={group.name}>
            <Glyph shape={look.shape} tone={look.tone} size={12} />
            <span>
              {group.name}
              <span className={classes["hidden"]}> {look.word}: </span>
              {group.says.map((say) => (
                <small key={say}>{say}</small>
              ))}
            </span>
          </li>
        );
      })}
    </ul>
  );
  if (wave.state !== "passed") return list;
  // What held is history: one line, so that the waves to come stay in view.
  return (
    <details className={classes["held"]}>
      <summary>
        <State look={{ tone: "ok", shape: "check", word: `${plural(wave.gate.length, "check")} held` }} />
      </summary>
      {list}
    </details>
  );
}

function Watch({ wave, paused }: { wave: Wave; paused: boolean }) {
  const now = useNow();
  const bake = baking(wave, now);
  if (wave.bakeMs === 0) return null;
  if (bake !== undefined && paused) return <p className={classes["watch"]}>paused in its watch</p>;
  if (bake === undefined) return <p className={classes["watch"]}>watched for {duration(wave.bakeMs)}</p>;
  return (
    <div className={classes["watch"]}>
      <span role="timer" aria-label="Left of the watch">
        <strong>{countdown(bake.leftMs)}</strong> left of {duration(wave.bakeMs)}
      </span>
      <Progress value={100 * bake.over} size={4} mt={4} transitionDuration={900} aria-label="The watch so far" />
    </div>
  );
}
