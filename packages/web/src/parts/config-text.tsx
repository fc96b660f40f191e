/** A configuration to read: numbered, in one piece, so that the browser's own search finds everything. */
import { useMemo } from "react";
import classes from "./config-text.module.css";

export function ConfigText({ text, label }: { text: string; label: string }) {
  const numbers = useMemo(() => {
    const lines = text.replace(/\n$/, "").split("\n").length;
    return Array.from({ length: lines }, (_, line) => line + 1).join("\n");
  }, [text]);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a wide line scrolls; a region that scrolls can be reached with the keyboard
    <div className={classes["config"]} role="group" aria-label={label} tabIndex={0}>
      <pre aria-hidden="true" className={classes["numbers"]}>
        {numbers}
      </pre>
      <pre className={classes["text"]}>{text}</pre>
    </div>
  );
}
