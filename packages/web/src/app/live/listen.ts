/** Follows the live stream for as long as the console is open, and keeps what was read true. */
import type { QueryClient } from "@tanstack/react-query";
import type { LiveEvent, Rollout } from "@holdfast/contract";
import { follow } from "virtual:contract";
import { api } from "../api.ts";
import { isSignedOut } from "../problem-view.ts";
import { keyOf } from "../read-keys.ts";
import { noteGone } from "./gone.ts";
import { patchRollout } from "./patch.ts";
import { createRefresher } from "./refresher.ts";
import { touchedBy } from "./touched.ts";

interface ListenParts {
  queries: QueryClient;
  onState: (state: "live" | "stale") => void;
  onSignedOut: () => void;
}

/** Starts; the answer stops it. */
export function listen({ queries, onState, onSignedOut }: ListenParts): () => void {
  const refresher = createRefresher((key) => queries.invalidateQueries({ queryKey: key }));
  let last: string | undefined;
  let cut = false;
  let connection = new AbortController();
  const tell = (state: "live" | "stale"): void => {
    onState(state);
    // The stream goes on where it broke; reading again covers what the server no longer keeps.
    if (state === "live" && cut) void queries.invalidateQueries();
    cut = state === "stale";
  };
  const connect = async (signal: AbortSignal): Promise<void> => {
    try {
      for await (const event of follow(api, { signal, onState: tell, ...(last !== undefined && { after: last }) })) {
        last = event.id;
        patch(queries, event);
        noteGone(queries, event);
        refresher.touch(touchedBy(event));
      }
    } catch (thrown) {
      if (isSignedOut(thrown)) onSignedOut();
      else tell("stale");
    }
  };
  // Somebody comes back to the page, or to the network: no need to wait for the next try.
  const again = (): void => {
    if (!cut || document.visibilityState !== "visible") return;
    connection.abort();
    connection = new AbortController();
    void connect(connection.signal);
  };
  void connect(connection.signal);
  window.addEventListener("online", again);
  document.addEventListener("visibilitychange", again);
  return () => {
    window.removeEventListener("online", again);
    document.removeEventListener("visibilitychange", again);
    connection.abort();
  };
}

function patch(queries: QueryClient, event: LiveEvent): void {
  if (!event.subject.startsWith("rollout:")) return;
  const id = event.subject.slice("rollout:".length);
  queries.setQueryData<Rollout>(keyOf("rollouts.get", { id }), (rollout) => rollout && patchRollout(rollout, event));
}
