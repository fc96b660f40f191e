/** IOS's dead-man's switch: a change that goes back by itself unless it is confirmed. */
import type { Router } from "../router.ts";
import { fileTime, logTime, longTime } from "../times.ts";

export const noArchive = "%Turn config archive on before using Rollback Confirmed Change";
export const nothingPending = "%No Rollback Confirmed Change pending";

/** Where the archive puts its files, when it is set up. */
export const archivePath = (router: Router): string | undefined =>
  router.config.root.statements.get("archive")?.child?.statements.get("path")?.args["path"];

/** Keeps the running configuration as the next file of the archive; answers its name. */
export function backUp(router: Router, path: string): string {
  const taken = Object.keys(router.state.files).filter((name) => name.startsWith(path)).length;
  const name = `${path}-${fileTime(router.clock.now())}-${taken}`;
  router.state.files[name] = router.running();
  return name;
}

/** `Timer type`, as IOS words it. */
export function timerText(router: Router): string {
  const { armed } = router.state;
  if (!armed) return nothingPending;
  return [
    `Time configured(or reconfigured): ${longTime(armed.armedAt)}`,
    "Timer type: absolute timer",
    `Timer value: ${Math.round(armed.seconds / 60)} min`,
    `User: ${armed.user}`,
  ].join("\n");
}

/** Broadcast to the terminal that armed it, at most a minute before it fires. */
export const warning =
  'Rollback Confirmed Change: Rollback will begin in one minute.\nEnter "configure confirm" if you wish to keep what you\'ve configured\n';

export const revertNotice = (router: Router, file: string): string =>
  `\nRollback Confirmed Change: rolling to:${file}\n\n*${logTime(router.clock.now())}: %ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_ROLLBACK_START: Start rolling to: ${file}\n`;

export const replaceQuestion = `This will apply all necessary additions and deletions
to replace the current running configuration with the
contents of the specified configuration file, which is
assumed to be a complete configuration, not a partial
configuration. Enter Y if you are sure you want to proceed. ? [no]: `;
