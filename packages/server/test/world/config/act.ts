/** What a rule's own `set` and `unset` may see and do. */
import type { Args, Block, Statement } from "./tree.ts";

export interface Act {
  root: Block;
  /** The block that the line stands in. */
  block: Block;
  args: Args;
  /** The line in full, as the device writes it, without a leading `no`. */
  text: string;
  key: string;
  /** The line begins with `no` or `default`. */
  negative: boolean;
  defaulted: boolean;
  /** Interfaces that are really there: they cannot be removed. */
  hardware: ReadonlySet<string>;
  /** Rises with every statement: when this one comes. */
  order: number;
  /** Keeps a statement in the block, this rule's own unless told; `key` and `text` may be given. */
  keep(change?: { key?: string; text?: string; args?: Args; block?: Block }): Statement;
  drop(key: string, block?: Block): boolean;
  /** What the rule would do without a `set` or `unset` of its own. */
  usual(): void;
  /** A line for the person at the terminal. */
  say(text: string): void;
  /** The same, and the command has done nothing. */
  refuse(text: string): void;
  /** The command cannot be read after all: its last word names nothing. */
  misread(): void;
  /** Runs another line in a block, as if typed there. */
  also(line: string, block: Block): void;
  /** The same with a line that may be refused; what it says and whether it is refused become this command's. */
  pass(line: string, block: Block): void;
  /** Asks first; the command is done when the answer is yes. */
  confirm(question: string): boolean;
  /** Stays in the mode instead of entering the rule's block. */
  stay(): void;
  /** Enters a block of the given key in another block than this one. */
  enter(steps: PathStep[]): void;
}

export interface PathStep {
  mode: string;
  key: string;
}
