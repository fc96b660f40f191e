/** Every view and its URL. Pages are fetched when they are first shown. */
import type { QueryClient } from "@tanstack/react-query";
import { createRoute, createRouter, lazyRouteComponent, parseSearchWith, stringifySearchWith } from "@tanstack/react-router";
import { Coming, Failed, Lost } from "./fallbacks.tsx";
import { doorRoutes } from "./routes/doors.ts";
import { settingsRoutes } from "./routes/settings.ts";
import { inShell, root, shell } from "./routes/shell.ts";
import { texts } from "./search.ts";

const overview = createRoute({
  ...inShell,
  path: "/",
  component: lazyRouteComponent(() => import("../pages/overview/overview-page.tsx"), "OverviewPage"),
});

const welcome = createRoute({
  ...inShell,
  path: "/welcome",
  validateSearch: texts("step"),
  component: lazyRouteComponent(() => import("../pages/overview/welcome/welcome-page.tsx"), "WelcomePage"),
});

const devices = createRoute({
  ...inShell,
  path: "/devices",
  validateSearch: texts("q", "site", "platform", "drift", "selector", "sort"),
  component: lazyRouteComponent(() => import("../pages/devices/devices-page.tsx"), "DevicesPage"),
});
const deviceForm = () => import("../pages/devices/device-form.tsx");
const newDevice = createRoute({ getParentRoute: () => devices, path: "new", component: lazyRouteComponent(deviceForm, "NewDevice") });
const importDevices = createRoute({
  getParentRoute: () => devices,
  path: "import",
  component: lazyRouteComponent(() => import("../pages/devices/import-devices.tsx"), "ImportDevices"),
});
const device = createRoute({
  ...inShell,
  path: "/devices/$device",
  validateSearch: texts("tab", "version", "from"),
  component: lazyRouteComponent(() => import("../pages/devices/device-page.tsx"), "DevicePage"),
});
const editDevice = createRoute({ getParentRoute: () => device, path: "edit", component: lazyRouteComponent(deviceForm, "EditDevice") });
const hostKey = createRoute({
  getParentRoute: () => device,
  path: "host-key",
  component: lazyRouteComponent(() => import("../pages/devices/host-key.tsx"), "HostKey"),
});
const drift = createRoute({
  ...inShell,
  path: "/drift",
  validateSearch: texts("device"),
  component: lazyRouteComponent(() => import("../pages/devices/drift-page.tsx"), "DriftPage"),
});

const repositories = createRoute({
  ...inShell,
  path: "/repositories",
  component: lazyRouteComponent(() => import("../pages/repositories/repositories-page.tsx"), "RepositoriesPage"),
});
const repositoryForm = () => import("../pages/repositories/repository-form.tsx");
const newRepository = createRoute({
  getParentRoute: () => repositories,
  path: "new",
  component: lazyRouteComponent(repositoryForm, "NewRepository"),
});
const repository = createRoute({
  ...inShell,
  path: "/repositories/$repository",
  component: lazyRouteComponent(() => import("../pages/repositories/repository-page.tsx"), "RepositoryPage"),
});
const editRepository = createRoute({
  getParentRoute: () => repository,
  path: "edit",
  component: lazyRouteComponent(repositoryForm, "EditRepository"),
});

const plans = createRoute({
  ...inShell,
  path: "/plans",
  component: lazyRouteComponent(() => import("../pages/rollout/plans-page.tsx"), "PlansPage"),
});
const plan = createRoute({
  ...inShell,
  path: "/plans/$plan",
  validateSearch: texts("target", "view", "q"),
  component: lazyRouteComponent(() => import("../pages/rollout/plan-page.tsx"), "PlanPage"),
});
const rollOut = createRoute({
  getParentRoute: () => plan,
  path: "roll-out",
  component: lazyRouteComponent(() => import("../pages/rollout/roll-out.tsx"), "RollOut"),
});
const rollouts = createRoute({
  ...inShell,
  path: "/rollouts",
  validateSearch: texts("state", "plan"),
  component: lazyRouteComponent(() => import("../pages/rollout/rollouts-page.tsx"), "RolloutsPage"),
});
const rollout = createRoute({
  ...inShell,
  path: "/rollouts/$rollout",
  validateSearch: texts("target"),
  component: lazyRouteComponent(() => import("../pages/rollout/rollout-page.tsx"), "RolloutPage"),
});

const findings = createRoute({
  ...inShell,
  path: "/findings",
  validateSearch: texts("q", "state", "severity", "kind", "sort"),
  component: lazyRouteComponent(() => import("../pages/findings/findings-page.tsx"), "FindingsPage"),
});
const finding = createRoute({
  getParentRoute: () => findings,
  path: "$finding",
  component: lazyRouteComponent(() => import("../pages/findings/finding-drawer.tsx"), "FindingDrawer"),
});

const audit = createRoute({
  ...inShell,
  path: "/audit",
  validateSearch: texts("q", "actor", "action", "subject", "severity", "type", "span", "entry"),
  component: lazyRouteComponent(() => import("../pages/audit/audit-page.tsx"), "AuditPage"),
});

/** Any other address: said inside the shell, so that the way on is at hand. */
const nowhere = createRoute({ ...inShell, path: "$", component: Lost });

const tree = root.addChildren([
  ...doorRoutes,
  shell.addChildren([
    overview,
    welcome,
    devices.addChildren([newDevice, importDevices]),
    device.addChildren([editDevice, hostKey]),
    drift,
    repositories.addChildren([newRepository]),
    repository.addChildren([editRepository]),
    plans,
    plan.addChildren([rollOut]),
    rollouts,
    rollout,
    findings.addChildren([finding]),
    audit,
    ...settingsRoutes,
    nowhere,
  ]),
]);

export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    // Searches are plain texts: `?q=10` stays `?q=10`.
    parseSearch: parseSearchWith((text) => text),
    stringifySearch: stringifySearchWith(String),
    defaultErrorComponent: Failed,
    defaultNotFoundComponent: Lost,
    defaultPendingComponent: Coming,
    defaultPendingMs: 120,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
