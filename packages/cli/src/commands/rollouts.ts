/** `rollouts`: watch, approve, pause, resume, abort, retry, roll back, give up a device. */
import { rolloutStates, type Rollout, type RolloutState } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { Option, type Command } from "commander";
import { wholeNumber } from "../input.ts";
import { askYes } from "../ask.ts";
import { ago, printable, printList, printValue } from "../output.ts";
import { everyPage, once, sessionOf, type Session } from "../session.ts";
import { progressOption, watchRollout, type Progress } from "../watch.ts";

const acts = {
  start: "Start a rollout that is ready",
  approve: "Approve a rollout that somebody else proposed",
  pause: "Let what is in flight finish, then wait",
  resume: "Go on",
  abort: "Stop, and revert what was touched",
  retry:
    "Propose a rollout of the devices that do not have the change yet; of one that needs attention, try now what could not be brought back",
  rollback: "Propose a rollout back to how things were before this one",
} as const;

export function addRollouts(program: Command): void {
  const rollouts = program.command("rollouts").description("Changes being carried out");
  addList(rollouts);
  rollouts
    .command("show <rollout>")
    .description("One rollout with its waves and targets")
    .action(async (id: string, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const rollout = await client.rollouts.get({ id });
      if (format === "table") return printRollout({ client, screen, format, url: "" }, rollout);
      return printValue(screen, format, rollout);
    });
  rollouts
    .command("watch <rollout>")
    .description("Follow a rollout until it rests")
    .addOption(progressOption())
    .action(async (id: string, options: { progress: string }, command: Command) => {
      const session = sessionOf(command);
      await finish(session, await session.client.rollouts.get({ id }), { wait: true, ...options });
    });
  rollouts
    .command("journal <rollout>")
    .description("Every step that was begun and ended, oldest first")
    .option("--device <device>", "only this device's (id)")
    .action(async (id: string, options: { device?: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const query = { id, limit: 500, ...(options.device ? { target: options.device } : {}) };
      const rows = await everyPage((cursor) => client.rollouts.journal({ ...query, ...(cursor ? { cursor } : {}) }));
      printList(screen, format, {
        rows,
        columns: [
          { title: "at", of: (one) => one.at },
          { title: "step", of: (one) => one.step },
          { title: "phase", of: (one) => one.phase },
          { title: "what", of: (one) => one.say },
        ],
        empty: "Nothing was begun yet.",
      });
    });
  addActs(rollouts);
  addGiveUp(rollouts);
}

function addList(rollouts: Command): void {
  rollouts
    .command("list")
    .description("List rollouts, newest first")
    .option("--plan <plan>", "only rollouts of this plan")
    .addOption(new Option("--state <state>", "only these").choices([...rolloutStates]))
    .option("-n, --limit <n>", "how many", wholeNumber(500), 20)
    .action(async (options: { plan?: string; state?: RolloutState; limit: number }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await client.rollouts.list(options);
      printList(screen, format, {
        rows: items,
        columns: [
          { title: "rollout", of: (one) => one.id },
          { title: "state", of: (one) => one.state.replaceAll("_", " ") },
          { title: "proposed", of: (one) => ago(one.createdAt) },
          { title: "by", of: (one) => one.createdBy },
          { title: "targets", of: (one) => one.targetCount, right: true },
          { title: "title", of: (one) => one.title },
        ],
        empty:
          options.plan || options.state ? "No such rollouts." : "No rollouts yet. Plan something and apply it: holdfast plan <repository>",
      });
    });
}

function addActs(rollouts: Command): void {
  for (const [verb, description] of Object.entries(acts) as [keyof typeof acts, string][]) {
    const line = rollouts
      .command(`${verb} <rollout>`)
      .description(description)
      .option("--reason <text>", "why; goes to the audit trail")
      .option("--no-wait", "do not follow it")
      .addOption(progressOption());
    if (isWayBack(verb)) line.option("-y, --yes", "do not ask");
    line.action(async (id: string, options: ActOptions, command: Command) => {
      const session = sessionOf(command);
      if (isWayBack(verb) && options.yes !== true) await confirm(questionOf(verb, await session.client.rollouts.get({ id })));
      const rollout = await session.client.rollouts[verb]({ id, ...(options.reason ? { reason: options.reason } : {}) }, once());
      const follow = verb !== "pause" && options.wait;
      await finish(session, rollout, { ...options, wait: follow, unwanted: verb === "abort" ? [] : ["reverted"] });
    });
  }
}

interface ActOptions {
  reason?: string;
  wait: boolean;
  progress: string;
  yes?: boolean;
}

/** What takes a change off devices again is asked about first. */
function isWayBack(verb: keyof typeof acts): verb is "abort" | "rollback" {
  return verb === "abort" || verb === "rollback";
}

/** @throws Problem `cli_not_confirmed` */
async function confirm(question: string): Promise<void> {
  if (!(await askYes(question)))
    throw new Problem("cli_not_confirmed", { kind: "invalid", say: "Nothing was done; say yes, or give --yes." });
}

/** What the act would do, in a question. */
export function questionOf(verb: "abort" | "rollback", { title, targets }: Pick<Rollout, "title" | "targets">): string {
  const touched = targets.filter((target) => (verb === "abort" ? target.side !== "old" : target.outcome === "applied"));
  const names = touched.slice(0, 5).map((target) => target.targetName);
  const more = touched.length > 5 ? ` and ${touched.length - 5} more` : "";
  const who = `${printable(names.join(", "))}${more} back to what ${touched.length === 1 ? "it" : "they"} had before`;
  const act = verb === "abort" ? `Abort “${printable(title)}”` : `Roll “${printable(title)}” back`;
  return touched.length === 0 ? `${act}? Nothing of it was touched.` : `${act} and take ${who}?`;
}

function addGiveUp(rollouts: Command): void {
  rollouts
    .command("give-up <rollout> <device>")
    .description("Try no longer to bring a device back, so that its rollout can end; nobody knows then which configuration it has")
    .requiredOption("--reason <text>", "why; goes to the audit trail")
    .option("-y, --yes", "do not ask")
    .action(async (id: string, target: string, options: { reason: string; yes?: boolean }, command: Command) => {
      const session = sessionOf(command);
      const question = `Give ${printable(target)} up? Nobody tries any longer to take it back to what it had.`;
      if (options.yes !== true) await confirm(question);
      const rollout = await session.client.rollouts.giveUp({ id, target, reason: options.reason }, once());
      await finish(session, rollout, { wait: false, progress: "none", unwanted: [] });
    });
}

interface Finish {
  wait: boolean;
  progress: string;
  /** States that make the command fail; `reverted` unless told. */
  unwanted?: Rollout["state"][];
}

/** Follows a rollout to its rest and prints it. @throws Problem `cli_rollout_reverted`, `cli_rollout_attention` */
export async function finish(session: Session, begun: Rollout, options: Finish): Promise<void> {
  const { client, screen, format } = session;
  screen.err(`${begun.id}\n`);
  const left = (): never => {
    screen.err(
      `\nThe rollout goes on without us. Follow it: holdfast rollouts watch ${begun.id}; stop it: holdfast rollouts abort ${begun.id}\n`,
    );
    process.exit(130);
  };
  process.once("SIGINT", left);
  const rollout = options.wait ? await watchRollout({ client, screen, progress: options.progress as Progress }, begun.id) : begun;
  process.off("SIGINT", left);
  if (format === "table") printRollout(session, rollout);
  else printValue(screen, format, rollout);
  if (rollout.state === "needs_attention") throw new Problem("cli_rollout_attention", { kind: "unavailable", say: rollout.say });
  if ((options.unwanted ?? ["reverted"]).includes(rollout.state))
    throw new Problem("cli_rollout_reverted", { kind: "conflict", say: rollout.say });
}

function printRollout({ screen }: Session, rollout: Rollout): void {
  printList(screen, "table", {
    rows: rollout.targets,
    columns: [
      { title: "wave", of: (target) => target.wave + 1, right: true },
      { title: "device", of: (target) => target.targetName },
      { title: "state", of: (target) => (target.state === "done" ? (target.outcome ?? "done") : target.state.replaceAll("_", " ")) },
      { title: "has", of: (target) => target.side },
      { title: "what", of: (target) => target.say },
    ],
    empty: "This rollout has no targets.",
  });
  const { strategyFrom } = rollout;
  if (strategyFrom)
    screen.err(
      `As the policy ${printable(strategyFrom.name)} says (${printable(strategyFrom.at)} of ${strategyFrom.revision.slice(0, 12)})\n`,
    );
  if (rollout.partial) screen.err("It changes devices besides that you may not see.\n");
  screen.out(`${rollout.id}  ${rollout.state.replaceAll("_", " ")}  ${printable(rollout.say)}\n`);
}
