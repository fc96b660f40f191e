/** What one command line needs to be told about a platform to drive it. Data and pure functions. */
import type { DialogRule, Manners } from "../drivers/prompt.ts";
import type { RefusalRules } from "./refusal.ts";

export interface Dialect {
  manners: Manners;
  /** Width of the terminal asked for. */
  columns: number;
  /** Sent after the sign-in; a refusal of these does not matter. The first one must be harmless in every mode: it learns the prompt. */
  prepare: readonly string[];
  refusals: RefusalRules;
  /** What the device may ask after a line of configuration, and what we say. */
  asks(line: string): readonly DialogRule[];
  /** Whether a line of configuration may change the prompt. */
  renames(line: string): boolean;
  /** Text that belongs to the line at `at` and prints no prompt: how many of the lines it takes, and what to send for them. */
  blockAt(lines: readonly string[], at: number): Block | undefined;
}

export interface Block {
  command: string;
  text: string[];
  /** Lines of the input that this stands for. */
  takes: number;
}

/** ` --More-- ` and its relatives; a space goes on. */
export const pagers: readonly DialogRule[] = [
  { when: /^\s*<?-+ ?\(?more(?: \d{1,3}%)?\)? ?-+>?\s*$/i, answer: " " },
  { when: /^\s*press any key to continue \(q to quit\)\s*$/i, answer: " " },
];

/** One-token names, an optional mode in parentheses, `#` or `>`. A vtysh whose host name was removed calls itself `(null)`. */
export const promptShape = /^(?<name>\(null\)|[A-Za-z0-9][^\s()#>]*)(?:\((?<mode>[^()\s]+)\))?(?<end>[#>]) ?$/;
