/** How near an end is: of a key, a certificate, a secret. The same days as the findings about it: 30, 7, 1. Pure. */
import { span } from "./format.ts";
import type { Look } from "./states.ts";

const day = 86_400_000;

/** `nowMs` and `atMs` in milliseconds since 1970. */
export function endLook(atMs: number, nowMs: number): Look {
  const left = atMs - nowMs;
  if (left <= 0) return { tone: "bad", shape: "cross", word: `ended ${span(-left)} ago` };
  const word = left > 400 * day ? `in ${Math.floor(left / (365 * day))} years` : `in ${span(left)}`;
  if (left <= day) return { tone: "bad", shape: "alert", word };
  if (left <= 7 * day) return { tone: "hot", shape: "alert", word };
  return left <= 30 * day ? { tone: "warn", shape: "clock", word } : { tone: "ok", shape: "dot", word };
}
