/** Follows a rollout: a picture that redraws itself on a terminal, one line per change elsewhere, JSON lines for programs. */
import { follow, type Client, type Rollout, type RolloutTarget } from "@holdfast/contract";
import { isProblem, retry, systemClock } from "@holdfast/kit";
import { Option } from "commander";
import { paint, printable, type Screen } from "./output.ts";

const ways = ["auto", "plain", "json", "none"] as const;
export type Progress = (typeof ways)[number];

export function progressOption(): Option {
  return new Option("--progress <how>", "how it is told, on stderr").choices([...ways]).default("auto");
}

const resting = new Set<Rollout["state"]>(["succeeded", "reverted", "awaiting_approval", "ready", "needs_attention"]);

interface Watch {
  client: Client;
  screen: Screen;
  progress: Progress;
  /** A look without news; every 2 s unless told. */
  everyMs?: number;
}

/** Ends when the rollout rests; the rollout as it is then. A server that is away for a while is waited for: the rollout does not need us. */
export async function watchRollout({ client, screen, progress, everyMs = 2000 }: Watch, id: string): Promise<Rollout> {
  const show = painter(screen, progress);
  const over = new AbortController();
  const news = createBell();
  const following = ring(client, { subject: `rollout:${id}`, signal: over.signal, news });
  try {
    let rollout = await client.rollouts.get({ id });
    for (; ; rollout = await lookAgain(client, screen, id)) {
      show(rollout);
      if (resting.has(rollout.state)) return rollout;
      await Promise.race([news.rung(), systemClock.sleep(everyMs, over.signal)]);
    }
  } finally {
    over.abort(new Error("seen"));
    await following;
  }
}

/** A bell that stays rung until somebody came. */
function createBell(): { ring(): void; rung(): Promise<void> } {
  let { promise, resolve } = Promise.withResolvers<void>();
  return {
    ring: () => resolve(),
    rung: () => promise.then(() => void ({ promise, resolve } = Promise.withResolvers<void>())),
  };
}

interface Ringing {
  subject: string;
  signal: AbortSignal;
  news: { ring(): void };
}

/** Rings with every event of the subject. That the stream cannot be had is no reason to stop: the looks in between tell what is wrong. */
async function ring(client: Client, { subject, signal, news }: Ringing): Promise<void> {
  try {
    for await (const event of follow(client, { signal })) if (event.subject === subject) news.ring();
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
  }
}

/** Tries for two minutes while the server is away. */
async function lookAgain(client: Client, screen: Screen, id: string): Promise<Rollout> {
  return retry(() => client.rollouts.get({ id }), {
    attempts: 60,
    baseMs: 1000,
    maxMs: 4000,
    when: (thrown) => {
      const away = isProblem(thrown) && thrown.kind === "unavailable";
      if (away) screen.err(`${thrown.message} Trying again; the rollout goes on without us.\n`);
      return away;
    },
  });
}

function painter(screen: Screen, progress: Progress): (rollout: Rollout) => void {
  if (progress === "none") return () => undefined;
  if (progress === "json") return onlyNews((rollout) => JSON.stringify(newsOf(rollout)), screen);
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

function newsOf({ id, state, counts, say }: Rollout): Pick<Rollout, "id" | "state" | "counts" | "say"> {
  return { id, state, counts, say };
}

/** Says a line when it is another than the one before. */
function onlyNews(line: (rollout: Rollout) => string, screen: Screen): (rollout: Rollout) => void {
  let last = "";
  return (rollout) => {
    const now = line(rollout);
    if (now !== last) screen.err(`${now}\n`);
    last = now;
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
