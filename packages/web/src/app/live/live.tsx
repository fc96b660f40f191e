/** The live stream: keeps what is on the screen true, and says when it cannot. */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useState, type ReactNode } from "react";
import { follow } from "virtual:contract";
import { api } from "../api.ts";
import { serverNow } from "../clock.ts";
import { isSignedOut } from "../problem-view.ts";
import { createRefresher } from "./refresher.ts";
import { touchedBy } from "./touched.ts";

export type Liveness = { state: "connecting" | "live" } | { state: "stale"; sinceMs: number };

const Context = createContext<Liveness>({ state: "connecting" });

export function useLiveness(): Liveness {
  return use(Context);
}

interface LiveProps {
  onSignedOut: () => void;
  children: ReactNode;
}

export function Live({ onSignedOut, children }: LiveProps) {
  const queries = useQueryClient();
  const [liveness, setLiveness] = useState<Liveness>({ state: "connecting" });
  useEffect(() => {
    const refresher = createRefresher((key) => queries.invalidateQueries({ queryKey: key }));
    let last: string | undefined;
    let cut = false;
    let connection = new AbortController();
    const onState = (state: "live" | "stale"): void => {
      if (state === "stale") {
        cut = true;
        setLiveness((was) => (was.state === "stale" ? was : { state: "stale", sinceMs: serverNow() }));
        return;
      }
      setLiveness({ state: "live" });
      // The stream goes on where it broke; reading again covers what the server no longer keeps.
      if (cut) void queries.invalidateQueries();
      cut = false;
    };
    const listen = async (): Promise<void> => {
      const { signal } = connection;
      try {
        for await (const event of follow(api, { signal, onState, ...(last !== undefined && { after: last }) })) {
          last = event.id;
          refresher.touch(touchedBy(event));
        }
      } catch (thrown) {
        if (isSignedOut(thrown)) onSignedOut();
        else onState("stale");
      }
    };
    // Somebody comes back to the page, or to the network: no need to wait for the next try.
    const again = (): void => {
      if (!cut || document.visibilityState !== "visible") return;
      connection.abort();
      connection = new AbortController();
      void listen();
    };
    void listen();
    window.addEventListener("online", again);
    document.addEventListener("visibilitychange", again);
    return () => {
      window.removeEventListener("online", again);
      document.removeEventListener("visibilitychange", again);
      connection.abort();
    };
  }, [queries, onSignedOut]);
  return <Context value={liveness}>{children}</Context>;
}
