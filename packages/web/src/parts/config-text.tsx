/** A configuration to read: numbered, in one piece, so that the browser's own search finds everything. */
import { useMemo } from "react";
import classes from "./config-text.module.css";
import { scrollable } from "./scrollable.ts";

export function ConfigText({ text, label }: { text: string; label: string }) {
  const numbers = useMemo(() => {
    const lines = text.replace(/\n$/, "").split("\n").length;
    return Array.from({ length: lines }, (_, line) => line + 1).join("\n");
  }, [text]);
  return (
    <figure className={classes["config"]} aria-label={label} {...scrollable}>
      <pre aria-hidden="true" className={classes["numbers"]}>
        {numbers}
      </pre>
      <pre className={classes["text"]}>{text}</pre>
    </figure>
  );
}
