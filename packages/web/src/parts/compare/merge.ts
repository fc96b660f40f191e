/** CodeMirror's merge view, set up for reading: two configurations side by side, or one under the other where it is narrow. */
import { Change, getChunks, getOriginalDoc, MergeView, unifiedMergeView, type DiffConfig } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  GutterMarker,
  highlightSpecialChars,
  hoverTooltip,
  lineNumbers,
  lineNumberWidgetMarker,
} from "@codemirror/view";
import { styleNonce } from "../../app/nonce.ts";
import type { Aligned } from "./align.ts";

export interface LineSource {
  line: number;
  template: string;
  templateLine: number;
  data: string[];
}

export interface MergeParts {
  parent: HTMLElement;
  before: string;
  after: string;
  /** Accessible names of both sides. */
  names: [before: string, after: string];
  narrow: boolean;
  /** Laid side by side already: where they differ, and the numbers of the left lines. */
  aligned?: Pick<Aligned, "changes" | "beforeNumbers"> | undefined;
  sourceOf?: (line: number) => LineSource | undefined;
  /** The line of the right side that the cursor is on. */
  onLine?: (line: number | undefined) => void;
}

const collapseUnchanged = { margin: 4, minSize: 6 };

/** Where both sides differ: as they were aligned, or found here with a time limit that keeps the page answering. */
function diffOf({ aligned }: MergeParts): DiffConfig {
  if (aligned === undefined) return { scanLimit: 5000, timeout: 400 };
  // Made anew each time: the merge view shifts them in place.
  return { override: () => aligned.changes.map(({ fromA, toA, fromB, toB }) => new Change(fromA, toA, fromB, toB)) };
}

/** Draws it; the answer takes it away again. */
export function drawMerge(parts: MergeParts): () => void {
  const { parent, before, after, narrow } = parts;
  const diffConfig = diffOf(parts);
  const lines = after.split("\n").length;
  const right = [
    ...reading(parts.names[1], (line) => (line === lines && after.endsWith("\n") ? "" : String(line))),
    ...(parts.sourceOf ? [sources(parts.sourceOf)] : []),
    ...(parts.onLine ? [cursor(parts.onLine)] : []),
  ];
  if (narrow) {
    const view = new EditorView({
      doc: after,
      parent,
      extensions: [
        ...right,
        removedNumbers(parts),
        unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged, diffConfig, gutter: true }),
      ],
    });
    return () => view.destroy();
  }
  const view = new MergeView({
    a: { doc: before, extensions: reading(parts.names[0], (line) => leftNumber(parts, line)) },
    b: { doc: after, extensions: right },
    parent,
    collapseUnchanged,
    diffConfig,
    gutter: true,
  });
  return () => view.destroy();
}

function leftNumber({ aligned, before }: MergeParts, line: number): string {
  if (aligned === undefined) return line === before.split("\n").length && before.endsWith("\n") ? "" : String(line);
  const number = aligned.beforeNumbers[line - 1] ?? 0;
  return number === 0 ? "" : String(number);
}

/** The numbers of removed lines, which in one column are drawn between the others. */
function removedNumbers(parts: MergeParts): Extension {
  return lineNumberWidgetMarker.of((view, _widget, block) => {
    const chunk = getChunks(view.state)?.chunks.find(({ fromA, toA, fromB }) => toA > fromA && fromB === block.from);
    if (chunk === undefined) return null;
    const doc = getOriginalDoc(view.state);
    const [first, last] = [doc.lineAt(chunk.fromA).number, doc.lineAt(Math.min(doc.length, chunk.toA - 1)).number];
    return new Numbers(Array.from({ length: last - first + 1 }, (_, at) => leftNumber(parts, first + at)));
  });
}

/** Numbers one below the other, as tall as the lines they stand for. */
class Numbers extends GutterMarker {
  readonly #numbers: string[];
  constructor(numbers: string[]) {
    super();
    this.#numbers = numbers;
  }
  override eq(other: Numbers): boolean {
    return other.#numbers.join() === this.#numbers.join();
  }
  override toDOM(): HTMLElement {
    const dom = document.createElement("div");
    dom.className = "cm-removedNumbers";
    dom.textContent = this.#numbers.join("\n");
    return dom;
  }
}

function reading(name: string, numberOf: (line: number) => string): Extension[] {
  const touch = matchMedia("(pointer: coarse)").matches;
  return [
    EditorView.cspNonce.of(styleNonce()),
    EditorState.readOnly.of(true),
    // With a keyboard the cursor walks the lines; a touch screen would only show its own keyboard.
    EditorView.editable.of(!touch),
    EditorView.contentAttributes.of({ "aria-label": name, "aria-readonly": "true", tabindex: "0" }),
    lineNumbers({ formatNumber: numberOf }),
    highlightSpecialChars(),
    drawSelection(),
    look,
  ];
}

/** The source of a line, where the pointer rests. */
function sources(sourceOf: (line: number) => LineSource | undefined): Extension {
  return hoverTooltip((view, position) => {
    const line = view.state.doc.lineAt(position);
    const source = sourceOf(line.number);
    if (source === undefined) return null;
    return {
      pos: line.from,
      above: true,
      create: () => {
        const dom = document.createElement("div");
        dom.className = "cm-source";
        dom.textContent = saySource(source);
        return { dom };
      },
    };
  });
}

/** `templates/ios/base.j2:12 · data routing.ospf.area`. */
export function saySource(source: LineSource): string {
  return [`${source.template}:${source.templateLine}`, ...(source.data.length > 0 ? [`data ${source.data.join(", ")}`] : [])].join(" · ");
}

function cursor(onLine: (line: number | undefined) => void): Extension {
  return EditorView.updateListener.of((update) => {
    if (!update.selectionSet && !update.focusChanged) return;
    onLine(update.view.hasFocus ? update.state.doc.lineAt(update.state.selection.main.head).number : undefined);
  });
}

const look = EditorView.theme({
  "&": { backgroundColor: "var(--panel)", color: "var(--text)", fontSize: "0.75rem" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--accent)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 25%, transparent)",
  },
  ".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--dim)", borderRight: "0" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 10px 0 12px", minWidth: "36px" },
  ".cm-removedNumbers": { whiteSpace: "pre", lineHeight: "1.6" },
  ".cm-collapsedLines:before, .cm-collapsedLines:after": { content: '"↕"' },
  ".cm-collapsedLines": { background: "var(--sunken)", color: "var(--dim)", padding: "2px 12px", fontFamily: "var(--mono)" },
  "&.cm-merge-a .cm-changedLine, .cm-deletedChunk, .cm-deletedLine": { backgroundColor: "var(--diff-remove)" },
  "&.cm-merge-b .cm-changedLine, .cm-insertedLine": { backgroundColor: "var(--diff-add)" },
  "&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText": { background: "var(--diff-remove-word)", borderRadius: "2px" },
  "&.cm-merge-b .cm-changedText": { background: "var(--diff-add-word)", borderRadius: "2px" },
  "&.cm-merge-a .cm-changedLineGutter, .cm-deletedLineGutter": { background: "var(--bad)" },
  "&.cm-merge-b .cm-changedLineGutter": { background: "var(--ok)" },
  ".cm-tooltip": { border: "1px solid var(--line-strong)", borderRadius: "5px", background: "var(--panel)", color: "var(--text)" },
  ".cm-source": { padding: "4px 8px", fontFamily: "var(--mono)", fontSize: "0.75rem", maxWidth: "min(560px, 80vw)" },
});
