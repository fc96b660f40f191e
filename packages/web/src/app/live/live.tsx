/** Whether what is on the screen is true now, for everything below. */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useState, type ReactNode } from "react";
import { serverNow } from "../clock.ts";
import { listen } from "./listen.ts";

export type Liveness = { state: "connecting" | "live" } | { state: "stale"; sinceMs: number };

const Context = createContext<Liveness>({ state: "connecting" });

export function useLiveness(): Liveness {
  return use(Context);
}

export function Live({ onSignedOut, children }: { onSignedOut: () => void; children: ReactNode }) {
  const queries = useQueryClient();
  const [liveness, setLiveness] = useState<Liveness>({ state: "connecting" });
  useEffect(
    () =>
      listen({
        queries,
        onSignedOut,
        onState: (state) =>
          setLiveness((was) => (state === "live" ? { state } : was.state === "stale" ? was : { state: "stale", sinceMs: serverNow() })),
      }),
    [queries, onSignedOut],
  );
  return <Context value={liveness}>{children}</Context>;
}
