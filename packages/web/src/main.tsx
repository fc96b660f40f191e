/** Starts the console. */
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./app/tokens.css";
import { MantineProvider } from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { Notifications } from "@mantine/notifications";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import { isProblem } from "@holdfast/kit";
import { askWith } from "./app/api.ts";
import { shareNonce, styleNonce } from "./app/nonce.ts";
import { isSignedOut } from "./app/problem-view.ts";
import { makeRouter } from "./app/router.tsx";
import { schemeManager } from "./app/scheme.ts";
import { theme } from "./app/theme.ts";

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: whenSignedOut }),
  mutationCache: new MutationCache({ onError: whenSignedOut }),
  defaultOptions: {
    queries: {
      // The live stream says what is old; until it does, an answer counts.
      staleTime: 30_000,
      // Only what may pass by itself is tried again: a refusal stays one.
      retry: (failures, thrown) => failures < 2 && isProblem(thrown) && thrown.kind === "unavailable",
      retryDelay: (attempt) => 400 * 2 ** attempt,
    },
  },
});
const router = makeRouter(queries);

/** The session ended while a page was open: sign in again, then back to it. */
function whenSignedOut(thrown: unknown): void {
  const { pathname, href } = router.state.location;
  if (
    !isSignedOut(thrown) ||
    ["/sign-in", "/setup", "/link", "/invitation", "/reset", "/forgot"].includes(pathname) ||
    router.state.status === "pending"
  )
    return;
  queries.removeQueries();
  void router.navigate({ to: "/sign-in", search: { next: href } });
}

shareNonce();
askWith(async () => (await import("./app/prove-again.tsx")).proveAgain());
const place = document.getElementById("root");
if (place === null) throw new Error("index.html has no #root");
createRoot(place).render(
  <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={schemeManager} getStyleNonce={styleNonce}>
    <QueryClientProvider client={queries}>
      <ModalsProvider>
        <RouterProvider router={router} />
      </ModalsProvider>
      <Notifications position="bottom-right" />
    </QueryClientProvider>
  </MantineProvider>,
);
