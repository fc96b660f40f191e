/** The small shapes of states; drawn here so that all of them have one weight. Always beside a word, or named. */
import type { ReactNode } from "react";
import type { Look, Shape, Tone } from "./states.ts";
import classes from "./glyph.module.css";

const solid = <circle cx="8" cy="8" r="7" fill="currentColor" />;
const outline = <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" strokeWidth="1.6" />;
const cut = { fill: "none", stroke: "var(--glyph-cut)", strokeWidth: 1.9, strokeLinecap: "round", strokeLinejoin: "round" } as const;
const drawn = { fill: "none", stroke: "currentColor", strokeWidth: 1.6, strokeLinecap: "round", strokeLinejoin: "round" } as const;

/** A ring that is filled clockwise from the top to a share of one. */
function pie(share: number): ReactNode {
  const around = 2 * Math.PI * 2;
  return (
    <>
      {outline}
      <circle
        cx="8"
        cy="8"
        r="2"
        fill="none"
        stroke="currentColor"
        strokeWidth="4"
        strokeDasharray={`${around * share} ${around}`}
        transform="rotate(-90 8 8)"
      />
    </>
  );
}

const shapes: Record<Shape, ReactNode> = {
  check: (
    <>
      {solid}
      <path d="M4.9 8.2l2.2 2.2 4.1-4.5" {...cut} />
    </>
  ),
  cross: (
    <>
      {solid}
      <path d="M5.5 5.5l5 5m0-5l-5 5" {...cut} />
    </>
  ),
  alert: (
    <>
      <path d="M8 1.3 15.2 14a.6.6 0 0 1-.5.9H1.3a.6.6 0 0 1-.5-.9Z" fill="currentColor" />
      <path d="M8 6v4M8 12.5v.1" {...cut} />
    </>
  ),
  diamond: (
    <>
      <path d="M8 .5 15.5 8 8 15.5.5 8Z" fill="currentColor" />
      <path d="M8 4.6v4M8 11.3v.1" {...cut} />
    </>
  ),
  up: <path d="M8 2.2 14.6 13.5H1.4Z" fill="currentColor" />,
  down: <path d="M8 13.8 1.4 2.5h13.2Z" fill="currentColor" />,
  square: <rect x="2.5" y="2.5" width="11" height="11" rx="1.5" fill="currentColor" />,
  dot: <circle cx="8" cy="8" r="4" fill="currentColor" />,
  ring: outline,
  dashed: <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2.4 2.1" />,
  question: (
    <>
      {outline}
      <path d="M6.3 6.4a1.75 1.75 0 1 1 2.5 1.6c-.5.25-.8.5-.8 1.1M8 11.2v.1" {...drawn} strokeWidth={1.4} />
    </>
  ),
  quarter: pie(0.25),
  half: pie(0.5),
  most: pie(0.75),
  spin: (
    <>
      <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" strokeWidth="1.8" opacity="0.28" />
      <path d="M8 1.8a6.2 6.2 0 0 1 6.2 6.2" {...drawn} strokeWidth={2} className={classes["spin"]} />
    </>
  ),
  pause: (
    <>
      {outline}
      <path d="M6.3 5.6v4.8M9.7 5.6v4.8" {...drawn} />
    </>
  ),
  back: (
    <>
      {solid}
      <path d="M6.6 4.6 4.4 6.8l2.2 2.2M4.6 6.8h4.2a2.3 2.3 0 0 1 0 4.6H7.4" {...cut} strokeWidth={1.6} />
    </>
  ),
  clock: (
    <>
      {outline}
      <path d="M8 4.6V8l2.3 1.5" {...drawn} />
    </>
  ),
  skip: (
    <>
      {outline}
      <path d="M3.9 12.1 12.1 3.9" {...drawn} />
    </>
  ),
  person: (
    <>
      {outline}
      <path
        d="M8 8.3a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8ZM4.7 12.2c.5-1.5 1.7-2.2 3.3-2.2s2.8.7 3.3 2.2"
        {...drawn}
        strokeWidth={1.3}
      />
    </>
  ),
};

interface GlyphProps {
  shape: Shape;
  tone: Tone;
  size?: number;
}

/** A shape without a word; the caller puts a word beside it. */
export function Glyph({ shape, tone, size = 14 }: GlyphProps) {
  return (
    <svg className={classes["glyph"]} data-tone={tone} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      {shapes[shape]}
    </svg>
  );
}

/** A state: its shape and its word. `said` replaces the word where the screen needs another. */
export function State({ look, said, quiet = false }: { look: Look; said?: ReactNode; quiet?: boolean }) {
  return (
    <span className={classes["state"]} data-tone={look.tone} data-quiet={quiet || undefined}>
      <Glyph shape={look.shape} tone={look.tone} />
      <span className="clip">{said ?? look.word}</span>
    </span>
  );
}
