/** Follows a rollout: a picture that redraws itself on a terminal, one line per change elsewhere, JSON lines for programs. */
import type { Client, Rollout, RolloutTarget } from "@holdfast/contract";
import { isProblem, systemClock } from "@holdfast/kit";
import { paint, printable, type Screen } from "./output.ts";

export type Progress = "auto" | "plain" | "json" | "none";

const resting = new Set<Rollout["state"]>(["succeeded", "reverted", "awaiting_approval", "ready", "needs_attention"]);

interface Watch {
  client: Client;
  screen: Screen;
  progress: Progress;
}

/** Ends when the rollout rests; the rollout as it is then. A cut stream is taken up again where it was. */
export async function watchRollout({ client, screen, progress }: Watch, id: string): Promise<Rollout> {
  const show = painter(screen, progress);
  let rollout = await client.rollouts.get({ id });
  show(rollout);
  while (!resting.has(rollout.state)) {
    await nextNews(client, id);
    rollout = await client.rollouts.get({ id });
    show(rollout);
  }
  return rollout;
}

/** Resolves when something of this rollout moved, and after 2 s at the latest. */
async function nextNews(client: Client, id: string): Promise<void> {
  const stop = new AbortController();
  try {
    await Promise.race([listen(client, id, stop.signal), systemClock.sleep(2000, stop.signal)]);
  } catch (thrown) {
    // A stream that cannot be had is no reason to stop watching: the look after the wait tells what is wrong.
    if (!isProblem(thrown)) throw thrown;
    await systemClock.sleep(1000);
  } finally {
    stop.abort(new Error("seen"));
  }
}

async function listen(client: Client, id: string, signal: AbortSignal): Promise<void> {
  for await (const event of await client.system.events(undefined, { signal })) if (event.subject === `rollout:${id}`) return;
}

function painter(screen: Screen, progress: Progress): (rollout: Rollout) => void {
  if (progress === "none") return () => undefined;
  if (progress === "json")
    return (rollout) =>
      screen.err(`${JSON.stringify({ id: rollout.id, state: rollout.state, counts: rollout.counts, say: rollout.say })}\n`);
  if (progress === "auto" && screen.width !== undefined) return redraw(screen, screen.width);
  const said = new Map<string, string>();
  return (rollout) => {
    for (const line of plainLines(rollout)) {
      if (said.get(line.key) === line.text) continue;
      said.set(line.key, line.text);
      screen.err(`${line.text}\n`);
    }
  };
}

function plainLines(rollout: Rollout): { key: string; text: string }[] {
  const targets = rollout.targets.filter((target) => target.state !== "waiting" || target.outcome !== undefined);
  return [
    ...targets.map((target) => ({
      key: target.target,
      text: `  ${printable(target.targetName)}: ${wordOf(target)}${target.say ? ` (${printable(target.say)})` : ""}`,
    })),
    { key: "say", text: printable(rollout.say) },
  ];
}

/** The picture takes the place of the one before. */
function redraw(screen: Screen, width: number): (rollout: Rollout) => void {
  let lines = 0;
  return (rollout) => {
    const picture = draw(screen, rollout, width);
    screen.err(`${lines > 0 ? `\u001b[${lines}A\u001b[J` : ""}${picture.join("\n")}\n`);
    lines = picture.length;
  };
}

/** One line per wave with a mark per target, then what is in flight or failed, then the sentence. */
export function draw(screen: Screen, rollout: Rollout, width: number): string[] {
  const byId = new Map(rollout.targets.map((target) => [target.target, target]));
  const waves = rollout.waves.map((wave) => {
    const cells = wave.targets.flatMap((id) => byId.get(id) ?? []).slice(0, Math.max(10, width - 30));
    return `wave ${wave.index + 1} ${wave.state.padEnd(8)} ${cells.map((target) => mark(screen, target)).join("")}`;
  });
  const loud = rollout.targets
    .filter((target) => target.say !== undefined || (target.state !== "waiting" && target.state !== "done"))
    .slice(0, 12);
  const details = loud.map((target) =>
    `  ${printable(target.targetName)}: ${wordOf(target)}${target.say ? ` (${printable(target.say)})` : ""}`.slice(0, width - 1),
  );
  return [...waves, ...details, printable(rollout.say).slice(0, width - 1)];
}

function wordOf(target: RolloutTarget): string {
  return target.state === "done" ? (target.outcome ?? "done") : target.state.replaceAll("_", " ");
}

/** Shape and colour: readable in grey. */
function mark(screen: Screen, target: RolloutTarget): string {
  if (target.state === "pending_revert") return paint(screen, "red", "!");
  if (target.state === "waiting") return paint(screen, "grey", "·");
  if (target.state !== "done") return paint(screen, "blue", target.state === "reverting" ? "←" : "→");
  switch (target.outcome) {
    case "applied":
    case "unchanged":
      return paint(screen, "green", target.outcome === "applied" ? "■" : "=");
    case "reverted":
      return paint(screen, "yellow", "□");
    default:
      return paint(screen, "red", "✗");
  }
}
