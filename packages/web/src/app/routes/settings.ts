/** One's own settings, and those of everybody: people, roles, machines, secrets, certificates. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { texts } from "../search.ts";
import { inShell } from "./shell.ts";

const profile = createRoute({
  ...inShell,
  path: "/settings/profile",
  component: lazyRouteComponent(() => import("../../pages/identity/profile-page.tsx"), "ProfilePage"),
});
const sessions = createRoute({
  ...inShell,
  path: "/settings/sessions",
  component: lazyRouteComponent(() => import("../../pages/identity/sessions-page.tsx"), "SessionsPage"),
});
const deviceCode = createRoute({
  ...inShell,
  path: "/device",
  component: lazyRouteComponent(() => import("../../pages/identity/device-page.tsx"), "DevicePage"),
});
const keys = createRoute({
  ...inShell,
  path: "/settings/keys",
  component: lazyRouteComponent(() => import("../../pages/identity/keys-page.tsx"), "KeysPage"),
});
const newKey = createRoute({
  getParentRoute: () => keys,
  path: "new",
  component: lazyRouteComponent(() => import("../../pages/identity/new-key.tsx"), "NewKey"),
});

const peoplePages = () => import("../../pages/identity/people/people-page.tsx");
const people = createRoute({
  ...inShell,
  path: "/settings/people",
  validateSearch: texts("q", "show", "sort"),
  component: lazyRouteComponent(peoplePages, "PeoplePage"),
});
const newPerson = createRoute({
  getParentRoute: () => people,
  path: "new",
  component: lazyRouteComponent(() => import("../../pages/identity/people/new-person.tsx"), "NewPerson"),
});
const person = createRoute({
  ...inShell,
  path: "/settings/people/$person",
  validateSearch: texts("at"),
  component: lazyRouteComponent(() => import("../../pages/identity/people/person-page.tsx"), "PersonPage"),
});
const accessForm = () => import("../../pages/identity/people/access-form.tsx");
const personAccess = createRoute({
  getParentRoute: () => person,
  path: "access",
  component: lazyRouteComponent(accessForm, "PersonAccess"),
});

const roleForm = () => import("../../pages/identity/roles/role-form.tsx");
const roles = createRoute({
  ...inShell,
  path: "/settings/roles",
  component: lazyRouteComponent(() => import("../../pages/identity/roles/roles-page.tsx"), "RolesPage"),
});
const newRole = createRoute({ getParentRoute: () => roles, path: "new", component: lazyRouteComponent(roleForm, "NewRole") });
const role = createRoute({
  ...inShell,
  path: "/settings/roles/$role",
  component: lazyRouteComponent(() => import("../../pages/identity/roles/role-page.tsx"), "RolePage"),
});
const editRole = createRoute({ getParentRoute: () => role, path: "edit", component: lazyRouteComponent(roleForm, "EditRole") });

const machineForms = () => import("../../pages/identity/machines/machine-forms.tsx");
const machines = createRoute({
  ...inShell,
  path: "/settings/machines",
  component: lazyRouteComponent(() => import("../../pages/identity/machines/machines-page.tsx"), "MachinesPage"),
});
const newMachine = createRoute({ getParentRoute: () => machines, path: "new", component: lazyRouteComponent(machineForms, "NewMachine") });
const machine = createRoute({
  ...inShell,
  path: "/settings/machines/$account",
  validateSearch: texts("at"),
  component: lazyRouteComponent(() => import("../../pages/identity/machines/machine-page.tsx"), "MachinePage"),
});
const machineAccess = createRoute({
  getParentRoute: () => machine,
  path: "access",
  component: lazyRouteComponent(accessForm, "MachineAccess"),
});
const machineKey = createRoute({
  getParentRoute: () => machine,
  path: "new-key",
  component: lazyRouteComponent(machineForms, "NewMachineKey"),
});

const providerForm = () => import("../../pages/identity/providers/provider-form.tsx");
const providers = createRoute({
  ...inShell,
  path: "/settings/providers",
  component: lazyRouteComponent(() => import("../../pages/identity/providers/providers-page.tsx"), "ProvidersPage"),
});
const newProvider = createRoute({
  getParentRoute: () => providers,
  path: "new",
  component: lazyRouteComponent(providerForm, "NewProvider"),
});
const editProvider = createRoute({
  getParentRoute: () => providers,
  path: "$provider",
  component: lazyRouteComponent(providerForm, "EditProvider"),
});
const signingKeys = createRoute({
  ...inShell,
  path: "/settings/signing-keys",
  component: lazyRouteComponent(() => import("../../pages/identity/signing-keys-page.tsx"), "SigningKeysPage"),
});

const secretForm = () => import("../../pages/secrets/secret-form.tsx");
const secrets = createRoute({
  ...inShell,
  path: "/settings/secrets",
  validateSearch: texts("q", "sort"),
  component: lazyRouteComponent(() => import("../../pages/secrets/secrets-page.tsx"), "SecretsPage"),
});
const newSecret = createRoute({ getParentRoute: () => secrets, path: "new", component: lazyRouteComponent(secretForm, "NewSecret") });
const secret = createRoute({
  ...inShell,
  path: "/settings/secrets/$secret",
  component: lazyRouteComponent(() => import("../../pages/secrets/secret-page.tsx"), "SecretPage"),
});
const replaceSecret = createRoute({
  getParentRoute: () => secret,
  path: "replace",
  component: lazyRouteComponent(secretForm, "ReplaceSecret"),
});

const authorityForms = () => import("../../pages/pki/make-authorities.tsx");
const certificates = createRoute({
  ...inShell,
  path: "/settings/certificates",
  validateSearch: texts("q", "kind", "state", "sort"),
  component: lazyRouteComponent(() => import("../../pages/pki/certificates-page.tsx"), "CertificatesPage"),
});
const issue = createRoute({
  getParentRoute: () => certificates,
  path: "issue",
  component: lazyRouteComponent(() => import("../../pages/pki/issue-certificate.tsx"), "IssueCertificate"),
});
const initPki = createRoute({ getParentRoute: () => certificates, path: "init", component: lazyRouteComponent(authorityForms, "InitPki") });
const certificate = createRoute({
  getParentRoute: () => certificates,
  path: "$certificate",
  component: lazyRouteComponent(() => import("../../pages/pki/certificate-drawer.tsx"), "CertificateDrawer"),
});
const authorities = createRoute({
  ...inShell,
  path: "/settings/certificates/authorities",
  component: lazyRouteComponent(() => import("../../pages/pki/authorities-page.tsx"), "AuthoritiesPage"),
});
const importAuthority = createRoute({
  getParentRoute: () => authorities,
  path: "import",
  component: lazyRouteComponent(authorityForms, "ImportAuthority"),
});
const rootKey = createRoute({ getParentRoute: () => authorities, path: "root", component: lazyRouteComponent(authorityForms, "RootKey") });

export const settingsRoutes = [
  profile,
  sessions,
  deviceCode,
  keys.addChildren([newKey]),
  people.addChildren([newPerson]),
  person.addChildren([personAccess]),
  roles.addChildren([newRole]),
  role.addChildren([editRole]),
  machines.addChildren([newMachine]),
  machine.addChildren([machineAccess, machineKey]),
  providers.addChildren([newProvider, editProvider]),
  signingKeys,
  secrets.addChildren([newSecret]),
  secret.addChildren([replaceSecret]),
  certificates.addChildren([issue, initPki, certificate]),
  authorities.addChildren([importAuthority, rootKey]),
] as const;
