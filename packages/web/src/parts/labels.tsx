/** Labels of an asset, as key=value. */
import classes from "./labels.module.css";

/** `line`: on one line, cut off where there is no room; for lists. */
export function Labels({ labels, most = 99, line = false }: { labels: Record<string, string>; most?: number; line?: boolean }) {
  const all = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  if (all.length === 0) return <span className="dim">none</span>;
  const rest = all.length - most;
  return (
    <span className={classes["labels"]} data-line={line || undefined}>
      {all.slice(0, most).map(([key, value]) => (
        <span key={key} className={classes["label"]}>
          <span className="dim">{key}=</span>
          {value}
        </span>
      ))}
      {rest > 0 && <span className="dim">+{rest}</span>}
    </span>
  );
}
