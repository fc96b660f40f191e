/** How much a template may do. Counted, not timed: the same template is refused or accepted everywhere. */
import { fail } from "./fault.ts";

export interface TemplateLimits {
  /** Longest text, in characters: of the result and of any value on the way. */
  textLength: number;
  /** Steps: one for each expression, statement, item gone through, and 16 characters made. */
  steps: number;
  /** How deep templates, macros, blocks and values may nest. */
  depth: number;
}

export const defaultLimits: TemplateLimits = { textLength: 2_000_000, steps: 2_000_000, depth: 100 };

/** The budget of one run. */
export class Work {
  readonly limits: TemplateLimits;
  #left: number;
  #depth = 0;

  constructor(limits: TemplateLimits) {
    this.limits = limits;
    this.#left = limits.steps;
  }

  get used(): number {
    return this.limits.steps - this.#left;
  }

  step(count = 1): void {
    this.#left -= count;
    if (this.#left < 0)
      fail(
        `the template does more than ${this.limits.steps.toLocaleString("en")} steps`,
        "Look for a loop over too much, or loops within loops.",
      );
  }

  /** To be asked before a text of `length` characters is made. */
  text(length: number): void {
    if (!(length <= this.limits.textLength))
      fail(
        `a text grows beyond ${this.limits.textLength.toLocaleString("en")} characters`,
        "Look for a loop or a width that is too large.",
      );
    this.step(1 + (length >>> 4));
  }

  /** To be asked before a list of `length` items is made. */
  list(length: number): void {
    if (!(length <= this.limits.textLength)) fail(`a list grows beyond ${this.limits.textLength.toLocaleString("en")} items`);
    this.step(1 + length);
  }

  enter(what: string): void {
    if (++this.#depth > this.limits.depth)
      fail(`${what} nests deeper than ${String(this.limits.depth)} levels`, "Look for something that calls or includes itself.");
  }

  leave(): void {
    this.#depth--;
  }
}
