/** `plan`, `plans`, `apply`: what would change, and carrying it out. */
import type { ChangeDetail, DiffLine, Plan } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { Command } from "commander";
import { askYes } from "../ask.ts";
import { ago, paint, printable, printList, printValue, table, type Screen } from "../output.ts";
import { once, sessionOf, type Session } from "../session.ts";
import { limitsOf, strategyOf, type StrategyOptions } from "../strategy.ts";
import { finish } from "./rollouts.ts";

export function addPlan(program: Command): void {
  program
    .command("plan <repository>")
    .description("What would a revision change? Nothing is touched")
    .option("--revision <revision>", "commit, tag or branch; the followed branch unless told")
    .option("-l, --selector <selector>", "only devices with these labels")
    .option("--diff", "show every diff")
    .action(async (repository: string, options: { revision?: string; selector?: string; diff?: boolean }, command: Command) => {
      const session = sessionOf(command);
      const wanted = {
        repository,
        ...(options.revision ? { revision: options.revision } : {}),
        ...(options.selector ? { selector: options.selector } : {}),
      };
      await showPlan(session, await session.client.plans.create(wanted, once()), options.diff ?? false);
    });
  const plans = program.command("plans").description("Plans that were made");
  plans
    .command("list")
    .description("List plans, newest first")
    .option("-n, --limit <n>", "how many", "20")
    .action(async (options: { limit: string }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { items } = await client.plans.list({ limit: Number(options.limit) });
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

function addApply(program: Command): void {
  program
    .command("apply <plan>")
    .description("Roll a plan out: canary first unless told")
    .option("--strategy <kind>", "canary, rolling, blue-green or direct", "canary")
    .option("--stages <list>", "canary: how much is changed by the end of each stage", "5%,25%")
    .option("--batch <amount>", "rolling: how many at a time", "10%")
    .option("--healthy <percent>", "rolling: below this share of a batch it halts and reverts", "100")
    .option("--bake <time>", "how long a stage is watched", "5m")
    .option("--group-label <label>", "blue-green: the label whose values change one after the other")
    .option("--reason <text>", "direct: why all at once")
    .option("--per-site <n>", "most devices of a site in a wave")
    .option("--per-label <label=n...>", "most devices with one value of a label in a wave")
    .option("--max-unavailable <n>", "most devices that are being changed at one time")
    .option("--approval", "wait for somebody's approval")
    .option("-y, --yes", "do not ask")
    .option("--no-wait", "do not follow it")
    .option("--progress <how>", "auto, plain, json or none", "auto")
    .action(
      async (
        id: string,
        options: StrategyOptions & { approval?: boolean; yes?: boolean; wait: boolean; progress: string },
        command: Command,
      ) => {
        const session = sessionOf(command);
        const plan = await session.client.plans.get({ id });
        const strategy = strategyOf(options);
        const names = plan.changes.map((change) => change.targetName);
        if (
          options.yes !== true &&
          !(await askYes(
            `Change ${names.length} devices (${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""}), ${strategy.kind}? A failure reverts all of them.`,
          ))
        ) {
          throw new Problem("cli_not_confirmed", { kind: "invalid", say: "Nothing was done; say yes, or give --yes." });
        }
        const wanted = {
          planId: plan.id,
          planHash: plan.hash,
          strategy,
          limits: limitsOf(options),
          requireApproval: options.approval ?? false,
          start: true,
        };
        await finish(session, await session.client.rollouts.create(wanted, once()), options);
      },
    );
}

export async function showPlan(session: Session, plan: Plan, diff: boolean): Promise<void> {
  const { screen, format } = session;
  if (format !== "table") printValue(screen, format, plan);
  else printPlan(screen, plan);
  if (diff)
    for (const change of plan.changes) await showChange(session, await session.client.plans.change({ id: plan.id, target: change.target }));
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
        `${printable(problem.targetName || (problem.at ?? ""))}: ${printable(problem.say)}${problem.at ? ` (${problem.at})` : ""}\n`,
      ),
    );
  screen.err(`${plan.changes.length} to change, ${plan.unchanged} as intended already, ${plan.problems.length} with problems.\n`);
  if (plan.changes.length > 0) screen.err(`Roll it out: holdfast apply ${plan.id}\n`);
}

async function showChange({ screen, format }: Session, change: ChangeDetail): Promise<void> {
  if (format !== "table") return printValue(screen, format, change);
  screen.out(`\n${change.targetName}: ${change.summary}\n`);
  for (const line of change.diff) screen.out(diffText(screen, line));
  return undefined;
}

export function diffText(screen: Screen, line: DiffLine): string {
  const sign = { add: "+", remove: "-", keep: " ", move: "~" }[line.op];
  const text = `${sign} ${printable(line.text)}\n`;
  return line.op === "add" ? paint(screen, "green", text) : line.op === "remove" ? paint(screen, "red", text) : text;
}
