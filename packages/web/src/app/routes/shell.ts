/** The root of all views, and the frame of those that need somebody who is signed in. */
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, Outlet, redirect } from "@tanstack/react-router";
import { isSignedOut } from "../problem-view.ts";
import { read } from "../reads.ts";
import { meRead } from "../session.ts";
import { Shell } from "../shell/shell.tsx";

export const root = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Outlet });

export const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    try {
      const me = await context.queries.ensureQueryData(meRead());
      if (me.must !== undefined) redirect({ to: "/enrol", throw: true });
    } catch (thrown) {
      if (!isSignedOut(thrown)) throw thrown;
      const { needed } = await context.queries.ensureQueryData(read("identity.setupState", undefined));
      if (needed) redirect({ to: "/setup", throw: true });
      redirect({ to: "/sign-in", search: location.href === "/" ? {} : { next: location.href }, throw: true });
    }
  },
});

export const inShell = { getParentRoute: () => shell };
