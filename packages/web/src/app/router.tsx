/** Every view and its URL. Pages are fetched when they are first shown. */
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  parseSearchWith,
  redirect,
  stringifySearchWith,
} from "@tanstack/react-router";
import { Coming, Failed, Lost } from "./fallbacks.tsx";
import { isSignedOut } from "./problem-view.ts";
import { read } from "./reads.ts";
import { texts } from "./search.ts";
import { meRead } from "./session.ts";
import { Shell } from "./shell/shell.tsx";

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Outlet });

const identity = () => import("../pages/identity/doors.tsx");
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: texts("next"),
  component: lazyRouteComponent(identity, "SignInPage"),
});
const setup = createRoute({ getParentRoute: () => root, path: "/setup", component: lazyRouteComponent(identity, "SetupPage") });
const link = createRoute({ getParentRoute: () => root, path: "/link", component: lazyRouteComponent(identity, "LinkPage") });

const back = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/callback/$provider",
  component: lazyRouteComponent(() => import("../pages/identity/providers.tsx"), "ProviderBackPage"),
});

const newPassword = () => import("../pages/identity/new-password.tsx");
const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation",
  component: lazyRouteComponent(newPassword, "InvitationPage"),
});
const reset = createRoute({ getParentRoute: () => root, path: "/reset", component: lazyRouteComponent(newPassword, "ResetPage") });
const forgot = createRoute({ getParentRoute: () => root, path: "/forgot", component: lazyRouteComponent(newPassword, "ForgotPage") });
const enrol = createRoute({
  getParentRoute: () => root,
  path: "/enrol",
  component: lazyRouteComponent(() => import("../pages/identity/enrol.tsx"), "EnrolPage"),
});

const shell = createRoute({
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
const inShell = { getParentRoute: () => shell };

const overview = createRoute({
  ...inShell,
  path: "/",
  component: lazyRouteComponent(() => import("../pages/overview/overview-page.tsx"), "OverviewPage"),
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

const profile = createRoute({
  ...inShell,
  path: "/settings/profile",
  component: lazyRouteComponent(() => import("../pages/identity/profile-page.tsx"), "ProfilePage"),
});
const sessions = createRoute({
  ...inShell,
  path: "/settings/sessions",
  component: lazyRouteComponent(() => import("../pages/identity/sessions-page.tsx"), "SessionsPage"),
});
const deviceCode = createRoute({
  ...inShell,
  path: "/device",
  component: lazyRouteComponent(() => import("../pages/identity/device-page.tsx"), "DevicePage"),
});
const people = createRoute({
  ...inShell,
  path: "/settings/people",
  component: lazyRouteComponent(() => import("../pages/identity/people-page.tsx"), "PeoplePage"),
});
const newPerson = createRoute({
  getParentRoute: () => people,
  path: "new",
  component: lazyRouteComponent(() => import("../pages/identity/new-person.tsx"), "NewPerson"),
});
const keys = createRoute({
  ...inShell,
  path: "/settings/keys",
  component: lazyRouteComponent(() => import("../pages/identity/keys-page.tsx"), "KeysPage"),
});
const newKey = createRoute({
  getParentRoute: () => keys,
  path: "new",
  component: lazyRouteComponent(() => import("../pages/identity/new-key.tsx"), "NewKey"),
});
const secrets = createRoute({
  ...inShell,
  path: "/settings/secrets",
  component: lazyRouteComponent(() => import("../pages/secrets/secrets-page.tsx"), "SecretsPage"),
});
const secretForm = () => import("../pages/secrets/secret-form.tsx");
const newSecret = createRoute({ getParentRoute: () => secrets, path: "new", component: lazyRouteComponent(secretForm, "NewSecret") });
const replaceSecret = createRoute({
  getParentRoute: () => secrets,
  path: "$secret/replace",
  component: lazyRouteComponent(secretForm, "ReplaceSecret"),
});

/** Any other address: said inside the shell, so that the way on is at hand. */
const nowhere = createRoute({ ...inShell, path: "$", component: Lost });

const tree = root.addChildren([
  signIn,
  back,
  setup,
  link,
  invitation,
  reset,
  forgot,
  enrol,
  shell.addChildren([
    overview,
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
    profile,
    sessions,
    deviceCode,
    people.addChildren([newPerson]),
    keys.addChildren([newKey]),
    secrets.addChildren([newSecret, replaceSecret]),
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
