/** The same thing as a command line and as an API call, ready to copy. */
import type { Lines } from "../app/as-code.ts";
import { Copy } from "./copy.tsx";
import classes from "./code-lines.module.css";
import { scrollable } from "./scrollable.ts";

interface CodeLinesProps {
  lines: Lines;
  title?: string;
}

export function CodeLines({ lines, title }: CodeLinesProps) {
  return (
    <div className={classes["lines"]}>
      {title !== undefined && <p className={classes["title"]}>{title}</p>}
      {lines.command !== undefined && <Line what="command line" text={lines.command} />}
      <Line what="API call" text={lines.api} />
    </div>
  );
}

function Line({ what, text }: { what: string; text: string }) {
  return (
    <div className={classes["line"]}>
      <span className={classes["what"]}>{what}</span>
      <figure {...scrollable} aria-label={what}>
        <pre>{text}</pre>
      </figure>
      <Copy text={text} what={what} />
    </div>
  );
}

/** Folded away until asked for; at the foot of forms and confirmations. */
export function CodeFold({ lines }: CodeLinesProps) {
  return (
    <details className={classes["fold"]}>
      <summary>The same as a command or an API call</summary>
      <CodeLines lines={lines} />
    </details>
  );
}
