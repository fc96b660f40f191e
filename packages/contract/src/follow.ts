/** Follows the live stream over any number of lost connections, without losing or repeating an event. */
import { backoffMs, isProblem, systemClock, type Clock } from "@holdfast/kit";
import type { Client } from "./client.ts";
import type { LiveEvent } from "./system.ts";

export interface FollowOptions {
  /** Go on after the event with this id; without it, only what happens from now on. */
  after?: string;
  signal?: AbortSignal;
  /** `live`: connected. `stale`: cut off, trying again. For a badge. */
  onState?: (state: "live" | "stale") => void;
  clock?: Clock;
}

/**
 * Live events, oldest first; connects again by itself (backoff up to 30 s) from the last event it gave.
 * Ends when the signal aborts. @throws Problem `unauthenticated` or `forbidden`: then trying again is no use.
 */
export async function* follow(client: Pick<Client, "system">, options: FollowOptions = {}): AsyncGenerator<LiveEvent, void, undefined> {
  const { signal, clock = systemClock } = options;
  let last = options.after;
  for (let failures = 1; ; failures++) {
    if (signal?.aborted) return;
    try {
      for await (const event of await client.system.events(undefined, { ...(signal && { signal }), ...(last && { lastEventId: last }) })) {
        failures = 0;
        last = event.id;
        // The first event of a connection only tells where the stream stands, so that nothing is missed should it break at once.
        if (event.type === streamOpened) options.onState?.("live");
        else yield event;
      }
    } catch (thrown) {
      if (isProblem(thrown) && (thrown.kind === "unauthenticated" || thrown.kind === "forbidden")) throw thrown;
    }
    if (signal?.aborted) return;
    options.onState?.("stale");
    await clock.sleep(backoffMs(failures, 1000), signal).catch(() => undefined); // rejects only when aborted; the loop sees that
  }
}

/** Type of the first event of every connection; its id is where the stream stands. */
export const streamOpened = "system.stream.opened";
