/** Acts that cannot be taken back: asked about, or only told. */
import { Problem } from "@holdfast/kit";
import type { Command } from "commander";
import { askYes } from "./ask.ts";
import type { Screen } from "./output.ts";

export interface Sure {
  yes?: boolean;
  dryRun?: boolean;
}

export function sure(command: Command): Command {
  return command.option("-y, --yes", "do not ask").option("--dry-run", "only say what would be done");
}

/** True: do it. False after a dry run, which is told here. `question`: e.g. `Remove r1?` @throws Problem `cli_not_confirmed` */
export async function agreed(screen: Screen, { yes, dryRun }: Sure, question: string): Promise<boolean> {
  if (dryRun === true) {
    screen.err(`Would ask, and then do it: ${question}\n`);
    return false;
  }
  if (yes === true || (await askYes(question))) return true;
  throw new Problem("cli_not_confirmed", { kind: "invalid", say: "Nothing was done; say yes, or give --yes." });
}
