/** The text a template makes, and for each of its lines where it came from. */
import { joined } from "./show.ts";
import { isBlank } from "./text.ts";
import type { Place } from "./fault.ts";
import type { Work } from "./work.ts";

/** Where one line of the result came from. */
export interface LineSource {
  template: string;
  /** From 1. */
  templateLine: number;
  /** Paths in the data, e.g. `device.interfaces[0].ip`; those that made the line where its text has none. */
  data: string[];
}

/** How much a source says about its line: nothing yet, only its spaces, its words. */
type Weight = 0 | 1 | 2;

interface Line {
  place: Place | undefined;
  weight: Weight;
  data: Set<string>;
  /** What the line stands under: the item of a loop, the condition. */
  reason: readonly string[];
}

/** What is written: from which place, with which data. `moves`: the place moves on with each line of the text. */
export interface Writing {
  place: Place;
  moves: boolean;
  data: ReadonlySet<string> | undefined;
  reason: readonly string[];
}

/** Most paths kept for one line. */
const mostPaths = 16;

export class Sheet {
  readonly #work: Work;
  readonly #parts: string[] = [];
  #length = 0;
  readonly #lines: Line[] = [emptyLine()];

  constructor(work: Work) {
    this.#work = work;
  }

  get text(): string {
    return this.#parts.length === 1 ? (this.#parts[0] ?? "") : joined(this.#parts, "", this.#work);
  }

  write(text: string, writing: Writing): void {
    if (text === "") return;
    this.#append(text);
    const pieces = text.split("\n");
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) this.#lines.push(emptyLine());
      if (piece === "" && i === pieces.length - 1) break;
      this.#note(writing.moves ? { ...writing.place, line: writing.place.line + i } : writing.place, piece, writing);
    }
  }

  /** Writes a text whose lines have sources of their own: `text` is what `other` holds, perhaps changed line by line. */
  splice(text: string, other: Sheet, writing: Writing): void {
    if (text === "") return;
    this.#append(text);
    for (const [i, piece] of text.split("\n").entries()) {
      if (i > 0) this.#lines.push(emptyLine());
      const line = other.#lines[i];
      if (!line?.place) continue;
      this.#note(line.place, piece, {
        ...writing,
        data: line.data.size > 0 ? line.data : writing.data,
        reason: line.reason.length > 0 ? line.reason : writing.reason,
      });
    }
  }

  #append(text: string): void {
    this.#length += text.length;
    this.#work.text(this.#length > this.#work.limits.textLength ? this.#length : text.length);
    this.#parts.push(text);
  }

  #note(place: Place, piece: string, { data, reason }: Writing): void {
    const line = this.#lines.at(-1);
    if (!line) return;
    const weight: Weight = piece === "" || isBlank(piece) ? 1 : 2;
    if (weight > line.weight) {
      line.place = place;
      line.weight = weight;
      line.reason = reason;
    }
    for (const path of data ?? []) if (line.data.size < mostPaths) line.data.add(path);
  }

  /** One for each line of the text; a line end at the very end begins no line. */
  sources(fallback: Place): LineSource[] {
    const lines = this.text.endsWith("\n") || this.#length === 0 ? this.#lines.slice(0, -1) : this.#lines;
    return lines.map(({ place = fallback, data, reason }) => ({
      template: place.template,
      templateLine: place.line,
      data: leaves(data.size > 0 ? [...data] : reason),
    }));
  }
}

function emptyLine(): Line {
  return { place: undefined, weight: 0, data: new Set(), reason: [] };
}

/** Without the containers that were only stepped through on the way to what was read. */
function leaves(paths: readonly string[]): string[] {
  return paths.filter(
    (path) => !paths.some((other) => other.length > path.length && other.startsWith(path) && /[.[]/.test(other.charAt(path.length))),
  );
}
