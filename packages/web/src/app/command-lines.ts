/** The command line of each act (`packages/cli`). An act that has none of its own there is not named here. Pure. */
import type { RouteInput, RouteName } from "./api.ts";
import { accessLines } from "./access-lines.ts";
import { quote } from "./quote.ts";
import { option, type Commands, type Words } from "./words-of.ts";

type Amount = { percent: number } | { count: number };

const rolloutAct =
  (verb: string) =>
  (input: RouteInput<"rollouts.abort">): Words => ["rollouts", verb, input.id, ...option("--reason", input.reason)];

const commands: Commands = {
  ...accessLines,
  "rollouts.create": apply,
  "rollouts.start": rolloutAct("start"),
  "rollouts.approve": rolloutAct("approve"),
  "rollouts.pause": rolloutAct("pause"),
  "rollouts.resume": rolloutAct("resume"),
  "rollouts.abort": rolloutAct("abort"),
  "rollouts.giveUp": ({ id, target, reason }) => ["rollouts", "give-up", id, target, ...option("--reason", reason)],
  "rollouts.retry": rolloutAct("retry"),
  "rollouts.rollback": rolloutAct("rollback"),
  "plans.create": ({ repository, revision, selector }) => [
    "plan",
    repository,
    ...option("--revision", revision),
    ...option("--selector", selector),
  ],
  "devices.import": ({ format, dryRun }) => ["devices", "import", `devices.${format}`, dryRun === true && "--dry-run"],
  "devices.update": ({ id, labels, ...patch }) => ["devices", "set", id, ...setWords(patch), ...labelWords(labels)],
  "devices.remove": ({ id }) => ["devices", "remove", id],
  "devices.trustHostKey": ({ id, fingerprint, reason }) => [
    "devices",
    "trust",
    id,
    ...option("--fingerprint", fingerprint),
    ...option("--reason", reason),
  ],
  "devices.backup": ({ selector }) => ["backups", "run", ...option("--selector", selector)],
  "devices.restore": ({ id, version }) => ["backups", "restore", id, version],
  "devices.checkDrift": ({ selector }) => ["drift", "check", ...option("--selector", selector)],
  "devices.revertDrift": ({ id }) => ["drift", "revert", id],
  "repositories.create": ({ name, url, branch, secret }) => [
    "repos",
    "connect",
    name,
    url,
    ...option("--branch", branch),
    ...option("--secret", secret),
  ],
  "repositories.update": ({ id, pollMs, ...patch }) => [
    "repos",
    "set",
    id,
    ...setWords(patch),
    ...option("--poll", pollMs === undefined ? undefined : shortTime(pollMs)),
  ],
  "repositories.sync": ({ id }) => ["repos", "sync", id],
  "repositories.remove": ({ id }) => ["repos", "disconnect", id],
  "findings.acknowledge": ({ id, note }) => ["findings", "acknowledge", id, ...option("--note", note)],
  "findings.suppress": ({ id, until, reason }) => ["findings", "suppress", id, "--until", until, "--reason", reason],
  "findings.resolve": ({ id, reason }) => ["findings", "resolve", id, "--reason", reason],
  "audit.verify": () => ["audit", "verify"],
  "audit.archive": ({ olderThanDays, reason }) => ["audit", "archive", "--older-than", olderThanDays, ...option("--reason", reason)],
  "audit.rotateKey": ({ reason }) => ["audit", "rotate-key", ...option("--reason", reason)],
  "audit.checkpoint": () => ["audit", "checkpoints", "--sign"],
  "privacy.me": () => ["gdpr", "export"],
};

function apply({ planId, strategy, strategyName, limits, requireApproval, start }: RouteInput<"rollouts.create">): Words {
  return [
    "apply",
    planId,
    ...(strategy === undefined ? option("--strategy", strategyName) : strategyWords(strategy)),
    ...option("--per-site", limits?.perSite),
    ...option("--max-unavailable", limits?.maxUnavailable),
    ...Object.entries(limits?.perLabel ?? {}).flatMap(([label, most]) => ["--per-label", `${label}=${most}`]),
    requireApproval === true && "--approval",
    start === false && "--no-start",
  ];
}

function strategyWords(strategy: NonNullable<RouteInput<"rollouts.create">["strategy"]>): Words {
  const amount = (one: Amount): string => ("percent" in one ? `${one.percent}%` : String(one.count));
  switch (strategy.kind) {
    case "canary":
      return ["--stages", strategy.stages.map((stage) => `${amount(stage.until)}:${shortTime(stage.bakeMs)}`).join(",")];
    case "rolling":
      return [
        "--strategy",
        "rolling",
        "--batch",
        amount(strategy.batch),
        ...option("--healthy", strategy.healthyPercent),
        "--bake",
        shortTime(strategy.pauseMs ?? 0),
      ];
    case "blue_green":
      return ["--strategy", "blue-green", "--group-label", strategy.groupLabel, "--bake", shortTime(strategy.bakeMs)];
    case "direct":
      return ["--strategy", "direct", "--reason", strategy.reason];
  }
}

/** `--some-name value` for each member that is given; `''` clears. */
function setWords(patch: Record<string, string | number | null | undefined>): Words {
  return Object.entries(patch).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, value ?? ""],
  );
}

function labelWords(labels: RouteInput<"devices.update">["labels"]): Words {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => (value === null ? ["--unlabel", key] : ["--label", `${key}=${value}`]));
}

/** `90s`, `5m`: as `parseDuration` of the kit reads it. */
function shortTime(ms: number): string {
  if (ms % 60_000 === 0 && ms > 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** A `holdfast` command line for a call; undefined where the command line has none of its own. */
export function commandLine<R extends RouteName>(name: R, input: RouteInput<R>, called?: string): string | undefined {
  const command = commands[name] as ((input: RouteInput<R>, called?: string) => Words | undefined) | undefined;
  const words = command?.(input, called)?.filter((word) => word !== undefined && word !== false);
  return words && ["holdfast", ...words].map((word) => quote(String(word))).join(" ");
}
