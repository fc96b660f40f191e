/** How grave an entry is, as a look; and the times that the trail is asked for. Pure. */
import type { AuditSeverity } from "@holdfast/contract";
import type { Look } from "../../parts/states.ts";

export const auditLooks: Record<AuditSeverity, Look> = {
  critical: { tone: "bad", shape: "diamond", word: "critical" },
  warning: { tone: "warn", shape: "alert", word: "warning" },
  info: { tone: "mute", shape: "dot", word: "info" },
};

const minuteMs = 60_000;
/** Spans to look back; in the URL by their key. */
export const spans = { "1h": 60 * minuteMs, "24h": 1440 * minuteMs, "7d": 7 * 1440 * minuteMs, "30d": 30 * 1440 * minuteMs } as const;
export type Span = keyof typeof spans;

export const spanChoices: { value: Span; label: string }[] = [
  { value: "1h", label: "Last hour" },
  { value: "24h", label: "Last 24 hours" },
  { value: "7d", label: "Last 7 days" },
  { value: "30d", label: "Last 30 days" },
];

/** When the span began, to the full minute: the question stays the same while its answer is read again. Undefined for what is no span. */
export function sinceOf(span: string | undefined, nowMs: number): string | undefined {
  if (span === undefined || !Object.hasOwn(spans, span)) return undefined;
  return new Date(Math.floor((nowMs - spans[span as Span]) / minuteMs) * minuteMs).toISOString();
}
