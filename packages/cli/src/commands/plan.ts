/** `plan`, `plans`, `apply`: what would change, and carrying it out. */
import type { ChangeDetail, DiffLine, Plan } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { Option, type Command } from "commander";
import { wholeNumber } from "../input.ts";
import { progressOption } from "../watch.ts";
import { askYes } from "../ask.ts";
import { ago, paint, printable, printList, printValue, table, type Screen } from "../output.ts";
import { once, sessionOf, type Session } from "../session.ts";
import { limitsOf, strategyKinds, strategyOf, usual, type StrategyOptions, type StrategyWish } from "../strategy.ts";
import { finish } from "./rollouts.ts";

interface PlanOptions {
  revision?: string;
  selector?: string;
  diff?: boolean;
  strict?: boolean;
}

export function addPlan(program: Command): void {
  program
    .command("plan <repository>")
    .description("What would a revision change? Nothing is touched")
    .option("--revision <revision>", "commit, tag or branch; the followed branch unless told")
    .option("-l, --selector <selector>", "only devices with these labels")
    .option("--diff", "show every diff")
    .option("--strict", "exit code 6 when a device has a problem")
    .action(async (repository: string, options: PlanOptions, command: Command) => {
      const session = sessionOf(command);
      const wanted = {
        repository,
        ...(options.revision ? { revision: options.revision } : {}),
        ...(options.selector ? { selector: options.selector } : {}),
      };
      const plan = await session.client.plans.create(wanted, once());
      await showPlan(session, plan, options.diff ?? false);
      if (options.strict === true && plan.problems.length > 0)
        throw new Problem("cli_plan_problems", { kind: "not_ready", say: `The plan has ${plan.problems.length} problems.` });
    });
  const plans = program.command("plans").description("Plans that were made");
  plans
    .command("list")
    .description("List plans, newest first")
    .option("-n, --limit <n>", "how many", wholeNumber(500), 20)
    .action(async (options: { limit: number }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await client.plans.list({ limit: options.limit });
      printList(screen, format, {
        rows: items,
        columns: [
          { title: "plan", of: (plan) => plan.id },
          { title: "made", of: (plan) => ago(plan.createdAt) },
          { title: "by", of: (plan) => plan.createdBy },
          { title: "changes", of: (plan) => plan.targets, right: true },
          { title: "problems", of: (plan) => plan.problemCount, right: true },
          { title: "title", of: (plan) => plan.title },
        ],
        empty: "No plans yet. Make one: holdfast plan <repository>",
      });
    });
  plans
    .command("show <plan> [device]")
    .description("One plan; with a device, its diff, commands and sources")
    .action(async (id: string, device: string | undefined, _options, command: Command) => {
      const session = sessionOf(command);
      const plan = await session.client.plans.get({ id });
      if (device === undefined) return showPlan(session, plan, false);
      const target = plan.changes.find((change) => change.target === device || change.targetName === device)?.target ?? device;
      return showChange(session, await session.client.plans.change({ id, target }));
    });
  addApply(program);
}

interface ApplyOptions extends StrategyOptions {
  approval?: boolean;
  start: boolean;
  yes?: boolean;
  wait: boolean;
  progress: string;
}

function addApply(program: Command): void {
  program
    .command("apply <plan>")
    .description("Roll a plan out: as the repository says, else canary first")
    .addOption(strategyOption())
    .option(
      "--stages <list>",
      `canary: how much is changed by the end of each stage, and how long it is watched, e.g. 5%:30s,25%:10m (usually ${usual.stages})`,
    )
    .option("--batch <amount>", `rolling: how many at a time (usually ${usual.batch})`)
    .option("--healthy <percent>", `rolling: below this share of a batch it halts and reverts (usually ${usual.healthy})`)
    .option("--bake <time>", `how long a stage is watched that has no time of its own (usually ${usual.bake})`)
    .option("--group-label <label>", "blue-green: the label whose values change one after the other")
    .option("--reason <text>", "direct: why all at once; sets the limits of the repository aside")
    .option("--per-site <n>", "most devices of a site in a wave")
    .option("--per-label <label=n...>", "most devices with one value of a label in a wave")
    .option("--max-unavailable <n>", "most devices that are being changed at one time")
    .option("--approval", "wait for somebody's approval")
    .option("--no-start", "propose it only; holdfast rollouts start begins it")
    .option("-y, --yes", "do not ask")
    .option("--no-wait", "do not follow it")
    .addOption(progressOption())
    .action(async (id: string, options: ApplyOptions, command: Command) => {
      const session = sessionOf(command);
      const plan = await session.client.plans.get({ id });
      const wish = strategyOf(
        options,
        plan.strategies.map(({ name }) => name),
      );
      const limits = limitsOf(options);
      if (plan.changes.length === 0) return session.screen.err("This plan changes nothing; every device is as intended.\n");
      if (options.yes !== true && !(await askYes(questionOf(plan, wish, options.start))))
        throw new Problem("cli_not_confirmed", { kind: "invalid", say: "Nothing was done; say yes, or give --yes." });
      const wanted = {
        planId: plan.id,
        planHash: plan.hash,
        ...wish,
        limits,
        requireApproval: options.approval ?? false,
        start: options.start,
      };
      const rollout = await session.client.rollouts.create(wanted, once());
      await finish(session, rollout, options);
      if (rollout.state === "ready") session.screen.err(`Start it: holdfast rollouts start ${rollout.id}\n`);
    });
}

/** Completes the kinds; takes any word, because a repository names strategies of its own. */
function strategyOption(): Option {
  return new Option("--strategy <name>", "how it is cut into waves: one of the repository's by its name, or a kind of your own")
    .choices(strategyKinds)
    .argParser(String);
}

function questionOf({ changes, strategies }: Plan, wish: StrategyWish, start: boolean): string {
  const names = changes.map((change) => change.targetName);
  const how = wish.strategy?.kind ?? wish.strategyName ?? strategies.find((one) => one.default)?.name ?? "canary";
  const some = `${names.length === 1 ? "1 device" : `${names.length} devices`} (${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""})`;
  return start ? `Change ${some}, ${how}? A failure reverts all of them.` : `Propose to change ${some}, ${how}?`;
}

export async function showPlan(session: Session, plan: Plan, diff: boolean): Promise<void> {
  const { client, screen, format } = session;
  const details: ChangeDetail[] = [];
  if (diff) for (const { target } of plan.changes) details.push(await client.plans.change({ id: plan.id, target }));
  if (format !== "table") return printValue(screen, format, diff ? { ...plan, changes: details } : plan);
  for (const change of details) printDiff(screen, change);
  return printPlan(screen, plan);
}

function printPlan(screen: Screen, plan: Plan): void {
  screen.out(`${plan.id}  ${printable(plan.title)}\n`);
  if (plan.changes.length > 0) {
    screen.out(
      table(plan.changes, [
        { title: "device", of: (change) => change.targetName },
        { title: "site", of: (change) => change.site },
        { title: "+", of: (change) => change.added, right: true },
        { title: "−", of: (change) => change.removed, right: true },
        { title: "change", of: (change) => change.summary },
      ]),
    );
  }
  for (const problem of plan.problems)
    screen.err(
      paint(
        screen,
        "red",
        `${printable(problem.targetName || (problem.at ?? ""))}: ${printable(problem.say)}${problem.at ? ` (${printable(problem.at)})` : ""}\n`,
      ),
    );
  for (const one of plan.strategies)
    screen.err(`Strategy ${printable(one.name)}${one.default ? ", the default" : ""} (${printable(one.at)})\n`);
  screen.err(`${plan.changes.length} to change, ${plan.unchanged} as intended already, ${plan.problems.length} with problems.\n`);
  if (plan.partial) screen.err("It changes devices besides that you may not see.\n");
  if (plan.changes.length > 0) screen.err(`Roll it out: holdfast apply ${plan.id}\n`);
}

/** The diff, what would be sent, and where each template had its part in it. */
function showChange({ screen, format }: Session, change: ChangeDetail): void {
  if (format !== "table") return printValue(screen, format, change);
  printDiff(screen, change);
  screen.out(`\nCommands\n${change.commands.map((line) => `  ${printable(line)}\n`).join("")}`);
  const templates = [...new Set((change.sources ?? []).map(({ template }) => template))];
  if (templates.length > 0) screen.out(`\nFrom ${templates.map(printable).join(", ")}\n`);
}

function printDiff(screen: Screen, change: ChangeDetail): void {
  screen.out(`\n${printable(change.targetName)}: ${printable(change.summary)}\n`);
  for (const line of change.diff) screen.out(diffText(screen, line));
}

export function diffText(screen: Screen, line: DiffLine): string {
  const sign = { add: "+", remove: "-", keep: " ", move: "~" }[line.op];
  const text = `${sign} ${printable(line.text)}\n`;
  return line.op === "add" ? paint(screen, "green", text) : line.op === "remove" ? paint(screen, "red", text) : text;
}
