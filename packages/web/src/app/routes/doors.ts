/** The ways in. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { texts } from "../search.ts";
import { root } from "./shell.ts";

const identity = () => import("../../pages/identity/doors.tsx");
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
  component: lazyRouteComponent(() => import("../../pages/identity/provider-back.tsx"), "ProviderBackPage"),
});

const newPassword = () => import("../../pages/identity/new-password.tsx");
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
  component: lazyRouteComponent(() => import("../../pages/identity/enrol.tsx"), "EnrolPage"),
});

export const doorRoutes = [signIn, back, setup, link, invitation, reset, forgot, enrol] as const;
