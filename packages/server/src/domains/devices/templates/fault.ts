/** What goes wrong in a template, before it is known where. The place is added once, by whoever ran the template. */

/** Thrown by everything below; becomes a Problem `template_error` with file, line and column. */
export class TemplateFault extends Error {
  /** What the author can do about it; empty where the sentence says so already. */
  readonly mend: string;
  /** Set by the parser, which knows its place better than the run does. */
  readonly place: Place | undefined;

  constructor(say: string, mend = "", place?: Place) {
    super(say);
    this.name = "TemplateFault";
    this.mend = mend;
    this.place = place;
  }
}

/** A place in a template; line and column count from 1. */
export interface Place {
  template: string;
  line: number;
  column: number;
}

/** Stops with a sentence and, where there is one, the mend. */
export function fail(say: string, mend = ""): never {
  throw new TemplateFault(say, mend);
}
