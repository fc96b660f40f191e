/** Every view that has an address. */
import type { Client } from "@holdfast/contract";
import { furnish } from "./furnish.ts";

export interface Place {
  /** For findings and pictures. */
  name: string;
  path: string;
}

const fixed: Record<string, string> = {
  overview: "/",
  devices: "/devices",
  "devices-none": "/devices?q=nothing-is-called-this",
  "device-new": "/devices/new",
  "device-import": "/devices/import",
  drift: "/drift",
  repositories: "/repositories",
  "repository-new": "/repositories/new",
  plans: "/plans",
  rollouts: "/rollouts",
  findings: "/findings?state=resolved",
  audit: "/audit",
  "audit-entry": "/audit?entry=1",
  nowhere: "/nowhere",
};

const fixedSettings: Record<string, string> = {
  profile: "/settings/profile",
  sessions: "/settings/sessions",
  "device-code": "/device",
  people: "/settings/people",
  "people-none": "/settings/people?q=nobody-is-called-this",
  "person-new": "/settings/people/new",
  keys: "/settings/keys",
  "key-new": "/settings/keys/new",
  secrets: "/settings/secrets",
  "secret-new": "/settings/secrets/new",
};

/** Views of people, roles, machines, secrets and certificates, which are made for it. */
export async function settingsPlacesOf(client: Client): Promise<Place[]> {
  return Object.entries({ ...fixedSettings, ...(await furnish(client)) }).map(([name, path]) => ({ name, path }));
}

/** A view of what is not there. */
export const nothingThere: Place[] = [{ name: "person-unknown", path: "/settings/people/usr_nobody" }];

/** Views of what a person who is signed in can see; the details are of the things that are there. */
export async function placesOf(client: Client): Promise<Place[]> {
  const [secrets, devices, repositories, plans, rollouts, findings] = await Promise.all([
    client.secrets.list({}),
    client.devices.list({ q: "lyon-core-1" }),
    client.repositories.list({}),
    client.plans.list({ limit: 200 }),
    client.rollouts.list({ limit: 200 }),
    client.findings.list({}),
  ]);
  const device = `/devices/${devices.items[0]?.name}`;
  const repository = `/repositories/${repositories.items[0]?.id}`;
  const plan = `/plans/${plans.items.at(-1)?.id}`;
  const done = `/rollouts/${rollouts.items.find(({ state }) => state === "succeeded")?.id}`;
  const undone = rollouts.items.find(({ state }) => state === "reverted");
  const touched = undone === undefined ? undefined : (await client.rollouts.get({ id: undone.id })).targets[0]?.target;
  const found: Record<string, string> = {
    device,
    "device-running": `${device}?tab=running`,
    "device-versions": `${device}?tab=versions`,
    "device-drift": `${device}?tab=drift`,
    "device-timeline": `${device}?tab=timeline`,
    "device-edit": `${device}/edit`,
    "device-host-key": `${device}/host-key`,
    repository,
    "repository-edit": `${repository}/edit`,
    plan,
    "plan-rollouts": `/rollouts?plan=${plans.items.at(-1)?.id}`,
    "plan-changes": `${plan}?view=changes`,
    "plan-commands": `${plan}?view=commands`,
    "plan-roll-out": `${plan}/roll-out`,
    "rollout-succeeded": done,
    "rollout-reverted": `/rollouts/${undone?.id}`,
    "rollout-target": `/rollouts/${undone?.id}?target=${touched}`,
    "secret-used": `/settings/secrets/${secrets.items[0]?.id}`,
    finding: `/findings/${findings.items[0]?.id}`,
  };
  return Object.entries({ ...fixed, ...found }).map(([name, path]) => ({ name, path }));
}

/** Views of who is not signed in. */
export const doors: Place[] = [
  { name: "sign-in", path: "/sign-in" },
  { name: "setup", path: "/setup" },
  { name: "link", path: "/link" },
  { name: "invitation", path: "/invitation" },
  { name: "reset", path: "/reset" },
  { name: "forgot", path: "/forgot" },
];
