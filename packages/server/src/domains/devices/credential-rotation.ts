/**
 * Plans the exchange of credentials: a new version of each secret is made, all devices stay with the one that they have, and a plan moves
 * the chosen ones to it. A secret that is half-way is carried on with: whoever is behind moves to the newest version.
 */
import type { CredentialRotation, DeviceSignIn, Plan } from "@holdfast/contract";
import { Problem, type Clock } from "@holdfast/kit";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { entryBy, reachOf, type Asker, type Permitted } from "#platform/reach";
import type { Audit } from "#core/audit";
import type { Change, Rollouts } from "#core/rollout";
import type { Secrets } from "#core/secrets";
import { credentialChange } from "./credential-change.ts";
import { newCredential, publicKeyOf, type Exchanged, type KeyAlgorithm } from "./credential-make.ts";
import type { CredentialPayload } from "./credential-payload.ts";
import type { Inventory } from "./inventory.ts";
import { targetOf } from "./planning.ts";
import { devicesAt, pinAll, pinsOf, platformsUsing } from "./store-credentials.ts";
import { systemOf, type DeviceRow } from "./store.ts";

export interface RotationWish {
  /** Name of a secret; all that the devices sign in with unless told. */
  secret?: string | undefined;
  selector?: string | undefined;
  /** Of new keys: RSA where an IOS has the secret, else Ed25519, unless told. */
  algorithm?: KeyAlgorithm | undefined;
  /** Another version although some devices do not have the newest one yet. */
  again: boolean;
  dryRun: boolean;
}

export interface CredentialRotations {
  /** @throws Problem `devices_selector_invalid`, `secrets_one_version`, `secrets_version_in_use`, `secrets_vault_*` */
  rotate(wish: RotationWish, asker: Asker): Promise<CredentialRotation>;
  /** Which version each device is signed in to with, by name. */
  list(query: { secret?: string | undefined; after?: string | undefined; limit: number }, caller: Permitted): Promise<DeviceSignIn[]>;
}

interface RotationDeps {
  db: Db;
  audit: Audit;
  clock: Clock;
  secrets: Secrets;
  rollouts: Pick<Rollouts, "held" | "proposePlan">;
  inventory: Pick<Inventory, "rows">;
}

type PlanProblem = Plan["problems"][number];

/** One secret and what is to become of it. */
interface Task {
  secret: string;
  newest: number;
  to: number;
  make: boolean;
  value: Exchanged;
  devices: { row: DeviceRow; from: number }[];
  unchanged: number;
}

const by = { actor: "system:devices", purpose: "exchange it on devices" };

export function createCredentialRotations(deps: RotationDeps): CredentialRotations {
  const { secrets, inventory } = deps;
  secrets.addVersionUse(async (tx, name, version) => (await devicesAt(tx, name, version)).map((device) => `device ${device}`));
  return {
    async rotate(wish, asker) {
      const rows = await inventory.rows({ selector: wish.selector, reach: reachOf(asker, "plans:write") });
      const chosen = rows.filter(({ credential }) => credential !== null && (wish.secret ?? credential) === credential);
      const tasks: Task[] = [];
      const problems: PlanProblem[] = [];
      for (const [secret = "", some] of Map.groupBy(chosen, (row) => row.credential ?? "")) {
        const task = await taskOf(deps, { secret, rows: some, wish }, problems);
        if (task) tasks.push(task);
      }
      const plan = wish.dryRun ? undefined : await carryOut(deps, { tasks, problems, wish }, asker);
      return { dryRun: wish.dryRun, items: tasks.flatMap(itemsOf), problems, ...(plan ? { plan } : {}) };
    },

    async list({ secret, after, limit }, caller) {
      const rows = await inventory.rows({ after, reach: reachOf(caller, "devices:read") });
      const some = rows.filter(({ credential }) => credential !== null && (secret ?? credential) === credential).slice(0, limit);
      const items: DeviceSignIn[] = [];
      for (const [name, users] of Map.groupBy(some, (row) => row.credential ?? "")) items.push(...(await signInsOf(deps, name, users)));
      return items.toSorted((a, b) => (a.deviceName < b.deviceName ? -1 : 1));
    },
  };
}

async function signInsOf({ db, secrets }: RotationDeps, secret: string, rows: DeviceRow[]): Promise<DeviceSignIn[]> {
  const base = rows.map((row) => ({ device: row.id, deviceName: row.name, secret }));
  if (isElsewhere(secret)) return base.map((one) => ({ ...one, current: true }));
  const newest = (await secrets.find(secret)).version;
  const pins = await pinsOf(
    db,
    secret,
    rows.map((row) => row.id),
  );
  return base.map((one) => ({ ...one, version: pins.get(one.device) ?? newest, current: (pins.get(one.device) ?? newest) === newest }));
}

/** A reference: whoever keeps it exchanges it. */
function isElsewhere(secret: string): boolean {
  return secret.startsWith("vault:");
}

const itemsOf = ({ secret, to, make, devices }: Task): CredentialRotation["items"] =>
  devices.map(({ row, from }) => ({ device: row.id, deviceName: row.name, secret, from, to, made: make }));

/** Undefined: nothing of this secret can be exchanged. What is in the way of a device goes to `problems`. */
async function taskOf(
  deps: RotationDeps,
  { secret, rows, wish }: { secret: string; rows: DeviceRow[]; wish: RotationWish },
  problems: PlanProblem[],
): Promise<Task | undefined> {
  const refuse = (row: DeviceRow, code: string, say: string): void =>
    void problems.push({ target: row.id, targetName: row.name, code, say });
  const value = isElsewhere(secret) ? undefined : await exchangedValue(deps, secret);
  if (value === undefined || "say" in value) {
    const say = value?.say ?? `${secret} is a reference: whoever keeps it in Vault exchanges it there`;
    for (const row of rows) refuse(row, "devices_credential_kind", say);
    return undefined;
  }
  const newest = value.version;
  const pins = await pinsOf(
    deps.db,
    secret,
    rows.map((row) => row.id),
  );
  const make = wish.again || (await noneBehind(deps, secret, newest));
  const held = await deps.rollouts.held(rows.map((row) => row.id));
  const devices: Task["devices"] = [];
  let unchanged = 0;
  for (const row of rows) {
    const from = pins.get(row.id) ?? newest;
    const rollout = held.get(row.id);
    if (row.platform === "jump_host") refuse(row, "devices_jump_host", "is a jump host: its credential is exchanged on it by hand");
    else if (row.platform === "frr" && value.exchanged.kind === "password")
      refuse(
        row,
        "devices_credential_kind",
        "the password of an account on an FRR host is changed there; give the account an SSH key instead",
      );
    else if (rollout !== undefined) refuse(row, "rollouts_target_busy", `rollout ${rollout} holds it`);
    else if (!make && from === newest) unchanged += 1;
    else devices.push({ row, from });
  }
  return { secret, newest, to: make ? newest + 1 : newest, make, value: value.exchanged, devices, unchanged };
}

async function exchangedValue(
  { secrets }: RotationDeps,
  name: string,
): Promise<{ version: number; exchanged: Exchanged } | { say: string }> {
  const { version } = await secrets.find(name);
  const value = await secrets.reveal(name, { ...by, version });
  if (value.kind === "password" || value.kind === "ssh_key") return { version, exchanged: value };
  if (value.kind === "ssh_ca")
    return { say: `${name} signs in with certificates that live minutes: there is nothing to exchange on the device` };
  return { say: `${name} is for Git, not for devices` };
}

/** Whether every device that uses the secret, seen by the asker or not, has its newest version. */
async function noneBehind({ db }: RotationDeps, secret: string, newest: number): Promise<boolean> {
  for (let version = Math.max(1, newest - 10); version < newest; version++)
    if ((await devicesAt(db, secret, version)).length > 0) return false;
  return true;
}

async function carryOut(
  deps: RotationDeps,
  { tasks, problems, wish }: { tasks: Task[]; problems: PlanProblem[]; wish: RotationWish },
  asker: Asker,
): Promise<Plan | undefined> {
  const moving = tasks.filter((task) => task.devices.length > 0);
  if (moving.length === 0) return undefined;
  const made = new Map<string, Exchanged>();
  for (const { secret, make, value } of moving)
    if (make) made.set(secret, await newCredential(value, wish.algorithm ?? (await algorithmFor(deps.db, secret))));
  const changes: Change<CredentialPayload>[] = [];
  for (const task of moving) changes.push(...(await changesOf(deps, task, made.get(task.secret) ?? task.value)));
  const names = moving.map((task) => task.secret);
  const title = `Exchange ${names.length === 1 ? names[0] : `${names.length} secrets`} on ${changes.length} device${changes.length === 1 ? "" : "s"}`;
  const unchanged = tasks.reduce((sum, task) => sum + task.unchanged, 0);
  const plan = { origin: `credential:${names.join(",").slice(0, 200)}`, title, createdBy: asker.actor, changes, unchanged, problems };
  return inTransaction(deps.db, async (tx) => {
    for (const task of moving) await keep(deps, tx, { task, value: made.get(task.secret) }, asker);
    return deps.rollouts.proposePlan(tx, plan, asker);
  });
}

async function algorithmFor(db: Db, secret: string): Promise<KeyAlgorithm> {
  return (await platformsUsing(db, secret)).has("ios") ? "rsa" : "ed25519";
}

/** The new version is there, and every device that uses the secret stays with the one that it has. */
async function keep(
  deps: RotationDeps,
  tx: Tx,
  { task, value }: { task: Task; value: Exchanged | undefined },
  asker: Asker,
): Promise<void> {
  const { secret, newest, to, devices } = task;
  const entry = entryBy(asker);
  if (value) {
    await deps.secrets.addVersion(tx, { name: secret, after: newest, value }, entry);
    await pinAll(tx, { secret, version: newest, at: new Date(deps.clock.now()) });
  }
  const facts = { before: { version: newest }, after: { version: to, made: value !== undefined, devices: devices.length } };
  await deps.audit.record(tx, { ...entry, action: "devices.credential.rotate", subject: `secret:${secret}`, ...facts });
}

async function changesOf(deps: RotationDeps, { secret, to, devices }: Task, value: Exchanged): Promise<Change<CredentialPayload>[]> {
  const old = new Map<number, Exchanged>();
  const changes: Change<CredentialPayload>[] = [];
  for (const { row, from } of devices) {
    const before = old.get(from) ?? (await valueAt(deps, secret, from));
    old.set(from, before);
    const keys =
      before.kind === "ssh_key" && value.kind === "ssh_key" ? { keys: { from: publicKeyOf(before), to: publicKeyOf(value) } } : {};
    changes.push(credentialChange(targetOf(row), { platform: systemOf(row), secret, username: value.username, from, to, ...keys }));
  }
  return changes;
}

async function valueAt({ secrets }: RotationDeps, name: string, version: number): Promise<Exchanged> {
  const value = await secrets.reveal(name, { ...by, version });
  if (value.kind === "password" || value.kind === "ssh_key") return value;
  throw new Problem("devices_credential_kind", { kind: "conflict", say: `Version ${version} of ${name} is no password and no SSH key.` });
}
